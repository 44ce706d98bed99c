//! Public keys as JWK (RFC 7517) and their names (RFC 7638).

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

/// The members that make up a public key of one kind, and no other (RFC 7638 §3.2).
///
/// A type that cannot hold a private member: what is published is made from it (T65).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicMembers {
    Ec { crv: &'static str, x: String, y: String },
    Okp { crv: &'static str, x: String },
    Rsa { n: String, e: String },
}

impl PublicMembers {
    /// From an uncompressed point: `04 ‖ x ‖ y`.
    pub(crate) fn ec(crv: &'static str, point: &[u8]) -> Option<Self> {
        let coordinates = point.strip_prefix(&[4])?;
        let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
        Some(Self::Ec { crv, x: BASE64URL_NOPAD.encode(x), y: BASE64URL_NOPAD.encode(y) })
    }

    pub(crate) fn ed25519(point: &[u8]) -> Self {
        Self::Okp { crv: "Ed25519", x: BASE64URL_NOPAD.encode(point) }
    }

    /// From numbers without zeros in front (RFC 7518 §2).
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Self {
        Self::Rsa { n: BASE64URL_NOPAD.encode(n), e: BASE64URL_NOPAD.encode(e) }
    }

    /// The point, without the byte that tells its form, or the modulus: what names the key, as it stands in a
    /// certificate too.
    pub(super) fn key_bytes(&self) -> Vec<u8> {
        let parts = match self {
            Self::Ec { x, y, .. } => vec![x, y],
            Self::Okp { x, .. } => vec![x],
            Self::Rsa { n, .. } => vec![n],
        };
        let decode = |part: &String| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap_or_default();
        parts.into_iter().flat_map(decode).collect()
    }

    /// The members in the order of RFC 7638 §3.3.
    fn ordered(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Ec { crv, x, y } => vec![("crv", *crv), ("kty", "EC"), ("x", x), ("y", y)],
            Self::Okp { crv, x } => vec![("crv", *crv), ("kty", "OKP"), ("x", x)],
            Self::Rsa { n, e } => vec![("e", e), ("kty", "RSA"), ("n", n)],
        }
    }

    /// As the members of a JWK.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.ordered().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// From the members of a JWK, of which those that are not of its kind are left behind.
    pub(crate) fn from_json(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name)?.as_str();
        let owned = |name| text(name).map(str::to_owned);
        match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => Some(Self::Ec { crv: "P-256", x: owned("x")?, y: owned("y")? }),
            ("EC", Some("P-384")) => Some(Self::Ec { crv: "P-384", x: owned("x")?, y: owned("y")? }),
            ("OKP", Some("Ed25519")) => Some(Self::Okp { crv: "Ed25519", x: owned("x")? }),
            ("RSA", _) => Some(Self::Rsa { n: owned("n")?, e: owned("e")? }),
            _ => None,
        }
    }
}

/// The RFC 7638 thumbprint (SHA-256, base64url): the `kid` of a key of this server.
pub(crate) fn thumbprint(key: &PublicMembers) -> String {
    let members: Vec<String> =
        key.ordered().into_iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    let json = format!("{{{}}}", members.join(","));
    BASE64URL_NOPAD.encode(digest(&SHA256, json.as_bytes()).as_ref())
}

/// The key as it stands in the published set (RFC 7517 §4).
pub(crate) fn published(key: &PublicMembers, kid: &str, alg: &str) -> Value {
    let mut members = key.ordered();
    members.extend([("use", "sig"), ("alg", alg), ("kid", kid)]);
    // The same bytes from every build: whether a map keeps an order of its own is a feature of serde_json's, which other
    // crates switch on.
    members.sort_unstable();
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7638_s3_1_example() {
        let key: Map<String, Value> = serde_json::from_str(include_str!("rfc7638-s3.1.json")).expect("json");
        let key = PublicMembers::from_json(&key).expect("RSA");
        assert_eq!(thumbprint(&key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn t65_nothing_private_can_be_published() {
        let key = serde_json::json!({"kty":"EC","crv":"P-256","x":"AA","y":"BB","d":"CC","k":"DD"});
        let key = PublicMembers::from_json(key.as_object().expect("object")).expect("EC");
        let jwk = published(&key, "kid", "ES256");
        assert!(jwk.get("d").is_none() && jwk.get("k").is_none());
        assert_eq!(jwk.as_object().expect("object").len(), 7);
    }
}
