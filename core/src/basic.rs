//! HTTP Basic for client secrets (RFC 6749 §2.3.1, RFC 7617).

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::error::Reason;
use crate::form;

/// Client id and secret out of an `Authorization` header, not yet checked.
pub(crate) struct BasicCredentials {
    pub(crate) client_id: Zeroizing<String>,
    /// `None` where it cannot be form-decoded.
    pub(crate) secret: Option<Zeroizing<String>>,
    /// The secret as it came, where form-decoding changes it.
    pub(crate) raw_secret: Option<Zeroizing<String>>,
}

impl BasicCredentials {
    /// Reads `Basic base64(urlencode(id) ":" urlencode(secret))`: split at the first colon, then decode each.
    pub(crate) fn parse(header: &[u8]) -> Result<Self, Reason> {
        let header = std::str::from_utf8(header).map_err(|_| Reason::AuthorizationMalformed)?;
        let (scheme, token) = header.split_once(' ').ok_or(Reason::AuthorizationMalformed)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Reason::AuthorizationScheme);
        }
        let token = token.trim_start_matches(' ').as_bytes();
        let bytes = Zeroizing::new(BASE64.decode(token).map_err(|_| Reason::AuthorizationMalformed)?);
        let pair = std::str::from_utf8(&bytes).map_err(|_| Reason::AuthorizationMalformed)?;
        let (id, raw) = pair.split_once(':').ok_or(Reason::AuthorizationMalformed)?;
        if raw.contains('\0') {
            return Err(Reason::AuthorizationMalformed);
        }
        let decode = |text| form::decode(text).ok().map(|text| Zeroizing::new(text.into_owned()));
        let client_id = decode(id).ok_or(Reason::AuthorizationMalformed)?;
        let secret = decode(raw);
        let is_changed = secret.as_deref().is_none_or(|secret| secret != raw);
        let raw_secret = is_changed.then(|| Zeroizing::new(raw.to_owned()));
        Ok(Self { client_id, secret, raw_secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pair: &str) -> Result<BasicCredentials, Reason> {
        BasicCredentials::parse(format!("Basic {}", BASE64.encode(pair.as_bytes())).as_bytes())
    }

    fn parse(pair: &str) -> Result<(String, String), Reason> {
        let credentials = read(pair)?;
        let secret = credentials.secret.ok_or(Reason::AuthorizationMalformed)?;
        Ok((credentials.client_id.to_string(), secret.to_string()))
    }

    #[test]
    fn the_secret_as_it_came_where_decoding_changes_it() {
        let raw = |pair: &str| read(pair).expect("Basic").raw_secret.map(|raw| raw.to_string());
        assert_eq!(raw("id:secret"), None);
        assert_eq!(raw("id:a+b").as_deref(), Some("a+b"));
        assert_eq!(raw("id:100%").as_deref(), Some("100%"), "cannot be decoded");
        assert!(read("id:100%").expect("Basic").secret.is_none());
        assert!(read("id:a\0b").is_err());
    }

    #[test]
    fn t45_split_at_the_first_colon_then_form_decoded() {
        let pair = |id: &str, secret: &str| Ok((id.to_owned(), secret.to_owned()));
        assert_eq!(parse("id:secret"), pair("id", "secret"));
        assert_eq!(parse("id:se:cret"), pair("id", "se:cret"));
        assert_eq!(parse("i%3Ad:s%25+%2B"), pair("i:d", "s% +"));
        let every: String = (0x20..0x7f_u8).map(|byte| format!("%{byte:02X}")).collect();
        let plain: String = (0x20..0x7f_u8).map(char::from).collect();
        assert_eq!(parse(&format!("{every}:{every}")), pair(&plain, &plain));
    }

    #[test]
    fn t45_broken_pairs_are_refused() {
        for bad in ["nocolon", "id:%zz", "%0:x", "id:%00", "id:a\0b", "%ff:x"] {
            assert_eq!(parse(bad), Err(Reason::AuthorizationMalformed), "{bad:?}");
        }
        for bad in ["Basic", "Basic !!!", "Basic aWQ6eA", "Basic aWQ6eA== x", "Basic aWQ6eB=="] {
            assert!(BasicCredentials::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(matches!(BasicCredentials::parse(b"Bearer x"), Err(Reason::AuthorizationScheme)));
        assert!(
            BasicCredentials::parse(b"bAsIc aWQ6eA==").is_ok(),
            "RFC 9110 §11.1: case-insensitive scheme"
        );
        assert!(BasicCredentials::parse(b"Basic \xff\xff").is_err());
    }
}
