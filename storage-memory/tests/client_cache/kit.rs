//! The promises of a registry hold through the cache: any number of handles on it are one process.

use grantor::async_trait;
use grantor::store::{Client, ClientRegistry, ClientStore, Insert, Revision};
use grantor_conformance::{Fixture, Planted};
use grantor_storage_memory::{ClientCache, MemoryStore};

use crate::fixture::named;

struct Cached(ClientCache<MemoryStore>);

#[async_trait]
impl Fixture for Cached {
    type Store = ClientCache<MemoryStore>;

    async fn open(&self) -> Self::Store {
        self.0.clone()
    }

    async fn cut_off(&self) -> Option<Self::Store> {
        None
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}

async fn fixture() -> impl Fixture<Store = ClientCache<MemoryStore>> {
    Cached(ClientCache::new(MemoryStore::new()))
}

async fn shown() -> (impl ClientStore, Vec<Client>) {
    let store = MemoryStore::new();
    let clients = vec![named("a", "one"), named("B", "two")];
    for client in &clients {
        let inserted = ClientRegistry::insert(&store, Revision::new(1), client).await.unwrap();
        assert_eq!(inserted, Insert::Done);
    }
    (ClientCache::new(store), clients)
}

grantor_conformance::client_registry!(fixture);
grantor_conformance::client_store!(shown);
