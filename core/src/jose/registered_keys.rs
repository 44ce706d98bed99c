//! The keys that a client registers by itself (RFC 7591 §2, `jwks`).

use super::json::{Json, Members};
use super::{AssertionAlgorithm, PublicKey, key_rules};
use crate::types::InvalidValue;

const MAX_KEYS: usize = 50;

impl PublicKey {
    /// Reads a JWK Set of 1 to 50 public keys. Those for encryption are left out; each of the others has to be good (T36). An RSA
    /// key that names no `alg` is one for `rsa`.
    pub(crate) fn from_registered(
        set: &Members<'_>,
        rsa: AssertionAlgorithm,
    ) -> Result<Vec<Self>, InvalidValue> {
        let invalid = InvalidValue::new("jwks", "a JWK Set: an object with `keys`, 1 to 50 of them");
        let Some(Json::Array(keys)) = set.get("keys") else { return Err(invalid) };
        if !(1..=MAX_KEYS).contains(&keys.len()) {
            return Err(invalid);
        }
        let mut registered: Vec<Self> = Vec::new();
        for key in keys {
            let Json::Object(jwk) = key else { return Err(invalid) };
            if let Some(key) = Self::registered(jwk, rsa)? {
                let is_same = |other: &Self| {
                    let same_key = other.members() == key.members() && other.algorithm() == key.algorithm();
                    same_key || (key.kid().is_some() && other.kid() == key.kid())
                };
                if registered.iter().any(is_same) {
                    return Err(InvalidValue::new(
                        "jwks",
                        "a JWK Set in which no key and no kid comes twice",
                    ));
                }
                registered.push(key);
            }
        }
        if registered.is_empty() {
            return Err(InvalidValue::new("jwks", "of at least one key for signatures"));
        }
        Ok(registered)
    }

    fn registered(jwk: &Members<'_>, rsa: AssertionAlgorithm) -> Result<Option<Self>, InvalidValue> {
        if jwk.text("use") == Ok(Some("enc")) && !key_rules::shows_private(jwk) {
            return Ok(None);
        }
        let unnamed_rsa = jwk.text("kty") == Ok(Some("RSA")) && jwk.get("alg").is_none();
        Self::from_members(jwk, unnamed_rsa.then_some(rsa))?.usable().map(Some)
    }
}
