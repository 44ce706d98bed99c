//! The service account: a key pair in memory, and assertions signed with it.

use std::error::Error;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use grantor::{Clock, Entropy, SystemClock, SystemEntropy};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

pub(crate) struct ServiceAccount {
    id: &'static str,
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl ServiceAccount {
    pub(crate) fn new(id: &'static str) -> Result<Self, Box<dyn Error>> {
        #[allow(clippy::disallowed_methods)]
        // The operating system's randomness: this is the program, no library.
        let random = SystemRandom::new();
        let scheme = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).map_err(|_| "no key could be made")?;
        let key = EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random);
        Ok(Self { id, key: key.map_err(|_| "no key could be made")?, random })
    }

    pub(crate) const fn id(&self) -> &str {
        self.id
    }

    /// The public half, as RFC 7517 writes it.
    pub(crate) fn public_jwk(&self) -> Result<String, Box<dyn Error>> {
        // An uncompressed point: 04 ‖ x ‖ y.
        let point = self.key.public_key().as_ref();
        let (x, y) = point.get(1..).and_then(|point| point.split_at_checked(32)).ok_or("no point")?;
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        Ok(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#))
    }

    /// "I am `id`, and this is for `issuer`", good for one request within a minute (RFC 7523 §3).
    pub(crate) fn assertion(&self, issuer: &str) -> Result<String, Box<dyn Error>> {
        let mut jti = [0; 16];
        SystemEntropy::new().fill(&mut jti)?;
        let now = SystemClock::new().now().as_unix();
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": issuer, "iat": now, "exp": now + 60, "jti": HEXLOWER.encode(&jti),
        });
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(json!({ "alg": "ES256", "typ": "JWT" })), part(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).map_err(|_| "not signed")?;
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref())))
    }
}
