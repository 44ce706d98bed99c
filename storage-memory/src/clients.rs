//! Clients by id, in byte order.

use std::array;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};

use crate::bound::Bound;
use crate::memory_store::{CAVEAT, MemoryStore, Parts};

/// How many clients a listing looks at before it lets others at the locks.
const STRIDE: usize = 256;
const SHARDS: usize = 16;

type Shard = BTreeMap<ClientId, Versioned<Client>>;

/// Records are shared, so that finding one costs a look-up and no copy. In shards, so that processors which read do
/// not meet at one lock.
pub(crate) struct Clients {
    shards: [RwLock<Shard>; SHARDS],
    choice: RandomState,
    /// How many there are, over all shards. Never more than the bound.
    taken: AtomicUsize,
    bound: Bound,
}

impl Clients {
    pub(crate) fn new(bound: Bound) -> Self {
        Self {
            shards: array::from_fn(|_| RwLock::default()),
            choice: RandomState::new(),
            taken: AtomicUsize::new(0),
            bound,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    fn shard(&self, id: &ClientId) -> &RwLock<Shard> {
        let [first, ..] = &self.shards;
        let number = self.choice.hash_one(id) % SHARDS as u64;
        usize::try_from(number).ok().and_then(|number| self.shards.get(number)).unwrap_or(first)
    }

    fn read(&self, id: &ClientId) -> RwLockReadGuard<'_, Shard> {
        self.shard(id).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, id: &ClientId) -> RwLockWriteGuard<'_, Shard> {
        self.shard(id).write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one client more, if there is one.
    fn take_place(&self) -> Result<(), StoreError> {
        let more = |taken: usize| (taken < self.bound.most).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.map(drop).map_err(|_| self.bound.full())
    }

    /// Up to [`STRIDE`] clients after `last`, over all shards.
    fn stride(&self, last: Option<&ClientId>) -> Vec<Versioned<Client>> {
        let start = last.map_or(Unbounded, Excluded);
        let mut found = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let after = shard.range::<ClientId, _>((start, Unbounded)).take(STRIDE);
            found.extend(after.map(|(_, held)| held.clone()));
        }
        found.sort_unstable_by(|a, b| a.record().id().cmp(b.record().id()));
        found.truncate(STRIDE);
        found
    }
}

#[async_trait]
impl ClientStore for MemoryStore {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        Ok(self.parts().clients.read(id).get(id).cloned())
    }

    fn caveats(&self) -> Vec<String> {
        vec![CAVEAT.to_owned()]
    }
}

#[async_trait]
impl ClientRegistry for MemoryStore {
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        let clients = &self.parts().clients;
        let record = Versioned::new(client.clone(), first);
        match clients.write(client.id()).entry(client.id().clone()) {
            Entry::Occupied(_) => Ok(Insert::Exists),
            Entry::Vacant(free) => {
                clients.take_place()?;
                free.insert(record);
                Ok(Insert::Done)
            }
        }
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        let record = Versioned::new(client.clone(), expected.next());
        match self.parts().clients.write(client.id()).get_mut(client.id()) {
            None => Ok(Update::Missing),
            Some(held) if held.revision() != expected => Ok(Update::Conflict),
            Some(held) => {
                *held = record;
                Ok(Update::Done)
            }
        }
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let Parts { clients, uses, .. } = self.parts();
        uses.forget(id);
        match clients.write(id).remove(id) {
            Some(_) => {
                clients.taken.fetch_sub(1, Ordering::AcqRel);
                Ok(Delete::Done)
            }
            None => Ok(Delete::Missing),
        }
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        let mut found: Vec<Versioned<Client>> = Vec::new();
        let mut last = query.after().cloned();
        loop {
            let stride = self.parts().clients.stride(last.as_ref());
            let is_last = stride.len() < STRIDE;
            last = stride.last().map(|client| client.record().id().clone());
            for client in stride.into_iter().filter(|client| matches_name(client.record(), query)) {
                if found.len() == query.limit() {
                    let next = found.last().map(|client| client.record().id().clone());
                    return Ok(ClientPage::new(found, next));
                }
                found.push(client);
            }
            if is_last {
                return Ok(ClientPage::new(found, None));
            }
        }
    }
}

fn matches_name(client: &Client, query: &ClientQuery) -> bool {
    match query.name_prefix() {
        Some(prefix) => client.name().unwrap_or_default().starts_with(prefix),
        None => true,
    }
}
