//! What can go wrong in administering clients.

use crate::entropy::EntropyError;
use crate::host_keys::SealSecretError;
use crate::store::{AuthMethod, StoreError};
use crate::types::{ClientId, ClientSecret, InvalidValue};

/// Why a client could not be read or changed. Unless it says otherwise nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientsError {
    /// There is no such client.
    #[error("there is no client `{0}`")]
    Unknown(ClientId),
    /// There is a client of this id.
    #[error("there is a client `{0}` already")]
    Exists(ClientId),
    /// There is a trusted issuer of this name, and a client is the issuer of its own assertions.
    #[error("`{0}` is the name of a trusted issuer, and a client is its own issuer")]
    IsTrustedIssuer(ClientId),
    /// The client does not authenticate with a secret.
    #[error("`{id}` authenticates by {} and has no secret", method.as_str())]
    NoSecret {
        /// The client.
        id: ClientId,
        /// Its method.
        method: AuthMethod,
    },
    /// The client did not register itself, so it has no registration access token.
    #[error("`{0}` did not register itself, and has no registration access token")]
    NotRegistered(ClientId),
    /// The record would break a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// Others change the client all the time.
    #[error("somebody else changes `{0}` all the time: nothing was changed, try again")]
    Busy(ClientId),
    /// There is no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The store could not be read.
    #[error("the clients cannot be read: {0}")]
    Store(#[from] StoreError),
    /// The store failed in the change: it was made, or it was not.
    #[error("it may not have been changed: {source}")]
    Unconfirmed {
        /// The secret that the client has now, if it was made and a secret was part of it.
        secret: Option<Box<ClientSecret>>,
        /// What failed.
        source: StoreError,
    },
}

impl From<SealSecretError> for ClientsError {
    fn from(error: SealSecretError) -> Self {
        match error {
            SealSecretError::Invalid(rule) => Self::Invalid(rule),
            SealSecretError::Entropy(error) => Self::Entropy(error),
        }
    }
}
