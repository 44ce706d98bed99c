//! Initial access tokens: who may register clients, and how many.

use std::fmt::Debug;

use async_trait::async_trait;

use super::{Delete, InitialAccess, Insert, StoreError};
use crate::types::InitialAccessId;

/// Keeps initial access tokens (RFC 7591 §1.2) and counts their uses. A record never changes; only its count does.
#[async_trait]
pub trait InitialAccessStore: Debug + Send + Sync + 'static {
    /// The record of this id and how often it was used, or `None`. One snapshot.
    ///
    /// `id` is **untrusted**: any 1 to 64 bytes of `A-Z a-z 0-9 - _ .`. It must match byte for byte; core refuses as corrupt
    /// what is not the record that it asked for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. A token that is not there is `Ok(None)`, never an error.
    async fn find(&self, id: &InitialAccessId) -> Result<Option<CountedAccess>, StoreError>;

    /// Counts one use more, if fewer than `most` have been counted.
    ///
    /// In one step: of any number of calls exactly as many are [`Consume::Done`] as uses were left, and the count is durable
    /// before the call returns. Of a token that was deleted none is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed: perhaps it was counted.
    async fn consume(&self, id: &InitialAccessId, most: u32) -> Result<Consume, StoreError>;

    /// Stores a new record, with no use counted, if its id is free. Must not overwrite.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn insert(&self, access: &InitialAccess) -> Result<Insert, StoreError>;

    /// Deletes the record of this id and its count, also where it cannot be understood. On return no
    /// [`InitialAccessStore::consume`] of it is [`Consume::Done`]. The clients that were registered with it stay.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError>;

    /// One page of records in ascending byte order of their ids, beginning after [`InitialAccessQuery::after`].
    ///
    /// A record that exists during the whole listing is shown exactly once, whatever is inserted or deleted meanwhile. One
    /// that cannot be understood is [`StoreError::corrupt`] and never left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed.
    async fn list(&self, query: &InitialAccessQuery) -> Result<InitialAccessPage, StoreError>;

    /// What this store does not keep of its promises, in words for the operator. Constant, and asks nobody.
    fn caveats(&self) -> Vec<String>;
}

/// What became of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a use that was not counted permits nothing"]
pub enum Consume {
    /// Counted.
    Done,
    /// As many as there may be have been counted before. Nothing has changed.
    Spent,
    /// There is no such record.
    Missing,
}

/// A record and how often it was used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CountedAccess {
    /// The record.
    pub access: InitialAccess,
    /// How many clients were registered with it, those that came to nothing afterwards included.
    pub uses: u32,
}

impl CountedAccess {
    /// A record for a store to return.
    #[must_use]
    pub const fn new(access: InitialAccess, uses: u32) -> Self {
        Self { access, uses }
    }
}

/// Which initial access tokens to list.
#[derive(Clone, Debug)]
pub struct InitialAccessQuery {
    after: Option<InitialAccessId>,
    limit: usize,
}

impl InitialAccessQuery {
    /// The first `limit` records (at least 1, at most 1000).
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit: limit.clamp(1, 1000) }
    }

    /// The page that begins where another one ended: its [`InitialAccessPage::next`].
    #[must_use]
    pub fn starting_after(mut self, last: InitialAccessId) -> Self {
        self.after = Some(last);
        self
    }

    /// Only records whose id comes after this one in byte order.
    #[must_use]
    pub const fn after(&self) -> Option<&InitialAccessId> {
        self.after.as_ref()
    }

    /// How many at the most, 1 to 1000.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

/// One page of a listing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InitialAccessPage {
    /// The records, in ascending byte order of their ids.
    pub tokens: Vec<CountedAccess>,
    /// Up to where the listing has got, to go on from; `None` at its end. A page may be short, even empty, and
    /// still have one.
    pub next: Option<InitialAccessId>,
}

impl InitialAccessPage {
    /// A page for a store to return.
    #[must_use]
    pub const fn new(tokens: Vec<CountedAccess>, next: Option<InitialAccessId>) -> Self {
        Self { tokens, next }
    }
}
