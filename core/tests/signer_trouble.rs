//! Signers on a bad day: away, refusing, confused, replaced.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor::{
    AuthorizationServer, ConfigError, KeyId, KeyRotation, Signer, SignerError, SignerKey, SigningAlgorithm,
    Stores, async_trait,
};
use support::*;

const DAY: i64 = 24 * 3600;

async fn kids(server: &AuthorizationServer) -> Vec<KeyId> {
    server.signing_keys().list().await.unwrap().iter().map(|key| key.kid().clone()).collect()
}

/// A signer that makes keys and refuses to delete them, or makes what was not asked for.
#[derive(Clone, Debug, Default)]
struct Counting {
    made: Arc<AtomicUsize>,
    deleted: Arc<Mutex<Vec<String>>>,
    refuses: Arc<AtomicBool>,
    is_confused: Arc<AtomicBool>,
    is_away: Arc<AtomicBool>,
    name: &'static str,
}

#[async_trait]
impl Signer for Counting {
    fn name(&self) -> &str {
        self.name
    }

    async fn create(&self, _algorithm: SigningAlgorithm) -> Result<SignerKey, SignerError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(SignerError::unavailable("kms-down-7f3"));
        }
        let at = self.made.fetch_add(1, Ordering::SeqCst);
        let alg = if self.is_confused.load(Ordering::SeqCst) { "ES384" } else { "ES256" };
        Ok(SignerKey::new(format!("key-{at}"), Signing::new(alg).public()))
    }

    async fn sign(&self, _: &str, _: SigningAlgorithm, _: &[u8]) -> Result<Vec<u8>, SignerError> {
        Err(SignerError::refused("not here"))
    }

    async fn delete(&self, key: &str) -> Result<(), SignerError> {
        self.deleted.lock().unwrap().push(key.to_owned());
        if self.refuses.load(Ordering::SeqCst) {
            return Err(SignerError::refused("AccessDenied-7f3"));
        }
        Ok(())
    }
}

#[tokio::test]
async fn s7_while_nothing_can_be_written_one_key_lies_ready() {
    let (world, signer) = (World::new(), Counting { name: "kms", ..Counting::default() });
    world.server().await;
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).signer(signer.clone()).build().await.unwrap();
    world.clock.advance(89 * DAY);
    *keys.replace.lock().unwrap() = FakeReplace::Unavailable;
    for _ in 0..100 {
        world.clock.advance(5);
        server.maintain().await;
    }
    assert_eq!(signer.made.load(Ordering::SeqCst), 1);
    *keys.replace.lock().unwrap() = FakeReplace::PassOn;
    world.clock.advance(5);
    server.maintain().await;
    assert_eq!(signer.made.load(Ordering::SeqCst), 1);
    assert_eq!(kids(&server).await.len(), 2);
    assert!(signer.deleted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn s7_a_key_that_was_not_asked_for_is_deleted_again() {
    let (world, signer) = (World::new(), Counting { name: "kms", ..Counting::default() });
    signer.is_confused.store(true, Ordering::SeqCst);
    world.builder().signer(signer.clone()).build().await.unwrap_err();
    assert_eq!(*signer.deleted.lock().unwrap(), ["key-0"]);
}

/// An account that may make keys and not delete them: no reason not to start, and not asked all the time.
#[tokio::test]
async fn s7_a_signer_that_refuses_to_delete_stops_no_start() {
    let (world, signer) = (World::new(), Counting { name: "kms", ..Counting::default() });
    world.builder().signer(signer.clone()).build().await.unwrap();
    signer.refuses.store(true, Ordering::SeqCst);
    world.clock.advance(120 * DAY);
    let server = world.builder().signer(signer.clone()).build().await.unwrap();
    for _ in 0..300 {
        world.clock.advance(5);
        server.maintain().await;
    }
    assert!(world.events.all().iter().any(|seen| seen.source.contains("AccessDenied-7f3")));
    assert_eq!(signer.deleted.lock().unwrap().len(), 1, "once an hour");
}

/// From one signer to another: both sign until the keys of the first have ended, and then it may go.
#[tokio::test]
async fn s7_a_signer_can_be_replaced() {
    let world = World::new();
    let (old, new) =
        (Counting { name: "old", ..Counting::default() }, Counting { name: "new", ..Counting::default() });
    let rotation =
        KeyRotation::default().every(Duration::from_secs(2000)).propagation(Duration::from_secs(100));
    let with = || world.builder().key_rotation(rotation);
    with().signer(old.clone()).build().await.unwrap();
    assert!(with().signer(new.clone()).build().await.is_err(), "the key that signs is held by the old one");
    let both = with().signer(old.clone()).signer(new.clone()).build().await.unwrap();
    both.signing_keys().rotate().await.unwrap();
    assert_eq!((old.made.load(Ordering::SeqCst), new.made.load(Ordering::SeqCst)), (1, 1));
    world.clock.advance(150);
    both.maintain().await;
    with().signer(new.clone()).build().await.unwrap();
    for (one, other) in [("twice", "twice"), ("", "x")] {
        let names = [one, other].map(|name| Counting { name, ..Counting::default() });
        let [first, second] = names;
        let error = with().signer(first).signer(second).build().await.unwrap_err();
        assert!(matches!(error, ConfigError::Signer { .. }), "{error}");
    }
}

#[tokio::test]
async fn s7_an_emergency_waits_for_no_signer() {
    let (world, signer) = (World::new(), Counting { name: "kms", ..Counting::default() });
    let server = world.builder().signer(signer.clone()).build().await.unwrap();
    let only = kids(&server).await[0].clone();
    signer.is_away.store(true, Ordering::SeqCst);
    server.signing_keys().retire(&only, "compromised").await.unwrap();
    assert!(jwks(&server).await.is_empty());
    assert!(
        world.events.all().iter().any(|seen| seen.source.contains("kms-down-7f3")),
        "and says what is missing"
    );
    signer.is_away.store(false, Ordering::SeqCst);
    world.clock.advance(5);
    server.maintain().await;
    assert_eq!(jwks(&server).await.len(), 1);
}

/// A key that its signer may have deleted is not taken again, and one that it keeps is in no other's way.
#[tokio::test]
async fn s7_what_a_signer_would_not_delete_is_asked_for_by_itself() {
    let (world, signer) = (World::new(), Counting { name: "kms", ..Counting::default() });
    let keys = FakeKeys::new(&world.store);
    let stores = || Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores()).signer(signer.clone()).build().await.unwrap();
    signer.refuses.store(true, Ordering::SeqCst);
    *keys.replace.lock().unwrap() = FakeReplace::AlwaysLost;
    assert!(server.signing_keys().rotate().await.is_err());
    assert_eq!(signer.made.load(Ordering::SeqCst), 2);
    *keys.replace.lock().unwrap() = FakeReplace::PassOn;
    server.signing_keys().rotate().await.unwrap();
    assert_eq!(signer.made.load(Ordering::SeqCst), 3, "another one");
    signer.refuses.store(false, Ordering::SeqCst);
    world.clock.advance(3600);
    server.maintain().await;
    assert_eq!(signer.deleted.lock().unwrap().last().map(String::as_str), Some("key-1"));
}
