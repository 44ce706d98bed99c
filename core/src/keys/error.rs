//! What can go wrong with signing keys.

use crate::entropy::EntropyError;
use crate::executor::ExecutorError;
use crate::host_keys::UnsealError;
use crate::jose::{SignatureError, SigningAlgorithm};
use crate::signer::SignerError;
use crate::store::StoreError;
use crate::types::{InvalidValue, KeyId};

/// Why the signing keys cannot be used. Only a store or a signer that is away may be waited for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the signing key `{0}` in the key store is damaged: its public half does not fit its kid or its algorithm"
    )]
    Corrupt(KeyId),
    #[error("the signing key `{kid}` cannot be unsealed: {source}")]
    Unseal { kid: KeyId, source: UnsealError },
    #[error("the signing key `{kid}` cannot be used: {source}")]
    Open { kid: KeyId, source: SignatureError },
    #[error("the signing key `{kid}` is held by the signer `{signer}`, which was not given: `.signer(…)`")]
    SignerMissing { kid: KeyId, signer: String },
    #[error(transparent)]
    Signer(#[from] SignerError),
    #[error("the signer `{0}` made a key that is not of the algorithm it was asked for")]
    SignerKey(String),
    #[error(transparent)]
    Generate(#[from] SignatureError),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    #[error("a new {0} key takes long to make: give the builder an `executor`, or use ES256")]
    NeedsExecutor(SigningAlgorithm),
    #[error("there is no signing key `{0}`")]
    Unknown(KeyId),
    #[error("the signing key `{0}` is in the key store already")]
    Exists(KeyId),
    #[error(
        "the key set in the store is not what came after the one that was read before: it was lost or restored. New tokens are signed \
         by the keys that it has now, and those of before stay published here until this process ends"
    )]
    WentBack,
    #[error("the key store has lost its keys; those that were read before stay in use")]
    Gone,
    #[error("the key store let none of {0} attempts to write win")]
    Lost(usize),
}

impl KeyError {
    pub(crate) fn is_outage(&self) -> bool {
        let store_is_away = matches!(self, Self::Store(error) if error.is_unavailable());
        store_is_away || matches!(self, Self::Signer(error) if error.is_unavailable())
    }
}
