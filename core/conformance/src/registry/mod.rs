//! What the stores of clients, of trusted issuers and of initial access tokens promise alike, once for all.
//!
//! The words of each promise are those of the port, so [`client_registry`](mod@crate::client_registry),
//! [`trust_registry`](mod@crate::trust_registry) and [`initial_access_store`](mod@crate::initial_access_store) bring them
//! along.

pub(crate) mod changing;
pub(crate) mod documents;
pub(crate) mod finding;
pub(crate) mod ids;
pub(crate) mod listing;
pub(crate) mod outage;
pub(crate) mod paging;
pub(crate) mod races;

mod client;
mod initial_access;
mod trusted_issuer;

use std::fmt::Debug;

use grantor::async_trait;
use grantor::store::{Delete, Insert, Revision, StoreError, Update, Versioned};

use crate::broken::{Checked, Promise};
use crate::fixture::Planted;

/// Where records that change begin, unless a check says otherwise.
pub(crate) const FIRST: Revision = Revision::new(41);

/// A kind of record that is found by an id which compares byte for byte.
pub(crate) trait Record: Clone + PartialEq + Debug + Send + Sync + Sized + 'static {
    type Id: Clone + Ord + Debug + Send + Sync;
    type Query: Query<Self::Id>;

    fn id_of(promise: Promise, text: &str) -> Checked<Self::Id>;
    fn text(id: &Self::Id) -> &str;
    fn is_id(text: &str) -> bool;
    /// The longest id.
    const LONGEST: usize;
    /// The number that stands beside it once it was inserted at [`FIRST`].
    const BEGINS: Revision;

    fn id(&self) -> &Self::Id;
    fn name(&self) -> Option<&str>;
    /// A small record, told from others of its id by its name.
    fn named(promise: Promise, id: &str, name: &str) -> Checked<Self>;
    fn from_document(text: &str) -> Result<Self, StoreError>;
    fn to_document(&self) -> Result<String, StoreError>;
    /// Every member at its limit, with what databases stumble over, and disabled.
    fn hostile_document(id: &str) -> String;
    /// That one, and others with what cannot stand beside it.
    fn hostile_documents(id: &str) -> Vec<String>;
    fn planted<'a>(id: &'a Self::Id, document: &'a str) -> Planted<'a>;

    /// Each member that can be seen, by name, and whether it is the same.
    fn same_members(&self, other: &Self) -> Vec<(&'static str, bool)>;
}

/// One that is changed.
pub(crate) trait Changing: Record {
    /// The same record, in another state.
    fn with_enabled(&self, promise: Promise, enabled: bool) -> Checked<Self>;
    /// One that differs from that of another word in every member that a store may keep apart, enabled or not.
    fn document_of_word(id: &str, word: &str, enabled: bool) -> String;
}

/// From where on to list, and how many.
pub(crate) trait Query<Id>: Clone + Send + Sync {
    fn first(limit: usize) -> Self;
    fn starting_after(self, last: Id) -> Self;
    fn after(&self) -> Option<&Id>;
    fn limit(&self) -> usize;
}

/// The part of a port that only reads.
#[async_trait]
pub(crate) trait Finds<R: Record>: Send + Sync {
    async fn find(&self, id: &R::Id) -> Result<Option<Versioned<R>>, StoreError>;
    fn caveats(&self) -> Vec<String>;
}

/// All of it but changes.
#[async_trait]
pub(crate) trait Keeps<R: Record>: Finds<R> {
    async fn insert(&self, first: Revision, record: &R) -> Result<Insert, StoreError>;
    async fn delete(&self, id: &R::Id) -> Result<Delete, StoreError>;
    async fn list(&self, query: &R::Query) -> Result<Page<R>, StoreError>;
}

/// The whole port, of records that change.
#[async_trait]
pub(crate) trait Registry<R: Changing>: Keeps<R> {
    async fn update(&self, expected: Revision, record: &R) -> Result<Update, StoreError>;
}

