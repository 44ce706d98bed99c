//! The signer port: signing keys whose private half never enters this process.

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::jose::{PublicKey, SigningAlgorithm};

/// Makes signing keys and signs with them somewhere else: a KMS, an HSM, another process.
///
/// With one, every new key is made there, and rotation goes on by itself as it does with keys that are kept sealed in the
/// key store. Each token costs one call of [`Signer::sign`], so its latency is that of the token endpoint.
#[async_trait]
pub trait Signer: Debug + Send + Sync + 'static {
    /// What stored records call this signer, such as `aws-kms`: 1 to 64 characters, and the same for as long as a key of
    /// it is in the key store. A key that signs and is held by another one is refused
    /// at start.
    fn name(&self) -> &str;

    /// Makes a key for `algorithm`, usable when this returns.
    ///
    /// Called by [`AuthorizationServer::maintain`](crate::AuthorizationServer::maintain) and at start, by any number of
    /// processes. One whose key lost the race deletes it again; one that dies between this and the store leaves a key
    /// that no record names, so mark what you make.
    ///
    /// # Errors
    ///
    /// [`SignerError`]; also for an algorithm that it does not know.
    async fn create(&self, algorithm: SigningAlgorithm) -> Result<SignerKey, SignerError>;

    /// Signs `message`, which is public and not yet hashed, with the key that [`Signer::create`] called `key`, and with
    /// `algorithm`, the one that it was made for.
    ///
    /// Gives the signature as JWS has it (RFC 7518 §3, RFC 8037 §3.1): for ECDSA r and s, each as long as the field, not
    /// DER ([`SigningAlgorithm::signature_from_der`]). Core verifies it before anybody sees it.
    ///
    /// # Errors
    ///
    /// [`SignerError`]. One that is away makes the request a 503, anything else a 500.
    async fn sign(
        &self,
        key: &str,
        algorithm: SigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SignerError>;

    /// Deletes the key: no token of it lives any more. Called again where the first call was not seen to succeed, so
    /// a key that is gone is no error.
    ///
    /// # Errors
    ///
    /// [`SignerError`]. The key stays in the key store, and maintenance calls again.
    async fn delete(&self, key: &str) -> Result<(), SignerError>;
}

/// A key that a [`Signer`] has made.
#[derive(Clone, Debug)]
pub struct SignerKey {
    key: String,
    public: PublicKey,
}

impl SignerKey {
    /// A key by its name there, such as the ARN of a KMS key, of 1 to 2048 bytes and no secret, and its public half:
    /// [`PublicKey::from_jwk_for`] or [`PublicKey::from_spki_der`].
    #[must_use]
    pub fn new(key: impl Into<String>, public: PublicKey) -> Self {
        Self { key: key.into(), public }
    }

    /// Its name there.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// A [`Signer`] failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// It is away or overloaded, and the same call may succeed later.
    #[error("the signer is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It will not do that, whoever asks again: no such key, no permission, an algorithm that it does not know.
    #[error("the signer refused: {0}")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
}

impl SignerError {
    /// It is away or overloaded.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }

    /// It will not do that.
    pub fn refused(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused(source.into())
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
