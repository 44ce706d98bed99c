//! The signing keys of one issuer.

use std::fmt::Debug;

use async_trait::async_trait;

use super::{KeySet, Revision, StoreError};

/// Keeps the one [`KeySet`] of an issuer. Private keys in it are sealed before they come here.
#[async_trait]
pub trait KeyStore: Debug + Send + Sync + 'static {
    /// The key set and its revision, one snapshot of the latest write.
    ///
    /// Nothing stored yet is [`KeySet::default`] at [`Revision::ABSENT`], and no error. A record that cannot be
    /// understood must be [`StoreError::corrupt`], never an empty set: core would make new keys.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed.
    async fn load(&self) -> Result<(KeySet, Revision), StoreError>;

    /// Replaces the key set if it still is at `expected`; it then is at `expected.next()`.
    ///
    /// Compare and swap in one step: of any number of writers at one revision, [`Revision::ABSENT`] included,
    /// exactly one is told [`Replace::Won`]. Durable before it returns.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError>;

    /// What this store does not keep of its promises, in words for the operator: the start-up summary shows each as
    /// a warning. Empty for a store that keeps them all. Constant for the life of the store, and asks nobody.
    fn caveats(&self) -> Vec<String>;
}

/// What became of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a replacement that lost has stored nothing"]
pub enum Replace {
    /// Stored, at the next revision.
    Won,
    /// Another writer was first. Nothing has changed by this call; load and plan again.
    Lost,
}
