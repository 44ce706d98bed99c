//! A new key pair for a client: ES256, the private key as PKCS#8 PEM, which every crypto library reads.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use grantor::PublicKey;
use grantor::store::Credential;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::signing_key::system_random;
use crate::failure::Failure;

/// A private key, and the public JWK that the server is given.
pub(crate) struct MadeKey {
    pub(crate) pem: Zeroizing<String>,
    pub(crate) public: Map<String, Value>,
    pub(crate) credential: Credential,
}

impl MadeKey {
    /// A new one, named by its RFC 7638 thumbprint.
    pub(crate) fn generate() -> Result<Self, Failure> {
        let failed = |why: &dyn std::fmt::Display| Failure::Runtime(format!("no key could be made: {why}"));
        let (scheme, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, system_random());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).map_err(|error| failed(&error))?;
        let pair =
            EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).map_err(|error| failed(&error))?;
        // An uncompressed point: 04 ‖ x ‖ y.
        let (_, coordinates) =
            pair.public_key().as_ref().split_at_checked(1).ok_or_else(|| failed(&"no point"))?;
        let (x, y) = coordinates.split_at_checked(32).ok_or_else(|| failed(&"no point"))?;
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        let mut jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256" });
        let thumbprint = PublicKey::from_jwk(&jwk.to_string()).map_err(|error| failed(&error))?.thumbprint();
        let public = jwk.as_object_mut().map(std::mem::take).unwrap_or_default();
        Self::named(public, thumbprint, pem(pkcs8.as_ref())).map_err(|error| failed(&error))
    }

    fn named(
        mut public: Map<String, Value>,
        kid: String,
        pem: Zeroizing<String>,
    ) -> Result<Self, grantor::InvalidValue> {
        public.insert("kid".to_owned(), kid.into());
        let key = PublicKey::from_jwk(&Value::Object(public.clone()).to_string())?;
        Ok(Self { pem, public, credential: Credential::key(key)? })
    }
}

/// RFC 7468 §10.
fn pem(pkcs8: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(BASE64.encode(pkcs8));
    let mut pem = Zeroizing::new(String::with_capacity(text.len() + 80));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
