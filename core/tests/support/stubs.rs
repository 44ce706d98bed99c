//! Ports that count, refuse or lie.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor::policy::{Issuance, IssuancePolicy, PolicyRefusal, Terms};
use grantor::store::{Client, ClientStore, KeySet, KeyStore, Replace, Revision, StoreError, Versioned};
use grantor::{
    Admission, Attempt, ClientId, Executor, ExecutorError, Job, RateLimiter, SecretMatch, SecretVerifier,
    SecretVerifierError, Task, async_trait,
};
use grantor_storage_memory::MemoryStore;

/// Tasks and jobs on the tokio runtime of the test. Tasks can be waited for.
#[derive(Clone, Debug, Default)]
pub struct TestExecutor(Arc<Mutex<Vec<tokio::task::JoinHandle<()>>>>);

impl TestExecutor {
    /// Waits for the tasks that were spawned so far, and gives their number.
    pub async fn finish(&self) -> usize {
        let tasks = std::mem::take(&mut *self.0.lock().unwrap());
        let count = tasks.len();
        for task in tasks {
            task.await.unwrap();
        }
        count
    }
}

#[async_trait]
impl Executor for TestExecutor {
    fn spawn(&self, task: Task) {
        self.0.lock().unwrap().push(tokio::spawn(task));
    }

    async fn blocking(&self, job: Job) -> Result<(), ExecutorError> {
        tokio::task::spawn_blocking(job).await.map_err(ExecutorError::new)
    }
}

/// What was asked of the ports, in order.
pub type Journal = Arc<Mutex<Vec<&'static str>>>;

/// Takes a secret for right that is written in its hash as `plain:<secret>`, and counts.
#[derive(Clone, Debug, Default)]
pub struct CountingVerifier {
    pub checks: Arc<AtomicUsize>,
    pub encoded: Arc<Mutex<Vec<String>>>,
    pub journal: Journal,
}

impl CountingVerifier {
    /// How many checks there were since the last call.
    pub fn take(&self) -> usize {
        self.checks.swap(0, Ordering::SeqCst)
    }
}

impl SecretVerifier for CountingVerifier {
    fn verify(&self, presented: &[u8], encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
        self.checks.fetch_add(1, Ordering::SeqCst);
        self.encoded.lock().unwrap().push(encoded.to_owned());
        self.journal.lock().unwrap().push("hash");
        let Some(secret) = encoded.strip_prefix("plain:") else {
            return Err(SecretVerifierError::new("not a hash of this kind"));
        };
        Ok(if secret.as_bytes() == presented { SecretMatch::Yes } else { SecretMatch::No })
    }

    fn decoy(&self) -> &str {
        "plain:\u{0}no secret is this\u{0}"
    }
}

/// What a [`Limiter`] says to an attempt.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    Admit,
    Limit(Duration),
    Fail,
}

/// Says what it was told to, and keeps a journal.
#[derive(Clone, Debug)]
pub struct Limiter {
    pub verdict: Arc<Mutex<Verdict>>,
    pub journal: Journal,
}

impl Limiter {
    pub fn new(verdict: Verdict) -> Self {
        Self { verdict: Arc::new(Mutex::new(verdict)), journal: Journal::default() }
    }

    pub fn say(&self, verdict: Verdict) {
        *self.verdict.lock().unwrap() = verdict;
    }

    pub fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.journal.lock().unwrap())
    }
}

#[async_trait]
impl RateLimiter for Limiter {
    async fn admit(&self, _attempt: &Attempt<'_>) -> Result<Admission, StoreError> {
        self.journal.lock().unwrap().push("admit");
        match *self.verdict.lock().unwrap() {
            Verdict::Admit => Ok(Admission::Admitted),
            Verdict::Limit(wait) => Ok(Admission::Limited(wait)),
            Verdict::Fail => Err(StoreError::unavailable("limiter-down-7f3")),
        }
    }

    async fn penalise(&self, _attempt: &Attempt<'_>) -> Result<(), StoreError> {
        self.journal.lock().unwrap().push("penalise");
        match *self.verdict.lock().unwrap() {
            Verdict::Fail => Err(StoreError::unavailable("limiter-down-7f3")),
            Verdict::Admit | Verdict::Limit(_) => Ok(()),
        }
    }
}

