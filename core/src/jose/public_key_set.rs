//! A key set that somebody publishes (RFC 7517 §5): what can be used of it.

use super::json::{Json, Members};
use super::public_key::MAX_SET_BYTES;
use super::{AssertionAlgorithm, PublicKey, Thumbprints, key_rules};
use crate::types::InvalidValue;

const MAX_KEYS: usize = 50;

/// The keys of a client or of another issuer, as they were fetched.
///
/// Keys that mean nothing here are left out, as RFC 7517 §5 asks: those of other kinds and for encryption, and weak ones.
#[derive(Clone, Debug, Default)]
pub struct PublicKeySet(Vec<PublicKey>);

impl PublicKeySet {
    /// Reads a published JWK Set of at most 50 keys. An RSA key that names no `alg` is one for RS256.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for more keys, for anything that is no JWK Set, and for a set that shows a private member or a
    /// symmetric key: whoever publishes that has lost it (T36).
    pub fn from_published(json: &[u8]) -> Result<Self, InvalidValue> {
        let invalid = InvalidValue::new(
            "a published JWK Set",
            "an object with `keys`: at most 50 public keys, none private or symmetric",
        );
        let set = Some(json).filter(|json| json.len() <= MAX_SET_BYTES).and_then(Members::parse);
        let set = set.ok_or(invalid)?;
        let Some(Json::Array(keys)) = set.get("keys") else { return Err(invalid) };
        if keys.len() > MAX_KEYS {
            return Err(invalid);
        }
        let mut usable = Vec::new();
        for key in keys {
            let Json::Object(jwk) = key else { return Err(invalid) };
            if key_rules::shows_private(jwk) || jwk.text("kty") == Ok(Some("oct")) {
                return Err(invalid);
            }
            usable.extend(PublicKey::from_published(jwk));
        }
        Ok(Self(usable))
    }

    /// The keys that can have made a signature of `alg` under this `kid` and certificate thumbprint.
    pub(crate) fn candidates<'a>(
        &'a self,
        alg: AssertionAlgorithm,
        kid: Option<&'a str>,
        certificate: &'a Thumbprints,
    ) -> impl Iterator<Item = &'a PublicKey> {
        self.0.iter().filter(move |key| key.algorithm() == alg && key.is_named(kid, certificate))
    }

    /// How many keys there are that can be used.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
