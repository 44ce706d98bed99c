//! Scope (RFC 6749 §3.3).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::InvalidValue;

const MAX_TOKENS: usize = 128;
const MAX_BYTES: usize = 4096;

/// A list of scope tokens (RFC 6749 §3.3): case-sensitive, without repeats, in the order in which they came.
///
/// Order means nothing to the rules. At most 128 tokens and 4096 bytes, so that a token stays fit for a header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Arc<str>);

impl Scope {
    /// No scope at all.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// Reads the wire form: `scope-token *( SP scope-token )`, each token of `%x21 / %x23-5B / %x5D-7E`.
    /// A repeated token counts once. The empty text is [`Scope::empty`].
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for another character, a leading, trailing or doubled space, or past the limits.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text.is_empty() {
            return Ok(Self::empty());
        }
        if text.len() > MAX_BYTES {
            return Err(InvalidValue::new("scope", "at most 4096 bytes"));
        }
        // The usual one: there is nothing to take apart.
        if is_scope_token(text) {
            return Ok(Self(text.into()));
        }
        Self::collect(text.split(' '))
    }

    /// From single tokens.
    ///
    /// # Errors
    ///
    /// As [`Scope::parse`]; also for a token that is empty or holds a space.
    pub fn from_tokens<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidValue> {
        Self::collect(tokens)
    }

    fn collect<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidValue> {
        let mut seen: Vec<&str> = Vec::new();
        for token in tokens {
            if !is_scope_token(token) {
                return Err(InvalidValue::new(
                    "scope",
                    "tokens of %x21 / %x23-5B / %x5D-7E, one space apart",
                ));
            }
            if seen.contains(&token) {
                continue;
            }
            if seen.len() == MAX_TOKENS {
                return Err(InvalidValue::new("scope", "at most 128 tokens"));
            }
            seen.push(token);
        }
        let text = seen.join(" ");
        if text.len() > MAX_BYTES {
            return Err(InvalidValue::new("scope", "at most 4096 bytes"));
        }
        Ok(Self(text.into()))
    }

    /// The tokens, in order.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `token` is one of the tokens.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        !token.is_empty() && self.0.as_bytes().split(|byte| *byte == b' ').any(|own| own == token.as_bytes())
    }

    /// Whether every token is also in `other`.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0 == other.0 || self.tokens().all(|token| other.contains(token))
    }

    /// The tokens that are also in `other`, in the order of this one.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        if self.is_within(other) {
            return self.clone();
        }
        let shared: Vec<&str> = self.tokens().filter(|token| other.contains(token)).collect();
        Self(shared.join(" ").into())
    }

    /// The wire form. Empty for [`Scope::empty`].
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_scope_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl TryFrom<String> for Scope {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.as_str().to_owned()
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({:?})", self.as_str())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_3_grammar() {
        for good in ["read", "read write", "https://api.example.com/.default", "!#[]~"] {
            assert_eq!(Scope::parse(good).expect(good).as_str(), good);
        }
        for bad in [" ", " read", "read ", "read  write", "re\"ad", "re\\ad", "a\tb", "a\0", "é", "a\u{7f}"]
        {
            assert!(Scope::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn s3_3_order_and_repeats_mean_nothing_and_case_does() {
        let scope = Scope::parse("a b a").expect("scope");
        assert_eq!(scope.as_str(), "a b");
        assert!(Scope::parse("b a").expect("scope").is_within(&scope));
        assert!(!Scope::parse("A").expect("scope").is_within(&scope));
        assert_eq!(Scope::parse("c b").expect("scope").intersect(&scope).as_str(), "b");
    }

    #[test]
    fn s3_3_a_part_of_a_token_is_no_token() {
        let scope = Scope::parse("read write").expect("scope");
        for part in ["r", "rea", "ead", "read write", "reads", "d w", " ", ""] {
            assert!(!scope.contains(part), "{part:?}");
        }
        assert!(scope.contains("read") && scope.contains("write"));
        assert!(!Scope::parse("r").expect("scope").is_within(&scope));
        assert!(!Scope::empty().contains(""));
    }

    #[test]
    fn t54_bounded() {
        let many: Vec<String> = (0..129).map(|n| n.to_string()).collect();
        assert!(Scope::parse(&many.join(" ")).is_err());
        assert!(Scope::parse(&"x".repeat(4097)).is_err());
        assert!(Scope::parse(&"x ".repeat(20_000)).is_err());
    }
}
