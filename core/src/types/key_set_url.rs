//! Where a key set is published (RFC 7591 §2, `jwks_uri`).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::InvalidValue;

/// A `jwks_uri`: an https URL of at most 2048 visible ASCII characters, without user information and fragment.
///
/// `http` is taken here and refused by the fetcher unless the host permits it for loopback. What the host name resolves
/// to is judged by the fetcher too, when it connects (T58).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeySetUrl(Arc<str>);

impl KeySetUrl {
    /// Takes the URL as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for anything else.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, InvalidValue> {
        let text: Arc<str> = text.into();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let authority = rest.and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&byte);
        let is_ok = text.len() <= 2048
            && !authority.is_empty()
            && !authority.contains('@')
            && text.bytes().all(plain);
        let rule =
            "an https URL of at most 2048 visible ASCII characters, without user information and fragment";
        if is_ok { Ok(Self(text)) } else { Err(InvalidValue::new("jwks_uri", rule)) }
    }

    /// The URL as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySetUrl({:?})", self.as_str())
    }
}

impl fmt::Display for KeySetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for KeySetUrl {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl From<KeySetUrl> for String {
    fn from(url: KeySetUrl) -> Self {
        url.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7591_s2_jwks_uri_is_a_url_of_a_host() {
        for good in [
            "https://a.example/jwks",
            "https://a.example:8443?x=1",
            "http://127.0.0.1:1/j",
            "https://[2001:db8::1]/",
        ] {
            assert!(KeySetUrl::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https:///x",
            "ftp://a/",
            "file:///etc/passwd",
            "gopher://a/",
            "HTTPS://a/",
            "https://u@a/",
            "https://u:p@a/",
            "https://a/#f",
            "https://a b/",
            "https://a\\@b/",
            "https://é.example/",
            "https://a/\n",
            "jwks.json",
            "//a/x",
        ] {
            assert!(KeySetUrl::new(bad).is_err(), "{bad:?}");
        }
    }
}
