//! Signing keys on a bad day: stores that lose, lag and refuse, clocks far off, records that are damaged.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use grantor::store::{KeySet, KeyStore, Replace, Revision, StoreError};
use grantor::{
    AuthorizationServer, ConfigError, KeyId, KeyRotation, Resource, SigningAlgorithm, SigningKeyState,
    Stores, async_trait,
};
use grantor_storage_memory::MemoryStore;
use support::*;

const DAY: i64 = 24 * 3600;

async fn kids(server: &AuthorizationServer) -> Vec<KeyId> {
    server.signing_keys().list().await.unwrap().iter().map(|key| key.kid().clone()).collect()
}

async fn status(server: &AuthorizationServer, secret: &str) -> u16 {
    send(server, grant("demo", secret, &[])).await.status
}

/// A key store of which one load answers late.
#[derive(Clone, Debug)]
struct LateLoad {
    inner: MemoryStore,
    hold: Arc<AtomicBool>,
    held: Arc<tokio::sync::Notify>,
    go: Arc<tokio::sync::Notify>,
}

#[async_trait]
impl KeyStore for LateLoad {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        let loaded = KeyStore::load(&self.inner).await;
        if self.hold.swap(false, Ordering::SeqCst) {
            self.held.notify_one();
            self.go.notified().await;
        }
        loaded
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        KeyStore::replace(&self.inner, expected, keys).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What this process has written while a read was under way is no step back of the store.
#[tokio::test]
async fn s7_a_read_that_answers_late_takes_nothing_back() {
    let world = World::new();
    let secret = world.client("demo").await;
    let keys = LateLoad {
        inner: world.store.clone(),
        hold: Arc::default(),
        held: Arc::default(),
        go: Arc::default(),
    };
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    let stolen = kids(&server).await[0].clone();
    world.clock.advance(5);
    keys.hold.store(true, Ordering::SeqCst);
    let reading = tokio::spawn({
        let server = server.clone();
        async move { server.maintain().await }
    });
    keys.held.notified().await;
    server.signing_keys().retire(&stolen, "compromised").await.unwrap();
    assert_eq!(status(&server, &secret).await, 200);
    keys.go.notify_one();
    reading.await.unwrap();
    assert_eq!(world.events.count(&Kind::MaintenanceFailed), 0, "no false alarm");
    assert_eq!(status(&server, &secret).await, 200);
    assert!(jwks(&server).await.iter().all(|key| key["kid"] != stolen.as_str()));
}

#[tokio::test]
async fn s7_a_wish_that_came_to_nothing_is_an_error() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let (server, other) = (world.over(stores).build().await.unwrap(), world.server().await);
    other.signing_keys().rotate_now().await.unwrap();
    world.clock.advance(5);
    server.maintain().await;
    let [newer, older] = &kids(&other).await[..] else { panic!("two keys") };
    // What another process did meanwhile is not what was wished here.
    other.signing_keys().retire(newer, "other").await.unwrap();
    *keys.replace.lock().unwrap() = FakeReplace::Unavailable;
    let error = server.signing_keys().retire(older, "compromised").await.unwrap_err();
    assert!(error.is_unavailable());
    let error = server.signing_keys().retire(&KeyId::new("nobody").unwrap(), "x").await.unwrap_err();
    assert!(error.to_string().contains("nobody"));
    *keys.replace.lock().unwrap() = FakeReplace::PassOn;
    server.signing_keys().retire(older, "compromised").await.unwrap();
}

/// A fail-over that lost a key: its tokens verify until they expire, for as long as this process lives.
#[tokio::test]
async fn s7_t101_keys_that_a_store_has_lost_stay_published() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    let secret = world.client("demo").await;
    let (before, _) = KeyStore::load(&world.store).await.unwrap();
    server.signing_keys().rotate_now().await.unwrap();
    let token = send(&server, grant("demo", &secret, &[])).await.access_token();
    let (_, revision) = KeyStore::load(&world.store).await.unwrap();
    // Restored under the revision at which it is: the keys tell.
    let lost = MemoryStore::new();
    let mut at = Revision::ABSENT;
    while at < revision {
        assert_eq!(KeyStore::replace(&lost, at, &before).await.unwrap(), Replace::Won);
        at = at.next();
    }
    *keys.instead.lock().unwrap() = Some(lost);
    for turn in 0..20 {
        world.clock.advance(5);
        server.maintain().await;
        verified(&server, &token).await;
        active(&introspect(&server, "demo", &secret, &token).await, turn);
    }
}

