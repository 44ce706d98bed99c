//! A clock that the test sets, races, and records to store.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;

use grantor::store::{AuthMethod, ClaimMatch, Client, InitialAccess, IssuerKeys, TokenRecord, TrustedIssuer};
use grantor::{ClientId, Clock, IssuerName, Jti, ProofId, ResourceUri, Timestamp, TokenId};
use grantor_storage_memory::{MemoryStore, MemoryStoreBuilder};

pub(crate) const NOW: i64 = 1_900_000_000;

/// Moves only when it is told.
#[derive(Debug)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// A builder whose clock stands at [`NOW`].
pub(crate) fn builder() -> (MemoryStoreBuilder, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock(AtomicI64::new(NOW)));
    (MemoryStore::builder().clock(clock.clone()), clock)
}

pub(crate) fn store() -> MemoryStore {
    builder().0.build()
}

/// The answer of a method of the store, which never waits.
pub(crate) fn done<F: Future>(method: F) -> F::Output {
    match pin!(method).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a method of the memory store waited"),
    }
}

/// All threads run each round at once. Yields the answers by round. A thread that panics keeps coming to the
/// barrier, so that the test fails and does not hang.
pub(crate) fn race<T: Send>(
    threads: usize,
    rounds: usize,
    run: impl Fn(usize, usize) -> T + Sync,
) -> Vec<Vec<T>> {
    let barrier = Barrier::new(threads);
    let (barrier, run) = (&barrier, &run);
    let one_thread = move |thread| {
        let one_round = |round| {
            barrier.wait();
            catch_unwind(AssertUnwindSafe(|| run(round, thread)))
        };
        (0..rounds).map(one_round).collect::<Vec<_>>().into_iter()
    };
    let mut by_thread: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one_thread(thread))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let one_round = |_| by_thread.iter_mut().map(|answers| answers.next().unwrap().unwrap()).collect();
    (0..rounds).map(one_round).collect()
}

/// 32 bytes that begin alike, as a hostile caller would choose them.
fn bytes(number: usize) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}

pub(crate) fn proof(number: usize) -> ProofId {
    ProofId::from_bytes(bytes(number))
}

pub(crate) fn token(number: usize) -> TokenId {
    TokenId::from_bytes(bytes(number))
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

/// A token of `subject` that a store must keep until `until`.
pub(crate) fn record(subject: &str, until: i64) -> TokenRecord {
    let audience = ResourceUri::new("https://api.example.com").unwrap();
    let record =
        TokenRecord::builder(id("client"), audience, Jti::new("jti").unwrap(), at(NOW), at(until - 60))
            .subject(subject)
            .build();
    assert_eq!(record.until(), at(until));
    record
}

pub(crate) fn id(text: &str) -> ClientId {
    ClientId::new(text).unwrap()
}

pub(crate) fn client(text: &str) -> Client {
    Client::builder(id(text), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap()
}

pub(crate) fn issuer(name: &str) -> TrustedIssuer {
    let name = IssuerName::new(name).unwrap();
    TrustedIssuer::builder(name, IssuerKeys::Discovery, ClaimMatch::Any).build().unwrap()
}

pub(crate) fn access(id: &str) -> InitialAccess {
    let digest = "A".repeat(43);
    InitialAccess::from_document(&format!(r#"{{"v":1,"id":"{id}","digest":"{digest}"}}"#)).unwrap()
}

pub(crate) fn named(text: &str, name: &str) -> Client {
    client(text).to_builder().name(name).build().unwrap()
}
