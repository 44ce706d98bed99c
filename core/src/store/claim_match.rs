//! What a claim of a foreign issuer has to say.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::{InvalidValue, is_line};

/// What a claim has to say, compared byte for byte unless it says otherwise.
///
/// Text is compared with text, with `true` and `false`, and with whole numbers as they are written. A list or an object says
/// nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClaimMatch {
    /// Exactly this.
    Is(String),
    /// This, in upper or lower case of ASCII letters: for names that their platform does not tell apart by case.
    IsInAnyCase(String),
    /// Something that begins with this and goes on. It has to end with one of `/ : # | ;`, so that `repo:octo/` cannot
    /// mean `repo:octo-evil/` too.
    BeginsWith(String),
    /// Anything, as long as it is there.
    Any,
    /// A rule of a later release. Nothing fits it here.
    #[serde(untagged)]
    Unknown(Value),
}

const MAX_BYTES: usize = 1024;
const ENDS: [char; 5] = ['/', ':', '#', '|', ';'];

impl ClaimMatch {
    /// As people write it: `*` is [`ClaimMatch::Any`], a `*` at the end [`ClaimMatch::BeginsWith`], all else
    /// [`ClaimMatch::Is`].
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for a `*` elsewhere, and for what the rules above exclude.
    pub fn from_pattern(pattern: &str) -> Result<Self, InvalidValue> {
        let rule = match pattern.strip_suffix('*') {
            Some("") => Self::Any,
            Some(beginning) => Self::BeginsWith(beginning.to_owned()),
            None => Self::Is(pattern.to_owned()),
        };
        if pattern.strip_suffix('*').unwrap_or(pattern).contains('*') {
            return Err(InvalidValue::new("a pattern", "text with one `*` at most, at its end"));
        }
        rule.checked()
    }

    /// Itself, if it can be a rule.
    pub(super) fn checked(self) -> Result<Self, InvalidValue> {
        let text_ok = |text: &str| !text.is_empty() && is_line(text, MAX_BYTES);
        let (holds, rule) = match &self {
            Self::Is(text) | Self::IsInAnyCase(text) => {
                (text_ok(text), "1 to 1024 bytes without control characters")
            }
            Self::BeginsWith(text) => (
                text_ok(text) && text.ends_with(ENDS),
                "1 to 1024 bytes without control characters, and its beginning ends with one of / : # | ;",
            ),
            Self::Any | Self::Unknown(_) => (true, ""),
        };
        if holds { Ok(self) } else { Err(InvalidValue::new("what a claim has to say", rule)) }
    }

    /// Whether it tells workloads of a platform from others. A beginning does from three parts on, as `system:serviceaccount:payments:`
    /// and `repo:octo/cat:` have them: with fewer it is all of a platform, a cluster or an organisation.
    pub(super) fn pins(&self) -> bool {
        match self {
            Self::Is(_) | Self::IsInAnyCase(_) => true,
            Self::BeginsWith(text) => text.split(ENDS).filter(|part| !part.is_empty()).count() > 2,
            Self::Any | Self::Unknown(_) => false,
        }
    }

    /// Whether `said` is that.
    #[must_use]
    pub fn fits(&self, said: &str) -> bool {
        match self {
            Self::Is(text) => said == text,
            Self::IsInAnyCase(text) => said.eq_ignore_ascii_case(text),
            Self::BeginsWith(text) => said.len() > text.len() && said.starts_with(text.as_str()),
            Self::Any => true,
            Self::Unknown(_) => false,
        }
    }
}

impl fmt::Display for ClaimMatch {
    /// As [`ClaimMatch::from_pattern`] reads it; a rule in any case as its text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(text) | Self::IsInAnyCase(text) => f.write_str(text),
            Self::BeginsWith(text) => write!(f, "{text}*"),
            Self::Any => f.write_str("*"),
            Self::Unknown(_) => f.write_str("(a rule of a later release)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_ends_where_a_name_does() {
        for bad in ["repo:octo*", "admin@*", "a*b", "*x", "**", "a:**", "", "a\n"] {
            assert!(ClaimMatch::from_pattern(bad).is_err(), "{bad:?}");
        }
        let octo = ClaimMatch::from_pattern("repo:octo/*").unwrap();
        assert!(octo.fits("repo:octo/cat"));
        for other in ["repo:octo/", "repo:octo", "repo:octo-evil/cat", "Repo:octo/cat", "x repo:octo/cat"] {
            assert!(!octo.fits(other), "{other}");
        }
    }

    #[test]
    fn case_and_text_are_as_they_were_given() {
        assert!(!ClaimMatch::Is("Prod".to_owned()).fits("prod"));
        assert!(ClaimMatch::IsInAnyCase("Prod".to_owned()).fits("pROD"));
        assert!(ClaimMatch::from_pattern("*").unwrap().fits(""));
        let newer: ClaimMatch = serde_json::from_str(r#"{"matches":"^a"}"#).unwrap();
        assert!(!newer.fits("a"), "nothing fits what this release does not know");
        assert_eq!(serde_json::to_string(&newer).unwrap(), r#"{"matches":"^a"}"#, "and it is kept");
        for pattern in ["*", "a:*", "a"] {
            let rule = ClaimMatch::from_pattern(pattern).unwrap();
            assert_eq!(rule.to_string(), pattern);
            let text = serde_json::to_string(&rule).unwrap();
            assert_eq!(serde_json::from_str::<ClaimMatch>(&text).unwrap(), rule);
        }
    }
}