/// One process whose clock is twenty years ahead for a moment.
#[tokio::test]
async fn s7_t103_a_clock_that_is_far_off_destroys_nothing() {
    let world = World::new();
    let secret = world.client("demo").await;
    let server = world.server().await;
    let token = send(&server, grant("demo", &secret, &[])).await.access_token();
    let years = 20 * 365 * DAY;
    world.clock.advance(years);
    world.server().await.maintain().await;
    world.clock.advance(10 - years);
    server.maintain().await;
    verified(&server, &token).await;
    let kid = decode(&token).header["kid"].clone();
    let next = issued(&server, "demo", &secret, &[]).await;
    assert_eq!(next.header["kid"], kid, "signed as before");
    for _ in 0..100 {
        world.clock.advance(DAY);
        server.maintain().await;
    }
    assert_ne!(issued(&server, "demo", &secret, &[]).await.header["kid"], kid, "rotation goes on");
}

#[tokio::test]
async fn s7_more_keys_than_verifiers_take_are_refused() {
    let world = World::new();
    let server = world.server().await;
    let mut refused = None;
    for _ in 0..60 {
        if let Err(error) = server.signing_keys().rotate().await {
            refused = Some(error);
            break;
        }
        world.clock.advance(DAY);
        server.maintain().await;
    }
    assert!(refused.unwrap().to_string().contains("verifiers refuse"));
    assert!(jwks(&server).await.len() <= 42);
}

#[tokio::test]
async fn s7_a_damaged_key_stops_neither_the_others_nor_an_emergency() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    server.signing_keys().rotate_now().await.unwrap();
    let token = send(&server, grant("demo", &secret, &[])).await.access_token();
    let (set, revision) = KeyStore::load(&world.store).await.unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&set.to_document().unwrap()).unwrap();
    document["keys"][0]["public"]["x"] = document["keys"][1]["public"]["x"].clone();
    let damaged = KeySet::from_document(&document.to_string()).unwrap();
    let _ = KeyStore::replace(&world.store, revision, &damaged).await.unwrap();
    world.clock.advance(5);
    server.maintain().await;
    assert!(world.events.last().source.contains("damaged"), "{}", world.events.last().source);
    assert_eq!(status(&server, &secret).await, 200);
    verified(&server, &token).await;
    let good = KeyId::new(decode(&token).header["kid"].as_str().unwrap()).unwrap();
    for keys in [world.builder().signing_keys().unwrap(), server.signing_keys()] {
        keys.retire(&good, "compromised").await.unwrap();
    }
    inactive(&introspect(&server, "demo", &secret, &token).await, "its token");
    assert!(matches!(world.builder().build().await, Err(ConfigError::Keys(_))), "at start it is named");
}

/// One that was retired before it was to sign stays known as retired.
#[tokio::test]
async fn s7_a_key_that_never_signed_does_not_come_back_either() {
    let world = World::new();
    let server = world.server().await;
    server.signing_keys().rotate().await.unwrap();
    let (backup, _) = KeyStore::load(&world.store).await.unwrap();
    let next = kids(&server).await[0].clone();
    server.signing_keys().retire(&next, "compromised").await.unwrap();
    let (_, revision) = KeyStore::load(&world.store).await.unwrap();
    let _ = KeyStore::replace(&world.store, revision, &backup).await.unwrap();
    for _ in 0..3 {
        world.clock.advance(5);
        server.maintain().await;
    }
    let listed = server.signing_keys().list().await.unwrap();
    let state = listed.iter().find(|key| *key.kid() == next).map(grantor::SigningKeyInfo::state);
    assert_eq!(state, Some(SigningKeyState::Retired));
}

/// A failure that lasts is told once a minute.
#[tokio::test]
async fn s7_a_failure_that_lasts_is_told_once_a_minute() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    for _ in 0..24 {
        keys.fail_next_load(StoreError::unavailable("key-table-down-7f3"));
        world.clock.advance(5);
        server.maintain().await;
    }
    assert_eq!(world.events.count(&Kind::MaintenanceFailed), 2);
}

