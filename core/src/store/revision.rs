//! Optimistic concurrency: one number a record.

use std::sync::Arc;

use crate::entropy::{Entropy, EntropyError};

/// The version of a record. An update names the revision that it read; the store then holds the next one.
///
/// Revisions stay below 2^53, so that any database and script language holds them exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// Nothing has been stored yet (see [`KeyStore::load`](super::KeyStore::load)).
    pub const ABSENT: Self = Self(0);

    /// The revision at which a new record begins: random, so that an id which was deleted and registered again
    /// does not come back to a revision that an older writer still holds.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if there is no randomness.
    pub fn first(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; 8];
        entropy.fill(bytes.split_at_mut(2).1)?;
        Ok(Self(u64::from_be_bytes(bytes) | 1))
    }

    /// A revision as a store kept it.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number to keep.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The revision that an update leaves behind.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A record and the revision at which it was read: one snapshot. Cheap to clone.
#[derive(Debug)]
pub struct Versioned<T> {
    record: Arc<T>,
    revision: Revision,
}

impl<T> Versioned<T> {
    /// A record read at `revision`. Takes a `T` or, to avoid a copy, an `Arc<T>`.
    pub fn new(record: impl Into<Arc<T>>, revision: Revision) -> Self {
        Self { record: record.into(), revision }
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &T {
        &self.record
    }

    /// The record, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<T> {
        Arc::clone(&self.record)
    }

    /// The revision at which it was read.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }
}

impl<T> Clone for Versioned<T> {
    fn clone(&self) -> Self {
        Self { record: Arc::clone(&self.record), revision: self.revision }
    }
}
