//! Every promise of the ports, by the kit that each store has to pass. What only memory promises is in `promises`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use grantor::{RateLimits, async_trait};
use grantor_conformance::{Fixture, Planted};
use grantor_storage_memory::{MemoryRateLimiter, MemoryStore};

struct Fresh(MemoryStore);

#[async_trait]
impl Fixture for Fresh {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn cut_off(&self) -> Option<MemoryStore> {
        None // nothing to lose
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false // it keeps records, no documents
    }
}

async fn fresh() -> Fresh {
    Fresh(MemoryStore::new())
}

grantor_conformance::client_registry!(fresh);
grantor_conformance::key_store!(fresh);
grantor_conformance::token_store!(fresh);
grantor_conformance::trust_registry!(fresh);
grantor_conformance::credential_usage!(fresh);
grantor_conformance::initial_access_store!(fresh);

struct FreshLimiter(MemoryRateLimiter);

#[async_trait]
impl Fixture for FreshLimiter {
    type Store = MemoryRateLimiter;

    async fn open(&self) -> MemoryRateLimiter {
        self.0.clone()
    }

    async fn cut_off(&self) -> Option<MemoryRateLimiter> {
        None // nothing to lose
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}

async fn limiter(limits: RateLimits) -> FreshLimiter {
    FreshLimiter(MemoryRateLimiter::new(limits))
}

grantor_conformance::rate_limiter!(limiter);
