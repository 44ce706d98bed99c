//! Clients: one trait to read them, one to administer them.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Client, Revision, StoreError, Versioned};
use crate::types::ClientId;

/// Finds clients. The only thing that a token request asks of a client table, so a read-only view is enough.
#[async_trait]
pub trait ClientStore: Debug + Send + Sync + 'static {
    /// The client `id`, or `None`.
    ///
    /// `id` is **untrusted**: any 1 to 255 bytes of VSCHAR (`%x20-7E`), so bind it as a parameter, never build a
    /// query or a key pattern from it. It must match byte for byte, as with `C` collation; take the id of the
    /// record from the row, and core refuses as corrupt what is not the client that it asked for.
    ///
    /// The answer is one snapshot: never a new secret with an old scope. It may be older than the latest write
    /// by the life of a cache that the host chose; a store without a cache answers with the latest write.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. A client that does not exist is `Ok(None)`, never an error.
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError>;

    /// What this store does not keep of its promises, in words for the operator, such as "clients are cached for 5 s":
    /// the start-up summary shows each as a warning. Empty for a store that keeps them all. Constant for the life of
    /// the store, and asks nobody.
    fn caveats(&self) -> Vec<String>;
}

/// The client of this id, byte for byte.
pub(crate) async fn find_client(
    clients: &dyn ClientStore,
    id: &ClientId,
) -> Result<Option<Arc<Client>>, StoreError> {
    Ok(checked(clients.find(id).await?, id)?.map(|found| found.shared()))
}

/// The same as it is now, to be changed.
pub(crate) async fn latest_client(
    registry: &dyn ClientRegistry,
    id: &ClientId,
) -> Result<Option<Versioned<Client>>, StoreError> {
    checked(registry.latest(id).await?, id)
}

fn checked(found: Option<Versioned<Client>>, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
    if found.as_ref().is_some_and(|found| found.record().id() != id) {
        return Err(StoreError::corrupt(
            "the client store gave another client than the one it was asked for",
        ));
    }
    Ok(found)
}

/// Administers clients: registration, the administrator's commands, host code. Never used by a token request.
#[async_trait]
pub trait ClientRegistry: ClientStore {
    /// The client `id` as it is now, or `None`: as [`ClientStore::find`], but never older than the latest write of any process,
    /// whatever cache stands in between. Whoever changes a record goes by it, and so does whoever manages a registration.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. A client that does not exist is `Ok(None)`, never an error.
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError>;

    /// Stores a new client at revision `first` if the id is free.
    ///
    /// Must not overwrite: of any number of inserts of one id exactly one is [`Insert::Done`]. `first` is
    /// [`Revision::first`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError>;

    /// Replaces the client of that id if it still is at `expected`; it then is at `expected.next()`.
    ///
    /// Compare and swap in one step: of any number of updates at one revision exactly one is [`Update::Done`].
    /// A deleted client is [`Update::Missing`] and stays deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError>;

    /// Deletes the client of that id, at whatever revision it is and also where its record cannot be understood. On
    /// return no [`ClientStore::find`] of a store without a cache finds it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError>;

    /// One page of clients in ascending byte order of their ids, beginning after [`ClientQuery::after`].
    ///
    /// A client that exists during the whole listing is shown exactly once, whatever is inserted or deleted
    /// meanwhile. One whose record cannot be understood is [`StoreError::corrupt`] and never left out: an administrator
    /// would overlook it.
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
#[derive(Clone, Debug)]
pub struct ClientQuery {
    after: Option<ClientId>,
    name_prefix: Option<String>,
    limit: usize,
}

impl ClientQuery {
    /// The first `limit` clients (at least 1, at most 1000).
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self { after: None, name_prefix: None, limit: limit.clamp(1, 1000) }
    }

    /// The page that begins where another one ended: its [`ClientPage::next`].
    #[must_use]
    pub fn starting_after(mut self, last: ClientId) -> Self {
        self.after = Some(last);
        self
    }

    /// Only clients whose name begins with `prefix`. An empty one means all, with and without a name.
    #[must_use]
    pub fn with_name_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.name_prefix = Some(prefix.into()).filter(|prefix| !prefix.is_empty());
        self
    }

    /// Only clients whose id comes after this one in byte order.
    #[must_use]
    pub const fn after(&self) -> Option<&ClientId> {
        self.after.as_ref()
    }

    /// Only clients whose name begins with this text, compared byte for byte. **Untrusted**, and never empty.
    #[must_use]
    pub fn name_prefix(&self) -> Option<&str> {
        self.name_prefix.as_deref()
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
pub struct ClientPage {
    /// The clients, in ascending byte order of their ids.
    pub clients: Vec<Versioned<Client>>,
    /// Up to where the listing has got, to go on from; `None` at its end. A page may be short, even empty, and
    /// still have one.
    pub next: Option<ClientId>,
}

impl ClientPage {
    /// A page for a store to return.
    #[must_use]
    pub const fn new(clients: Vec<Versioned<Client>>, next: Option<ClientId>) -> Self {
        Self { clients, next }
    }
}
