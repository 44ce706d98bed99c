//! The whole kit on the memory store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use grantor::async_trait;
use grantor::store::Client;
use grantor_conformance::{Fixture, Planted};
use grantor_storage_memory::MemoryStore;

struct Memory(MemoryStore);

#[async_trait]
impl Fixture for Memory {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn cut_off(&self) -> Option<MemoryStore> {
        None
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}

async fn fixture() -> impl Fixture<Store = MemoryStore> {
    Memory(MemoryStore::new())
}

async fn shown() -> (MemoryStore, Vec<Client>) {
    (MemoryStore::new(), Vec::new())
}

grantor_conformance::client_store!(shown);
grantor_conformance::client_registry!(fixture);
grantor_conformance::key_store!(fixture);
grantor_conformance::token_store!(
    #[cfg(true)]
    #[allow(clippy::all)]
    fixture
);

mod inner {
    grantor_conformance::token_store!(
        #[ignore = "shows that attributes go through"]
        crate::fixture
    );
}
