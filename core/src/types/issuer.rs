//! The issuer identifier (RFC 8414 §2).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::id::InvalidValue;
use super::resource::is_absolute_uri;

/// The issuer identifier (RFC 8414 §2): an https URL without query, fragment or user information.
///
/// It is compared byte for byte and every URL of this server is built from it, never from a `Host` header.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer {
    text: Arc<str>,
    path_at: usize,
}

impl Issuer {
    /// Takes the URL as it is. One slash at the end is kept: to a client it is part of the name.
    ///
    /// `http` is taken here for a loopback host only; the builder refuses it unless that was switched on.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for anything else.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, InvalidValue> {
        let text: Arc<str> = text.into();
        let rule = "an https URL of at most 512 bytes with a lower-case host and a path of `A-Z a-z 0-9 - . _ ~ /` without dot segments";
        let invalid = InvalidValue::new("issuer", rule);
        let (scheme, rest) = text.split_once("://").ok_or(invalid)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let scheme_ok = match scheme {
            "https" => true,
            "http" => is_loopback(host(authority)),
            _ => false,
        };
        let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'/');
        let dots = path.split('/').any(|part| part == "." || part == "..");
        let plain_path = path.bytes().all(letters) && !path.contains("//") && !dots;
        let ok =
            scheme_ok && text.len() <= 512 && is_authority(authority) && plain_path && is_absolute_uri(&text);
        if !ok {
            return Err(invalid);
        }
        let path_at = text.len() - path.len();
        Ok(Self { text, path_at })
    }

    /// The identifier as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path without a slash at its end; empty where there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default().trim_end_matches('/')
    }

    /// Whether it is plain http, which only a loopback host may be.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.text.starts_with("http://")
    }

    /// The URL of `path` under this issuer, where `path` begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text.trim_end_matches('/'))
    }
}

/// The authority without its port.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_authority(authority: &str) -> bool {
    let host = host(authority);
    let port_ok = authority.strip_prefix(host).is_some_and(|port| {
        port.is_empty() || port.trim_start_matches(':').parse::<u16>().is_ok_and(|n| n > 0)
    });
    let name_ok = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'));
    port_ok && (name_ok || bracketed(host).is_some())
}

fn bracketed(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || bracketed(host).is_some_and(|address| address.is_loopback())
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({:?})", self.as_str())
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8414_s2_https_without_query_or_fragment() {
        for good in [
            "https://a.example",
            "https://a.example/",
            "https://a.example:8443/t/1",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(Issuer::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "http://a.example",
            "https://",
            "https:///x",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://a/../b",
            "https://A.example",
            "https://a//b",
            "https://a:0",
            "https://a:99999",
            "https://a:",
            "https://a b",
            "ftp://a",
            "http://127.0.0.1.evil.example",
            "https://a/{x}",
            "https://a/:x",
            "https://a/*x",
            "https://a/%41",
            "https://a/b;c",
            "https://[::1",
        ] {
            assert!(Issuer::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn urls_are_built_from_the_issuer() {
        let issuer = Issuer::new("https://a.example/t/").expect("issuer");
        assert_eq!(issuer.as_str(), "https://a.example/t/");
        assert_eq!(issuer.path(), "/t");
        assert_eq!(issuer.url("/oauth2/token"), "https://a.example/t/oauth2/token");
        assert_eq!(Issuer::new("https://a.example").expect("issuer").path(), "");
    }
}
