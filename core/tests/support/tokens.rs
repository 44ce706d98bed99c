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
    /// The names of the calls, in order.
    pub calls: Arc<Mutex<Vec<&'static str>>>,
    /// The ids of tokens that came, in order.
    pub ids: Arc<Mutex<Vec<TokenId>>>,
    /// The records that were to be stored, as documents.
    pub records: Arc<Mutex<Vec<String>>>,
    /// The one method that does not do what it should, and what it does instead.
    pub broken: Arc<Mutex<Option<(&'static str, FakeClaim)>>>,
}

#[derive(Clone, Copy, Debug)]
pub enum FakeClaim {
    PassOn,
    Unavailable,
    Corrupt,
    /// An insert finds its id taken.
    Taken,
}

impl FakeTokens {
    pub fn new(inner: &MemoryStore) -> Self {
        let answer = Arc::new(Mutex::new(FakeClaim::PassOn));
        Self {
            inner: inner.clone(),
            claims: Arc::default(),
            answer,
            lost_answer: Arc::default(),
            calls: Arc::default(),
            ids: Arc::default(),
            records: Arc::default(),
            broken: Arc::default(),
        }
    }

    /// From now on this method does this instead of its work.
    pub fn break_call(&self, method: &'static str, instead: FakeClaim) {
        *self.broken.lock().unwrap() = Some((method, instead));
    }

    pub fn mend(&self) {
        *self.broken.lock().unwrap() = None;
    }

    /// The names of the calls since the last look.
    pub fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// Notes a call; `true` where it finds its id taken.
    fn called(&self, method: &'static str, id: Option<&TokenId>) -> Result<bool, StoreError> {
        self.calls.lock().unwrap().push(method);
        self.ids.lock().unwrap().extend(id);
        match *self.broken.lock().unwrap() {
            Some((own, instead)) if own == method => match instead {
                FakeClaim::PassOn => Ok(false),
                FakeClaim::Taken => Ok(true),
                FakeClaim::Unavailable => Err(StoreError::unavailable("token-table-down-7f3")),
                FakeClaim::Corrupt => Err(StoreError::corrupt("token-row-broken-7f3")),
            },
            Some(_) | None => Ok(false),
        }
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
        self.called("claim", None)?;
        self.claims.lock().unwrap().push((*proof, until));
        let answer = *self.answer.lock().unwrap();
        if self.lost_answer.load(Ordering::SeqCst) {
            let _kept = self.inner.claim(proof, until).await?;
        }
        match answer {
            FakeClaim::PassOn | FakeClaim::Taken => self.inner.claim(proof, until).await,
            FakeClaim::Unavailable => Err(StoreError::unavailable("token-table-down-7f3")),
            FakeClaim::Corrupt => Err(StoreError::corrupt("token-row-broken-7f3")),
        }
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        self.records.lock().unwrap().push(record.to_document()?);
        match self.called("insert", Some(token))? {
            true => Ok(Insert::Exists),
            false => self.inner.insert(token, record).await,
        }
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        self.called("find", Some(token))?;
        TokenStore::find(&self.inner, token).await
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        self.called("revoke", Some(token))?;
        self.inner.revoke(token, until).await
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.inner.prune(before, limit).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
