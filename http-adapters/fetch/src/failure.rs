//! Why something could not be fetched. For the operator alone: whoever asked learns that it failed (T63).

use std::sync::Arc;

use grantor::{FetchError, InvalidValue};

/// Without the answer's bytes in it, and without what authenticates the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the URL is refused: {0}")]
    Url(&'static str),
    #[error("the network failed")]
    Network(#[source] reqwest::Error),
    #[error("it took longer than the deadline")]
    Deadline,
    #[error("the answer has status {0}, not 200")]
    Status(u16),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the answer is no JSON object of its kind")]
    NotJson,
    #[error("the key set is refused")]
    KeySet(#[source] InvalidValue),
    #[error("the metadata is of another issuer")]
    OtherIssuer,
    #[error("the metadata lacks a usable `{0}`")]
    Lacks(&'static str),
    #[error("the source failed, and is given a rest before it is asked again")]
    Resting(#[source] Arc<Failure>),
    #[error("the task that fetched it has ended before its time")]
    Ended,
}

impl Failure {
    /// Whether the source itself no longer vouches for what it published before: it says that it is gone for good, or it
    /// publishes a set that is refused, such as one with a private key, which by then is not private (T36, T61). Anything else may be an outage.
    pub(crate) const fn takes_back(&self) -> bool {
        matches!(self, Self::KeySet(_) | Self::Status(410))
    }
}

impl From<reqwest::Error> for Failure {
    /// The URL is told by whoever knows what it is for.
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::Deadline } else { Self::Network(error.without_url()) }
    }
}

impl From<Failure> for FetchError {
    fn from(failure: Failure) -> Self {
        Self::new(failure)
    }
}