/// Counts look-ups and gives one prepared answer, or passes on to a real store.
#[derive(Clone, Debug)]
pub struct FakeClients {
    pub inner: MemoryStore,
    pub finds: Arc<AtomicUsize>,
    pub answer: Arc<Mutex<FakeAnswer>>,
}

#[derive(Debug)]
pub enum FakeAnswer {
    PassOn,
    Unavailable,
    Corrupt,
    Always(Box<Client>),
}

impl FakeClients {
    pub fn new(inner: &MemoryStore) -> Self {
        let answer = Arc::new(Mutex::new(FakeAnswer::PassOn));
        Self { inner: inner.clone(), finds: Arc::default(), answer }
    }

    pub fn say(&self, answer: FakeAnswer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn take(&self) -> usize {
        self.finds.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl ClientStore for FakeClients {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        match &*self.answer.lock().unwrap() {
            FakeAnswer::PassOn => {}
            FakeAnswer::Unavailable => return Err(StoreError::unavailable("client-table-down-7f3")),
            FakeAnswer::Corrupt => return Err(StoreError::corrupt("client-row-broken-7f3")),
            FakeAnswer::Always(client) => {
                return Ok(Some(Versioned::new(Client::clone(client), Revision::new(1))));
            }
        }
        ClientStore::find(&self.inner, id).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A key store whose next loads and replacements can be made to fail or lose.
#[derive(Clone, Debug)]
pub struct FakeKeys {
    pub inner: MemoryStore,
    pub loads: Arc<AtomicUsize>,
    pub fail_loads: Arc<Mutex<VecDeque<StoreError>>>,
    /// Whether it has forgotten all, as a restored backup would have.
    pub lost: Arc<Mutex<bool>>,
    /// What has taken its place, as after a fail-over.
    pub instead: Arc<Mutex<Option<MemoryStore>>>,
    pub replace: Arc<Mutex<FakeReplace>>,
}

#[derive(Debug)]
pub enum FakeReplace {
    PassOn,
    Unavailable,
    AlwaysLost,
    /// The next one is passed on, and those after it are not.
    PassOnce,
}

impl FakeKeys {
    pub fn new(inner: &MemoryStore) -> Self {
        let replace = Arc::new(Mutex::new(FakeReplace::PassOn));
        Self {
            inner: inner.clone(),
            loads: Arc::default(),
            fail_loads: Arc::default(),
            lost: Arc::default(),
            instead: Arc::default(),
            replace,
        }
    }

    /// The answer to a replacement that is not passed on.
    fn prepared(&self) -> Option<Result<Replace, StoreError>> {
        let mut replace = self.replace.lock().unwrap();
        match &*replace {
            FakeReplace::PassOn => None,
            FakeReplace::PassOnce => {
                *replace = FakeReplace::Unavailable;
                None
            }
            FakeReplace::Unavailable => Some(Err(StoreError::unavailable("key-table-down-7f3"))),
            FakeReplace::AlwaysLost => Some(Ok(Replace::Lost)),
        }
    }

    fn store(&self) -> MemoryStore {
        self.instead.lock().unwrap().clone().unwrap_or_else(|| self.inner.clone())
    }

    pub fn fail_next_load(&self, error: StoreError) {
        self.fail_loads.lock().unwrap().push_back(error);
    }
}

#[async_trait]
impl KeyStore for FakeKeys {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let failure = self.fail_loads.lock().unwrap().pop_front();
        match failure {
            Some(error) => Err(error),
            None if *self.lost.lock().unwrap() => Ok((KeySet::default(), Revision::ABSENT)),
            None => KeyStore::load(&self.store()).await,
        }
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        if let Some(answer) = self.prepared() {
            return answer;
        }
        KeyStore::replace(&self.store(), expected, keys).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A policy that gives one answer.
pub struct FixedPolicy(pub fn(&Issuance<'_>) -> Result<Terms, PolicyRefusal>);

impl std::fmt::Debug for FixedPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FixedPolicy")
    }
}

#[async_trait]
impl IssuancePolicy for FixedPolicy {
    async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal> {
        (self.0)(issuance)
    }
}
