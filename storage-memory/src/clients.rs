//! Clients by id, in byte order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};

use crate::MemoryStore;
use crate::bound::Bound;

/// How many clients a listing looks at before it lets others at the lock.
const STRIDE: usize = 256;

/// Records are shared, so that finding one costs a look-up and no copy.
pub(crate) struct Clients {
    by_id: RwLock<BTreeMap<ClientId, Versioned<Client>>>,
    bound: Bound,
}

impl Clients {
    pub(crate) fn new(bound: Bound) -> Self {
        Self { by_id: RwLock::default(), bound }
    }

    pub(crate) fn len(&self) -> usize {
        self.read().len()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<ClientId, Versioned<Client>>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<ClientId, Versioned<Client>>> {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to [`STRIDE`] clients after `last`.
    fn stride(&self, last: Option<&ClientId>) -> Vec<Versioned<Client>> {
        let start = last.map_or(Unbounded, Excluded);
        let clients = self.read();
        clients.range::<ClientId, _>((start, Unbounded)).take(STRIDE).map(|(_, held)| held.clone()).collect()
    }
}

#[async_trait]
impl ClientStore for MemoryStore {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        Ok(self.parts().clients.read().get(id).cloned())
    }
}

#[async_trait]
impl ClientRegistry for MemoryStore {
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        let clients = &self.parts().clients;
        let record = Versioned::new(client.clone(), first);
        let mut by_id = clients.write();
        let is_full = by_id.len() >= clients.bound.most;
        match by_id.entry(client.id().clone()) {
            Entry::Occupied(_) => Ok(Insert::Exists),
            Entry::Vacant(_) if is_full => Err(clients.bound.full()),
            Entry::Vacant(free) => {
                free.insert(record);
                Ok(Insert::Done)
            }
        }
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        let record = Versioned::new(client.clone(), expected.next());
        match self.parts().clients.write().get_mut(client.id()) {
            None => Ok(Update::Missing),
            Some(held) if held.revision() != expected => Ok(Update::Conflict),
            Some(held) => {
                *held = record;
                Ok(Update::Done)
            }
        }
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        match self.parts().clients.write().remove(id) {
            Some(_) => Ok(Delete::Done),
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
