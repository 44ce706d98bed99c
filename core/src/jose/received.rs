//! A JWS that somebody sent (RFC 7515 §5.2): taken apart strictly, believed in nothing yet.

use data_encoding::BASE64URL_NOPAD;

use super::json::{Json, Members, WrongType};
use super::{AssertionAlgorithm, Thumbprints};
use crate::error::Reason;

/// Larger ones are refused before anything is decoded (T33).
const MAX_BYTES: usize = 16 * 1024;
/// `kid`, `typ` and thumbprints beyond this select nothing.
const MAX_NAME_BYTES: usize = 256;

/// A JWS in compact form. Nothing of it is verified; the key and the algorithm come from the registration.
pub(crate) struct ReceivedJws<'a> {
    pub(crate) header: Header,
    /// What the signature is over.
    pub(crate) signing_input: &'a [u8],
    /// Payload and signature, one after the other.
    decoded: Vec<u8>,
    payload_end: usize,
}

/// The members of a header that mean something here. `jku`, `jwk`, `x5u` and `x5c` never do (T15 to T17).
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// `None` for one that this server does not know, whatever it is.
    pub(crate) alg: Option<AssertionAlgorithm>,
    pub(crate) typ: Option<String>,
    pub(crate) kid: Option<String>,
    /// Selects among registered certificates.
    pub(crate) certificate: Thumbprints,
}

/// The three parts of a compact JWS, before anything is decoded.
pub(crate) struct CompactJws<'a> {
    pub(crate) header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// What the signature is over.
    pub(crate) signing_input: &'a [u8],
}

