//! A resource indicator (RFC 8707 §2).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::InvalidValue;

/// A resource indicator: an absolute URI without fragment (RFC 8707 §2), compared byte for byte as it is given.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceUri(Arc<str>);

impl ResourceUri {
    /// Takes the URI as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless it is an absolute URI without fragment, of at most 1024 bytes.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, InvalidValue> {
        let text: Arc<str> = text.into();
        if text.len() <= 1024 && is_absolute_uri(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidValue::new("resource", "an absolute URI without fragment, of at most 1024 bytes"))
        }
    }

    /// The URI as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 3986 §4.3: `scheme ":" hier-part [ "?" query ]`, so no `#`; characters of §2.2 and §2.3, escapes well-formed.
pub(super) fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    let scheme_ok = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    scheme_ok && !rest.is_empty() && uri_characters(rest.as_bytes())
}

fn uri_characters(mut text: &[u8]) -> bool {
    while let Some((first, rest)) = text.split_first() {
        text = match first {
            b'%' => match rest {
                [high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => tail,
                _ => return false,
            },
            b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'[' | b']' | b'@' | b'!' | b'$' | b'&'
            | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => rest,
            byte if byte.is_ascii_alphanumeric() => rest,
            _ => return false,
        };
    }
    true
}

impl TryFrom<String> for ResourceUri {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<ResourceUri> for String {
    fn from(uri: ResourceUri) -> String {
        uri.as_str().to_owned()
    }
}

impl fmt::Debug for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceUri({:?})", self.as_str())
    }
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8707_s2_absolute_uri_without_fragment() {
        for good in [
            "https://api.example.com",
            "https://a.example/b?c=d",
            "urn:example:api",
            "api://x",
            "http://[::1]/",
        ] {
            assert!(ResourceUri::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api",
            "/api",
            "https:",
            "https://a#b",
            "https://a b",
            "1x:y",
            "https://a/%zz",
            "https://é",
            "a:\0",
        ] {
            assert!(ResourceUri::new(bad).is_err(), "{bad:?}");
        }
    }
}
