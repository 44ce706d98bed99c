//! One read of the store for all who wait for it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use grantor::store::{Client, StoreError, Versioned};

/// What a read brought. The error is shared, since all who waited get it.
pub(super) type Read = Result<Option<Versioned<Client>>, Arc<StoreError>>;

/// A read, driven by whoever waits for it: there is no leader whose leaving could hold up the others.
///
/// Each of them polls the read itself, with a waker that wakes them all. So whoever has polled is woken when there is
/// something to do, whatever becomes of the others.
///
/// One at a time: a poll is short, and never waits.
pub(super) struct Flight {
    state: Mutex<State>,
    waiting: Arc<Waiting>,
    seats: AtomicU64,
}

enum State {
    Reading(Pin<Box<dyn Future<Output = Read> + Send>>),
    Landed(Read),
}

impl Flight {
    pub(super) fn new(read: impl Future<Output = Read> + Send + 'static) -> Arc<Self> {
        Self::begin(State::Reading(Box::pin(read)))
    }

    /// One that brings what is known already.
    pub(super) fn landed(read: Read) -> Arc<Self> {
        Self::begin(State::Landed(read))
    }

    fn begin(state: State) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(state), waiting: Arc::default(), seats: AtomicU64::new(0) })
    }

    pub(super) fn seat(self: Arc<Self>) -> Passenger {
        let seat = self.seats.fetch_add(1, Ordering::Relaxed);
        Passenger { flight: self, seat }
    }

    fn poll(&self) -> Poll<Read> {
        let mut state = lock(&self.state);
        let reading = match &mut *state {
            State::Landed(read) => return Poll::Ready(read.clone()),
            State::Reading(reading) => reading,
        };
        let waker = Waker::from(Arc::clone(&self.waiting));
        let polled =
            catch_unwind(AssertUnwindSafe(|| reading.as_mut().poll(&mut Context::from_waker(&waker))));
        let read = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(read)) => read,
            Err(_) => Err(Arc::new(StoreError::unavailable("the client store panicked"))),
        };
        let ended = mem::replace(&mut *state, State::Landed(read.clone()));
        drop(state);
        drop(ended); // foreign code, so not under the lock
        self.waiting.wake_by_ref();
        Poll::Ready(read)
    }
}

/// One caller's wait for the read.
pub(super) struct Passenger {
    flight: Arc<Flight>,
    seat: u64,
}

impl Future for Passenger {
    type Output = Read;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Read> {
        // Before the read is polled, so that no wake is missed in between.
        self.flight.waiting.sit(self.seat, context.waker());
        self.flight.poll()
    }
}

impl Drop for Passenger {
    fn drop(&mut self) {
        self.flight.waiting.leave(self.seat);
    }
}

/// The wakers of those who wait, by their seats. A waker stays until its owner leaves.
#[derive(Default)]
struct Waiting(Mutex<BTreeMap<u64, Waker>>);

/// A waker is foreign code: it is never called or dropped under the lock.
impl Waiting {
    fn sit(&self, seat: u64, waker: &Waker) {
        let waker = waker.clone();
        let _previous = lock(&self.0).insert(seat, waker);
    }

    fn leave(&self, seat: u64) {
        let _waker = lock(&self.0).remove(&seat);
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers: Vec<Waker> = lock(&self.0).values().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Nothing can panic while one of these locks is held but a read, and that is caught.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of a read that several waited for, in place of the store's own: of its kind, with its words and source.
pub(super) fn failed(error: Arc<StoreError>) -> StoreError {
    if error.is_unavailable() {
        StoreError::unavailable(SharedSource(error))
    } else {
        StoreError::corrupt(SharedSource(error))
    }
}

#[derive(Debug)]
struct SharedSource(Arc<StoreError>);

impl fmt::Display for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(source) => write!(f, "{source}"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Error for SharedSource {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source().and_then(Error::source)
    }
}
