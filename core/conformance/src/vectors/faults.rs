//! What is out of reach, and what makes everybody wait.

use std::time::Duration;

use grantor::store::{
    Claim, Client, ClientStore, Insert, KeySet, KeyStore, Replace, Revision, StoreError, TokenRecord,
    TokenState, TokenStore, Versioned,
};
use grantor::{Admission, Attempt, ClientId, ProofId, RateLimiter, Timestamp, TokenId, async_trait};

/// A store that is out of reach.
#[derive(Debug)]
pub(super) struct Away;

fn away<T>() -> Result<T, StoreError> {
    Err(StoreError::unavailable("out of reach, as the vector says"))
}

#[async_trait]
impl ClientStore for Away {
    async fn find(&self, _: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        away()
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl KeyStore for Away {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        away()
    }

    async fn replace(&self, _: Revision, _: &KeySet) -> Result<Replace, StoreError> {
        away()
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl TokenStore for Away {
    async fn claim(&self, _: &ProofId, _: Timestamp) -> Result<Claim, StoreError> {
        away()
    }

    async fn insert(&self, _: &TokenId, _: &TokenRecord) -> Result<Insert, StoreError> {
        away()
    }

    async fn find(&self, _: &TokenId) -> Result<TokenState, StoreError> {
        away()
    }

    async fn revoke(&self, _: &TokenId, _: Timestamp) -> Result<(), StoreError> {
        away()
    }

    async fn prune(&self, _: Timestamp, _: u32) -> Result<u32, StoreError> {
        away()
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A limiter that admits nobody for so long.
#[derive(Debug)]
pub(super) struct Limited(pub(super) Duration);

#[async_trait]
impl RateLimiter for Limited {
    async fn admit(&self, _: &Attempt<'_>) -> Result<Admission, StoreError> {
        Ok(Admission::Limited(self.0))
    }

    async fn penalise(&self, _: &Attempt<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}