/// Without an executor and without `maintain`, what another process retired is heard of all the same.
#[tokio::test]
async fn s7_a_server_that_nobody_maintains_reads_the_keys_once_a_minute() {
    let world = World::new();
    let (server, other) = (world.server().await, world.server().await);
    let secret = world.client("demo").await;
    let token = token_of(&server, "demo", &secret).await;
    let stolen = KeyId::new(decode(&token).header["kid"].as_str().unwrap()).unwrap();
    other.signing_keys().retire(&stolen, "compromised").await.unwrap();
    world.clock.advance(60);
    assert_ne!(issued(&server, "demo", &secret, &[]).await.text("jti"), "");
    inactive(&introspect(&server, "demo", &secret, &token).await, "its token");
}

/// Beside the servers only what was asked is done: what they need, they know better.
#[tokio::test]
async fn s7_an_administrator_makes_no_key_that_nobody_asked_for() {
    let world = World::new();
    let server = world.server().await;
    let elsewhere = || {
        let stores = Stores::from(world.store.clone());
        AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
            .clock(world.clock.clone())
            .signing_algorithm(SigningAlgorithm::EdDsa)
            .resource(Resource::new("https://other.example.com"))
    };
    let stolen = kids(&server).await[0].clone();
    elsewhere().signing_keys().unwrap().retire(&stolen, "compromised").await.unwrap();
    assert_eq!(kids(&server).await, [stolen], "not even one that signs with EdDSA");
}

#[tokio::test]
async fn s7_times_beyond_all_bounds_are_a_config_error() {
    for rotation in [
        KeyRotation::default().propagation(Duration::MAX),
        KeyRotation::default().every(Duration::MAX),
        KeyRotation::default().propagation(Duration::MAX).every(Duration::MAX),
    ] {
        let error = World::new().builder().key_rotation(rotation).build().await.unwrap_err();
        assert!(matches!(error, ConfigError::KeyRotation { .. }));
    }
}

/// So often that the next key is due when the first one begins.
#[tokio::test]
async fn s7_the_shortest_rotation_needs_several_keys_at_once() {
    let world = World::new();
    let short = KeyRotation::default().every(Duration::from_secs(2)).propagation(Duration::from_secs(1));
    let api = Resource::new(API).scopes(["read", "write"]).lifetime(Duration::from_secs(4));
    let server =
        world.bare().resource(api).key_rotation(short).clock_skew(Duration::ZERO).build().await.unwrap();
    let secret = world.client("demo").await;
    let mut signed = Vec::new();
    for _ in 0..60 {
        let token = send(&server, grant("demo", &secret, &[])).await.access_token();
        let kid = verified(&server, &token).await.header["kid"].to_string();
        if signed.last() != Some(&kid) {
            assert!(!signed.contains(&kid));
            signed.push(kid);
        }
        world.clock.advance(1);
        server.maintain().await;
    }
    assert!(signed.len() >= 28, "{}", signed.len());
    assert_eq!(world.events.count(&Kind::MaintenanceFailed), 0);
    assert!(jwks(&server).await.len() <= 8);
}

/// The first write wins, the second one fails: the key of the first is not taken again.
#[tokio::test]
async fn s7_a_key_is_introduced_once() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    for _ in 0..3 {
        *keys.replace.lock().unwrap() = FakeReplace::PassOnce;
        let _ = server.signing_keys().rotate().await;
        *keys.replace.lock().unwrap() = FakeReplace::PassOn;
        server.signing_keys().rotate_now().await.unwrap();
    }
    assert_eq!(kids(&server).await.len(), 7);
}

#[tokio::test]
async fn s7_a_damaged_key_that_is_retired_is_in_nobodys_way() {
    let world = World::new();
    let server = world.server().await;
    server.signing_keys().rotate_now().await.unwrap();
    let (set, revision) = KeyStore::load(&world.store).await.unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&set.to_document().unwrap()).unwrap();
    document["keys"][0]["public"]["x"] = document["keys"][1]["public"]["x"].clone();
    let damaged = KeySet::from_document(&document.to_string()).unwrap();
    let _ = KeyStore::replace(&world.store, revision, &damaged).await.unwrap();
    let bad = set.keys()[0].kid();
    world.builder().signing_keys().unwrap().retire(bad, "damaged").await.unwrap();
    let restarted = world.builder().build().await.unwrap();
    restarted.signing_keys().rotate().await.unwrap();
    for _ in 0..200 {
        world.clock.advance(DAY);
        restarted.maintain().await;
    }
    assert!(!kids(&restarted).await.contains(bad), "forgotten in the end");
}

