//! The one way in which a store may fail.

use std::error::Error;
use std::fmt;

use crate::error::{Fault, FaultKind, Refusal};

/// A store failed. It says nothing about the client, and the client is told nothing of it.
///
/// The source is kept for the operator: it goes to events and the log, never to the wire.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreErrorKind {
    Unavailable,
    Corrupt,
}

impl StoreError {
    /// The store cannot be reached, is too slow, is full, or refuses for now. Answered as 503 with Retry-After.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Unavailable, source: source.into() }
    }

    /// What the store holds cannot be understood: it will not get better by trying again. Answered as 500.
    pub fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Corrupt, source: source.into() }
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind == StoreErrorKind::Unavailable
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            StoreErrorKind::Unavailable => f.write_str("the store is unavailable"),
            StoreErrorKind::Corrupt => f.write_str("the store holds what cannot be understood"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// A store's failure is always ours: there is no other conversion, so an outage is never a rejection.
impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let kind = if error.is_unavailable() { FaultKind::Unavailable } else { FaultKind::Internal };
        Self { kind, source: Box::new(error) }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