impl<'a> CompactJws<'a> {
    /// Takes `header.payload.signature` apart. Larger ones are not looked at (T33).
    pub(crate) fn split(text: &'a str) -> Result<Self, Reason> {
        if text.len() > MAX_BYTES {
            return Err(Reason::JwtTooLarge);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(Reason::JwtMalformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Reason::JwtMalformed)?;
        Ok(Self { header, payload, signature, signing_input: signing_input.as_bytes() })
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>, Reason> {
        strict(self.payload)
    }

    pub(crate) fn signature(&self) -> Result<Vec<u8>, Reason> {
        strict(self.signature)
    }
}

fn strict(part: &str) -> Result<Vec<u8>, Reason> {
    let mut decoded = Vec::with_capacity(part.len() / 4 * 3 + 2);
    append_decoded(part, &mut decoded)?;
    Ok(decoded)
}

/// Base64url without padding, white space or stray bits (T08). A dot that is left over fails here too: it is no letter.
fn append_decoded(part: &str, decoded: &mut Vec<u8>) -> Result<(), Reason> {
    let start = decoded.len();
    let length = BASE64URL_NOPAD.decode_len(part.len()).map_err(|_| Reason::JwtMalformed)?;
    decoded.resize(start + length, 0);
    let space = decoded.get_mut(start..).ok_or(Reason::JwtMalformed)?;
    BASE64URL_NOPAD.decode_mut(part.as_bytes(), space).map_err(|_| Reason::JwtMalformed)?;
    Ok(())
}

impl<'a> ReceivedJws<'a> {
    /// Takes `header.payload.signature` apart: base64url without padding, white space or stray bits, and no other
    /// serialization (T08, T24). Five parts, a JWE, are not looked into (T30).
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let jws = CompactJws::split(text)?;
        // One allocation for all three parts.
        let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
        append_decoded(jws.header, &mut decoded)?;
        let header = Header::parse(&decoded)?;
        decoded.clear();
        append_decoded(jws.payload, &mut decoded)?;
        let payload_end = decoded.len();
        append_decoded(jws.signature, &mut decoded)?;
        Ok(Self { header, signing_input: jws.signing_input, decoded, payload_end })
    }

    /// The decoded payload.
    pub(crate) fn payload(&self) -> &[u8] {
        self.decoded.get(..self.payload_end).unwrap_or_default()
    }

    /// The decoded signature.
    pub(crate) fn signature(&self) -> &[u8] {
        self.decoded.get(self.payload_end..).unwrap_or_default()
    }
}

impl std::fmt::Debug for ReceivedJws<'_> {
    /// Without payload and signature: together they are a credential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceivedJws").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Reason> {
        let members = Members::parse(bytes).ok_or(Reason::JwtMalformed)?;
        // RFC 7515 §4.1.11: no extension is understood here, so whatever `crit` says it is refused, empty too (T22).
        if members.get("crit").is_some() {
            return Err(Reason::JwtCritical);
        }
        // RFC 7797 §7: a JWT is always encoded (T23).
        if !matches!(members.get("b64"), None | Some(Json::Bool(true))) {
            return Err(Reason::JwtCritical);
        }
        let text = |name| match members.text(name) {
            Ok(Some(text)) if text.len() > MAX_NAME_BYTES => Err(Reason::JwtMalformed),
            Ok(text) => Ok(text.map(str::to_owned)),
            Err(WrongType) => Err(Reason::JwtMalformed),
        };
        let thumbprint = |name| text(name).map(|text| text.map(|text| text.trim_end_matches('=').to_owned()));
        let certificate = Thumbprints { sha1: thumbprint("x5t")?, sha256: thumbprint("x5t#S256")? };
        let alg = members.text("alg").ok().flatten().ok_or(Reason::JwtMalformed)?;
        let alg = AssertionAlgorithm::from_name(alg);
        Ok(Self { alg, typ: text("typ")?, kid: text("kid")?, certificate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jws(header: &str) -> String {
        format!("{}.e30.AA", BASE64URL_NOPAD.encode(header.as_bytes()))
    }

    fn reason(text: &str) -> Option<Reason> {
        ReceivedJws::parse(text).err()
    }

    #[test]
    fn t08_t24_t30_only_the_strict_compact_form() {
        let good = jws(r#"{"alg":"ES256"}"#);
        assert_eq!(reason(&good), None);
        for bad in [
            String::new(),
            "..".to_owned(),
            format!("{good}="),
            format!("{good}\n"),
            format!(" {good}"),
            format!("{good}.AA"),
            format!("{good}.AA.AA"),
            good.replace("AA", "AB"),
            good.replace('.', ""),
            good.replace("e30", "e3+0"),
            r#"{"payload":"e30","signatures":[]}"#.to_owned(),
        ] {
            assert_eq!(reason(&bad), Some(Reason::JwtMalformed), "{bad:?}");
        }
        assert_eq!(reason(&"a".repeat(MAX_BYTES + 1)), Some(Reason::JwtTooLarge));
    }

    #[test]
    fn t22_t23_crit_and_b64_are_refused() {
        for bad in [
            r#""crit":["exp"]"#,
            r#""crit":[]"#,
            r#""crit":"x""#,
            r#""crit":null"#,
            r#""b64":false"#,
            r#""b64":0"#,
        ] {
            assert_eq!(
                reason(&jws(&format!(r#"{{"alg":"ES256",{bad}}}"#))),
                Some(Reason::JwtCritical),
                "{bad}"
            );
        }
        assert_eq!(reason(&jws(r#"{"alg":"ES256","b64":true}"#)), None);
    }

    #[test]
    fn t18_header_names_have_a_type_and_a_bound() {
        let long = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(257));
        for bad in [
            r#"{"kid":"x"}"#,
            r#"{"alg":1}"#,
            r#"{"alg":null}"#,
            r#"{"alg":"ES256","kid":7}"#,
            r#"{"alg":"ES256","typ":[]}"#,
            &long,
        ] {
            assert_eq!(reason(&jws(bad)), Some(Reason::JwtMalformed), "{bad}");
        }
    }

    #[test]
    fn t15_t16_t17_keys_in_the_header_select_nothing() {
        let header = r#"{"alg":"ES256","jwk":{"kty":"EC"},"jku":"http://a","x5u":"http://a","x5c":["AA"],"x5t":"AA=="}"#;
        let text = jws(header);
        let received = ReceivedJws::parse(&text).expect("parsed");
        assert_eq!(received.header.certificate.sha1.as_deref(), Some("AA"));
        assert_eq!(received.header.kid, None);
    }
}