/// An administrator beside the servers has not all that they have: what signs next, they make.
#[tokio::test]
async fn s7_beside_the_servers_a_retirement_makes_no_key() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let only = kids(&server).await[0].clone();
    let stale = AuthorizationServer::builder(ISSUER, world.store.clone(), host_keys(&[("stale", 9)]))
        .clock(world.clock.clone())
        .resource(Resource::new(API));
    stale.signing_keys().unwrap().retire(&only, "compromised").await.unwrap();
    assert_eq!(kids(&server).await, [only]);
    world.clock.advance(5);
    server.maintain().await;
    assert_eq!(status(&server, &secret).await, 200, "made by the server");
    world.server().await;
}

/// Twice in a row, as a machine does whose clock has no battery.
#[tokio::test]
async fn s7_t103_a_clock_that_is_far_off_again_destroys_nothing() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let token = send(&server, grant("demo", &secret, &[])).await.access_token();
    let years = 20 * 365 * DAY;
    for _ in 0..3 {
        world.clock.advance(years);
        world.server().await.maintain().await;
        world.clock.advance(5 - years);
        server.maintain().await;
        world.clock.advance(60);
        server.maintain().await;
        verified(&server, &token).await;
    }
}

/// The store has lost a key and gone on since: a higher revision, and the key is not there.
#[tokio::test]
async fn s7_t101_a_key_that_was_lost_and_written_over_stays_published() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    let secret = world.client("demo").await;
    let (before, _) = KeyStore::load(&world.store).await.unwrap();
    server.signing_keys().rotate_now().await.unwrap();
    let token = send(&server, grant("demo", &secret, &[])).await.access_token();
    let (_, revision) = KeyStore::load(&world.store).await.unwrap();
    let _ = KeyStore::replace(&world.store, revision, &before).await.unwrap();
    for _ in 0..20 {
        world.clock.advance(5);
        server.maintain().await;
        verified(&server, &token).await;
    }
}

#[tokio::test]
async fn s7_to_retire_a_key_twice_changes_nothing() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    server.signing_keys().rotate_now().await.unwrap();
    let stolen = kids(&server).await[0].clone();
    server.signing_keys().retire(&stolen, "compromised").await.unwrap();
    server.signing_keys().rotate().await.unwrap();
    let signs = issued(&server, "demo", &secret, &[]).await.header["kid"].clone();
    server.signing_keys().retire(&stolen, "compromised").await.unwrap();
    let still = issued(&server, "demo", &secret, &[]).await.header["kid"].clone();
    assert_eq!(signs, still, "the next key is not brought forward");
}

/// A step of the clock is over when it is over.
#[tokio::test]
async fn s7_t103_a_clock_that_was_ahead_leaves_the_published_keys_to_caches() {
    let world = World::new();
    let server = world.server().await;
    world.clock.advance(365 * DAY);
    server.maintain().await;
    world.clock.advance(-365 * DAY + 5);
    server.maintain().await;
    let request = grantor::http::Request::builder("GET", "/.well-known/jwks.json");
    let answer = Answer::of(server.jwks(request.build()).await);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
}

#[tokio::test]
async fn s7_after_a_restore_the_first_wish_is_fulfilled_too() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    let (before, _) = KeyStore::load(&world.store).await.unwrap();
    server.signing_keys().rotate_now().await.unwrap();
    let restored = MemoryStore::new();
    assert_eq!(KeyStore::replace(&restored, Revision::ABSENT, &before).await.unwrap(), Replace::Won);
    *keys.instead.lock().unwrap() = Some(restored);
    let first = before.keys()[0].kid();
    server.signing_keys().retire(first, "compromised").await.unwrap();
    assert!(world.events.all().iter().any(|seen| seen.source.contains("lost or restored")));
    assert!(jwks(&server).await.iter().all(|key| key["kid"] != first.as_str()));
}
