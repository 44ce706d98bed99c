//! A store that counts its reads, waits at a gate and fails when it is told; a clock that the test sets; waiting.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use grantor::store::{
    AuthMethod, Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision,
    StoreError, Update, Versioned,
};
use grantor::{ClientId, Clock, Timestamp, async_trait};
use grantor_storage_memory::{ClientCache, MemoryStore};

pub(crate) const NOW: i64 = 1_900_000_000;
pub(crate) const FIRST: Revision = Revision::new(41);

/// Moves only when it is told.
#[derive(Debug)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(SeqCst)).unwrap()
    }
}

/// The store behind the cache. A clone is a further handle.
#[derive(Clone, Debug)]
pub(crate) struct Behind(Arc<State>);

#[derive(Debug)]
struct State {
    store: MemoryStore,
    finds: AtomicUsize,
    /// Finds that have begun and neither answered nor been dropped.
    running: AtomicUsize,
    fails: AtomicBool,
    panics: AtomicBool,
    /// A find polls itself once more before it answers.
    yields: AtomicBool,
    gate: AtomicBool,
    held: Mutex<Vec<Arc<Held>>>,
}

#[derive(Debug, Default)]
struct Held {
    released: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Behind {
    pub(crate) fn finds(&self) -> usize {
        self.0.finds.load(SeqCst)
    }

    pub(crate) fn running(&self) -> usize {
        self.0.running.load(SeqCst)
    }

    pub(crate) fn fail(&self, fails: bool) {
        self.0.fails.store(fails, SeqCst);
    }

    pub(crate) fn panic(&self, panics: bool) {
        self.0.panics.store(panics, SeqCst);
    }

    pub(crate) fn yield_once(&self) {
        self.0.yields.store(true, SeqCst);
    }

    /// Calls that arrive from now on wait at the gate, after they have read and before they answer.
    pub(crate) fn shut(&self) {
        self.0.gate.store(true, SeqCst);
    }

    /// Calls that arrive from now on pass. Those that wait go on waiting.
    pub(crate) fn open(&self) {
        self.0.gate.store(false, SeqCst);
    }

    /// Those that wait pass.
    pub(crate) fn release(&self) {
        for waker in self.release_unwoken() {
            waker.wake();
        }
    }

    /// Those that wait would pass, if they looked.
    pub(crate) fn release_unwoken(&self) -> Vec<Waker> {
        let held: Vec<_> = self.0.held.lock().unwrap().drain(..).collect();
        let release = |held: Arc<Held>| {
            held.released.store(true, SeqCst);
            held.waker.lock().unwrap().take()
        };
        held.into_iter().filter_map(release).collect()
    }

    /// Past the cache, as another process would.
    pub(crate) fn elsewhere(&self) -> &MemoryStore {
        &self.0.store
    }

    async fn pass(&self) -> Result<(), StoreError> {
        let mut yields = self.0.yields.load(SeqCst);
        poll_fn(|context| {
            if yields {
                yields = false;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        if self.0.gate.load(SeqCst) {
            let held = Arc::new(Held::default());
            self.0.held.lock().unwrap().push(held.clone());
            poll_fn(|context| {
                *held.waker.lock().unwrap() = Some(context.waker().clone());
                if held.released.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        assert!(!self.0.panics.load(SeqCst), "told to panic");
        if self.0.fails.load(SeqCst) { Err(StoreError::unavailable("told to fail")) } else { Ok(()) }
    }
}

#[async_trait]
impl ClientStore for Behind {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.0.finds.fetch_add(1, SeqCst);
        self.0.running.fetch_add(1, SeqCst);
        let _running = Running(&self.0.running);
        let read = self.0.store.find(id).await;
        self.pass().await?;
        read
    }

    fn caveats(&self) -> Vec<String> {
        vec!["what the store behind says".to_owned()]
    }
}

struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A change is done, and then it may wait or fail: "perhaps stored".
#[async_trait]
impl ClientRegistry for Behind {
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(self, id).await
    }

    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        let done = ClientRegistry::insert(&self.0.store, first, client).await;
        self.pass().await?;
        done
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        let done = self.0.store.update(expected, client).await;
        self.pass().await?;
        done
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let done = self.0.store.delete(id).await;
        self.pass().await?;
        done
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        self.0.store.list(query).await
    }
}

pub(crate) type Cache = ClientCache<Behind>;

/// A cache of 5 s whose clock stands at [`NOW`], and what is behind it.
pub(crate) fn cache() -> (Cache, Behind, Arc<ManualClock>) {
    bounded(10_000)
}

pub(crate) fn bounded(most: usize) -> (Cache, Behind, Arc<ManualClock>) {
    let behind = Behind(Arc::new(State {
        store: MemoryStore::new(),
        finds: AtomicUsize::new(0),
        running: AtomicUsize::new(0),
        fails: AtomicBool::new(false),
        panics: AtomicBool::new(false),
        yields: AtomicBool::new(false),
        gate: AtomicBool::new(false),
        held: Mutex::default(),
    }));
    let clock = Arc::new(ManualClock(AtomicI64::new(NOW)));
    let cache = ClientCache::builder(behind.clone()).max_clients(most).clock(clock.clone()).build().unwrap();
    (cache, behind, clock)
}

/// One poll, by a task that nobody wakes.
pub(crate) fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The answer of what need not wait.
pub(crate) fn done<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waited"),
    }
}

/// The answer, on a thread that waits for its wake. Nobody is left hanging for more than 20 s.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    #[derive(Default)]
    struct Bell(Mutex<bool>, Condvar);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() = true;
            self.1.notify_one();
        }
    }
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return answer;
        }
        let rung = bell.0.lock().unwrap();
        let limit = Duration::from_secs(20);
        let (mut rung, timeout) = bell.1.wait_timeout_while(rung, limit, |rung| !*rung).unwrap();
        assert!(!timeout.timed_out(), "left hanging: nobody woke it");
        *rung = false;
    }
}

pub(crate) fn id(text: &str) -> ClientId {
    ClientId::new(text).unwrap()
}

pub(crate) fn named(text: &str, name: &str) -> Client {
    Client::builder(id(text), AuthMethod::CLIENT_SECRET_BASIC).name(name).build().unwrap()
}

/// Stores a client past the cache, at revision [`FIRST`].
pub(crate) fn insert(behind: &Behind, text: &str, name: &str) {
    let inserted = done(ClientRegistry::insert(behind.elsewhere(), FIRST, &named(text, name)));
    assert_eq!(inserted.unwrap(), Insert::Done);
}

/// The name of the client that the cache finds, or none.
pub(crate) fn find(cache: &Cache, text: &str) -> Option<String> {
    name(done(cache.find(&id(text))))
}

pub(crate) fn name(found: Result<Option<Versioned<Client>>, StoreError>) -> Option<String> {
    found.unwrap().map(|client| client.record().name().unwrap().to_owned())
}
