//! What signs an assertion: a private key of one kind, or a secret.

use grantor::AssertionAlgorithm as Alg;
use ring::error::Unspecified;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding, RsaKeyPair};
use zeroize::Zeroizing;

pub(super) struct SigningKey {
    kind: Kind,
    kid: Option<String>,
    alg: Option<String>,
}

pub(super) enum Kind {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    Secret(Zeroizing<String>),
}

impl From<Kind> for SigningKey {
    fn from(kind: Kind) -> Self {
        Self { kind, kid: None, alg: None }
    }
}

impl SigningKey {
    /// The whole text is the key (OpenID Connect Core §10.1).
    pub(super) fn secret(text: &str) -> Self {
        Kind::Secret(Zeroizing::new(text.to_owned())).into()
    }

    /// What a JWK says of its key.
    pub(super) fn named(mut self, kid: Option<String>, alg: Option<String>) -> Self {
        (self.kid, self.alg) = (kid, alg);
        self
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithm that a JWK names.
    pub(super) fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// The length, where it is a secret.
    pub(super) fn secret_bytes(&self) -> Option<usize> {
        match &self.kind {
            Kind::Secret(secret) => Some(secret.len()),
            Kind::P256(_) | Kind::P384(_) | Kind::Ed25519(_) | Kind::Rsa(_) => None,
        }
    }

    /// The algorithms of its kind, the usual one first.
    pub(super) const fn algorithms(&self) -> &'static [Alg] {
        match &self.kind {
            Kind::P256(_) => &[Alg::Es256],
            Kind::P384(_) => &[Alg::Es384],
            Kind::Ed25519(_) => &[Alg::EdDsa],
            Kind::Rsa(_) => &[Alg::Rs256, Alg::Rs384, Alg::Rs512, Alg::Ps256, Alg::Ps384, Alg::Ps512],
            Kind::Secret(_) => &[Alg::Hs256, Alg::Hs384, Alg::Hs512],
        }
    }

    /// The signature over `message`, in the form of a JWS.
    pub(super) fn sign(&self, algorithm: Alg, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match &self.kind {
            Kind::P256(pair) | Kind::P384(pair) => {
                Ok(pair.sign(&system_random(), message)?.as_ref().to_vec())
            }
            Kind::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Kind::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(rsa(algorithm), &system_random(), message, &mut signature)?;
                Ok(signature)
            }
            Kind::Secret(secret) => {
                let hash = if algorithm == Alg::Hs512 {
                    hmac::HMAC_SHA512
                } else if algorithm == Alg::Hs384 {
                    hmac::HMAC_SHA384
                } else {
                    hmac::HMAC_SHA256
                };
                let key = hmac::Key::new(hash, secret.as_bytes());
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
        }
    }
}

fn rsa(algorithm: Alg) -> &'static dyn RsaEncoding {
    let known: [(Alg, &'static dyn RsaEncoding); 5] = [
        (Alg::Rs384, &signature::RSA_PKCS1_SHA384),
        (Alg::Rs512, &signature::RSA_PKCS1_SHA512),
        (Alg::Ps256, &signature::RSA_PSS_SHA256),
        (Alg::Ps384, &signature::RSA_PSS_SHA384),
        (Alg::Ps512, &signature::RSA_PSS_SHA512),
    ];
    let found = known.into_iter().find(|(name, _)| *name == algorithm);
    found.map_or(&signature::RSA_PKCS1_SHA256, |(_, encoding)| encoding)
}

/// ring's signature schemes take no other source. The one place that opens it.
#[allow(clippy::disallowed_methods)]
pub(super) fn system_random() -> SystemRandom {
    SystemRandom::new()
}