/// What a page shows, and from where to go on.
pub(crate) type Page<R> = (Vec<Versioned<R>>, Option<<R as Record>::Id>);

pub(crate) async fn insert<R: Record>(promise: Promise, store: &impl Keeps<R>, record: &R) -> Checked {
    let insert = promise.of(store.insert(FIRST, record)).await?;
    promise.holds(insert == Insert::Done, || format!("the first insert of {:?} was {insert:?}", record.id()))
}

pub(crate) async fn update<R: Changing>(
    promise: Promise,
    store: &impl Registry<R>,
    expected: Revision,
    record: &R,
    outcome: Update,
) -> Checked {
    let found = promise.of(store.update(expected, record)).await?;
    promise.holds(found == outcome, || format!("an update at {expected:?} was {found:?}, not {outcome:?}"))
}

/// Exactly this record, at this revision.
pub(crate) async fn expect<R: Record>(
    promise: Promise,
    store: &impl Finds<R>,
    record: &R,
    revision: Revision,
) -> Checked {
    let found = promise.of(store.find(record.id())).await?;
    let Some(found) = found else {
        return Err(promise.broken(format!("{:?} was not found", record.id())));
    };
    let (other, at) = (found.record(), found.revision());
    promise.holds(other.id() == record.id(), || format!("{:?} found {:?}", record.id(), other.id()))?;
    promise.holds(other == record, || {
        let bytes = |record: &R| record.to_document().unwrap_or_default().len();
        let (name, expected) = (other.name(), record.name());
        let (length, whole) = (bytes(other), bytes(record));
        format!("found {name:?} of {length} bytes, not {expected:?} of {whole} bytes as it was stored")
    })?;
    promise.holds(at == revision, || format!("{:?} is at {at:?}, not {revision:?}", record.id()))
}

pub(crate) async fn expect_none<R: Record>(promise: Promise, store: &impl Finds<R>, id: &R::Id) -> Checked {
    let found = promise.of(store.find(id)).await?;
    let other = found.as_ref().map(|found| found.record().id());
    promise.holds(other.is_none(), || format!("{id:?} found {other:?}, and there was none to find"))
}

/// Every page until there is no more, each looked at for order and progress.
pub(crate) async fn walk<R: Record>(
    promise: Promise,
    store: &impl Keeps<R>,
    query: &R::Query,
) -> Checked<Vec<Versioned<R>>> {
    let mut listed: Vec<Versioned<R>> = Vec::new();
    let mut query = query.clone();
    loop {
        let (page, next) = promise.of(store.list(&query)).await?;
        let (count, limit) = (page.len(), query.limit());
        promise.holds(count <= limit, || format!("a page of at most {limit} had {count}"))?;
        let mut last = query.after();
        for record in &page {
            let id = record.record().id();
            let ascends = last.is_none_or(|last| last < id);
            promise.holds(ascends, || format!("{id:?} was listed after {last:?}"))?;
            last = Some(id);
        }
        if let Some(next) = &next {
            let goes_on =
                query.after().is_none_or(|after| after < next) && last.is_none_or(|last| last <= next);
            promise.holds(goes_on, || {
                format!("from {:?} by {last:?} it went on after {next:?}", query.after())
            })?;
        }
        listed.extend(page);
        match next {
            Some(next) => query = query.starting_after(next),
            None => return Ok(listed),
        }
    }
}

/// All of it, by pages of so many.
pub(crate) async fn walk_all<R: Record>(
    promise: Promise,
    store: &impl Keeps<R>,
    limit: usize,
) -> Checked<Vec<Versioned<R>>> {
    walk(promise, store, &R::Query::first(limit)).await
}

/// The members that are not the same.
pub(crate) fn differing<R: Record>(one: &R, other: &R) -> Vec<&'static str> {
    one.same_members(other).into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}

/// What was listed, as texts to compare.
pub(crate) fn ids_of<R: Record>(listed: &[Versioned<R>]) -> Vec<&str> {
    listed.iter().map(|listed| R::text(listed.record().id())).collect()
}
