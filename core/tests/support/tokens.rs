//! A token store that remembers what it was asked, and fails when it is told to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use grantor::store::{Claim, Insert, StoreError, TokenRecord, TokenState, TokenStore};
use grantor::{ProofId, Timestamp, TokenId, async_trait};
use grantor_storage_memory::MemoryStore;

#[derive(Clone, Debug)]
pub struct FakeTokens {
    pub inner: MemoryStore,
    pub claims: Arc<Mutex<Vec<(ProofId, Timestamp)>>>,
    pub answer: Arc<Mutex<FakeClaim>>,
    /// Whether a failing claim is kept all the same: the answer of the database got lost.
    pub lost_answer: Arc<AtomicBool>,
}

#[derive(Clone, Copy, Debug)]
pub enum FakeClaim {
    PassOn,
    Unavailable,
    Corrupt,
}

impl FakeTokens {
    pub fn new(inner: &MemoryStore) -> Self {
        let answer = Arc::new(Mutex::new(FakeClaim::PassOn));
        Self { inner: inner.clone(), claims: Arc::default(), answer, lost_answer: Arc::default() }
    }

    pub fn say(&self, answer: FakeClaim) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The claims since the last call.
    pub fn take(&self) -> Vec<(ProofId, Timestamp)> {
        std::mem::take(&mut *self.claims.lock().unwrap())
    }
}

#[async_trait]
impl TokenStore for FakeTokens {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        self.claims.lock().unwrap().push((*proof, until));
        let answer = *self.answer.lock().unwrap();
        if self.lost_answer.load(Ordering::SeqCst) {
            let _kept = self.inner.claim(proof, until).await?;
        }
        match answer {
            FakeClaim::PassOn => self.inner.claim(proof, until).await,
            FakeClaim::Unavailable => Err(StoreError::unavailable("token-table-down-7f3")),
            FakeClaim::Corrupt => Err(StoreError::corrupt("token-row-broken-7f3")),
        }
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        self.inner.insert(token, record).await
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        TokenStore::find(&self.inner, token).await
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        self.inner.revoke(token, until).await
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.inner.prune(before, limit).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
