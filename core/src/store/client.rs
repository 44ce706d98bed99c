//! Clients: one trait to read them, one to administer them.

use std::fmt::Debug;

use async_trait::async_trait;

use super::{Client, Revision, StoreError, Versioned};
use crate::types::ClientId;

/// Finds clients. The only thing that a token request asks of a client table, so a read-only view is enough.
#[async_trait]
pub trait ClientStore: Debug + Send + Sync + 'static {
    /// The client `id`, or `None`.
    ///
    /// `id` is **untrusted**: any 1 to 255 bytes of VSCHAR (`%x20-7E`), so bind it as a parameter, never build a
    /// query or a key pattern from it. It must match byte for byte, as with `C` collation.
    ///
    /// The answer is one snapshot: never a new secret with an old scope. It may be older than the latest write
    /// by the life of a cache that the host chose; a store without a cache answers with the latest write.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. A client that does not exist is `Ok(None)`, never an error.
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError>;
}

/// Administers clients: registration, the administrator's commands, host code. Never used by a token request.
#[async_trait]
pub trait ClientRegistry: ClientStore {
    /// Stores a new client at revision `first` if the id is free.
    ///
    /// Must not overwrite: of any number of inserts of one id exactly one is [`Insert::Done`]. Core draws `first`
    /// at random, so that an id that was deleted and registered again does not come back to a revision which
    /// an older writer still holds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn insert(&self, client: &Client, first: Revision) -> Result<Insert, StoreError>;

    /// Replaces the client of that id if it still is at `expected`; it then is at `expected.next()`.
    ///
    /// Compare and swap in one step: of any number of updates at one revision exactly one is [`Update::Done`].
    /// A deleted client is [`Update::Missing`] and stays deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn update(&self, client: &Client, expected: Revision) -> Result<Update, StoreError>;

    /// Deletes the client of that id, at whatever revision it is. On return no [`ClientStore::find`] of a store
    /// without a cache finds it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError>;

    /// One page of clients in ascending byte order of their ids, beginning after `query.after`.
    ///
    /// A client that exists during the whole listing is shown exactly once, whatever is inserted or deleted
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed.
    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError>;
}

/// What became of an insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an insert that was refused has stored nothing"]
pub enum Insert {
    /// Stored.
    Done,
    /// The id was taken, and nothing has changed.
    Exists,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an update that lost has stored nothing"]
pub enum Update {
    /// Stored, at the next revision.
    Done,
    /// Somebody else changed the record since it was read. Nothing has changed by this call.
    Conflict,
    /// There is no such record.
    Missing,
}

/// What became of a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "whether there was anything to delete"]
pub enum Delete {
    /// It was there and is gone.
    Done,
    /// There was none.
    Missing,
}

/// Which clients to list.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClientQuery {
    /// Only clients whose id comes after this one in byte order: the last of the page before.
    pub after: Option<ClientId>,
    /// Only clients whose name begins with this text, compared byte for byte. Untrusted.
    pub name_prefix: Option<String>,
    /// How many at the most, 1 to 1000.
    pub limit: usize,
}

impl ClientQuery {
    /// The first `limit` clients (at least 1, at most 1000).
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self { after: None, name_prefix: None, limit: limit.clamp(1, 1000) }
    }

    /// The page that comes after `last`.
    #[must_use]
    pub fn after(mut self, last: ClientId) -> Self {
        self.after = Some(last);
        self
    }

    /// Only clients whose name begins with `prefix`.
    #[must_use]
    pub fn name_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.name_prefix = Some(prefix.into());
        self
    }
}

/// One page of a listing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientPage {
    /// The clients, in ascending byte order of their ids.
    pub clients: Vec<Versioned<Client>>,
    /// Whether there may be more after the last one.
    pub more: bool,
}

impl ClientPage {
    /// A page for a store to return.
    #[must_use]
    pub const fn new(clients: Vec<Versioned<Client>>, more: bool) -> Self {
        Self { clients, more }
    }
}
