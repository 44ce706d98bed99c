//! Signing keys that rotate by themselves (design §7): what requests, verifiers and the operator see of it. The laws over all
//! schedules are in `src/keys/laws.rs`, the protocol between nodes in `src/keys/model.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
// ring takes no other source of randomness.
#![allow(clippy::disallowed_methods)]

mod support;

use std::sync::{Arc, Barrier};
use std::time::Duration;

use grantor::event::Reason;
use grantor::http::Request;
use grantor::store::KeyStore;
use grantor::{
    AuthorizationServer, Builder, ConfigError, ImportedKey, KeyId, KeyRotation, Resource, SigningAlgorithm,
    SigningKeyHolder, SigningKeyInfo, SigningKeyState, Stores,
};
use support::*;

const EVERY: i64 = 10_000;
const PROPAGATION: i64 = 1_000;

fn rotation() -> KeyRotation {
    let seconds = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
    KeyRotation::default().every(seconds(EVERY)).propagation(seconds(PROPAGATION))
}

fn rotating(world: &World) -> Builder {
    world.builder().key_rotation(rotation())
}

/// What a token of now is signed with.
async fn kid_now(world: &World, server: &AuthorizationServer, secret: &str) -> String {
    let answer = send(server, grant("demo", secret, &[])).await;
    assert_eq!(answer.status, 200, "at {}: {}", world.events.last().debug, answer.text());
    decode(&answer.access_token()).header["kid"].as_str().unwrap().to_owned()
}

async fn kids(server: &AuthorizationServer) -> Vec<String> {
    jwks(server).await.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn list(server: &AuthorizationServer) -> Vec<(String, SigningKeyState)> {
    let row = |key: &SigningKeyInfo| (key.kid().to_string(), key.state());
    server.signing_keys().list().await.unwrap().iter().map(row).collect()
}

fn kid(text: &str) -> KeyId {
    KeyId::new(text).unwrap()
}

/// Maintains every ten seconds for so long.
async fn pass(world: &World, server: &AuthorizationServer, seconds: i64) {
    for _ in 0..seconds / 10 {
        world.clock.advance(10);
        server.maintain().await;
    }
}

#[tokio::test]
async fn s7_t66_a_new_key_is_published_for_the_propagation_time_and_no_token_is_lost() {
    let world = World::new();
    let server = rotating(&world).build().await.unwrap();
    let secret = world.client("demo").await;
    let mut published_at = std::collections::HashMap::new();
    let (mut signed, mut tokens) = (Vec::new(), Vec::new());
    for step in 0..EVERY * 4 / 10 + 50 {
        pass(&world, &server, 10).await;
        let now = NOW + (step + 1) * 10;
        for kid in kids(&server).await {
            published_at.entry(kid).or_insert(now);
        }
        if step % 5 == 0 {
            let token = send(&server, grant("demo", &secret, &[])).await.access_token();
            let kid = decode(&token).header["kid"].as_str().unwrap().to_owned();
            if signed.last() != Some(&kid) {
                assert!(!signed.contains(&kid), "it does not come back");
                let known_for = now - published_at[&kid];
                assert!(signed.is_empty() || known_for >= PROPAGATION, "known for {known_for} s only");
                signed.push(kid);
            }
            tokens.push((now, token));
        }
        // In the last moments of each.
        let (ending, later): (Vec<_>, Vec<_>) =
            tokens.into_iter().partition(|(issued, _)| now >= issued + 590);
        for (_, token) in &ending {
            verified(&server, token).await;
        }
        tokens = later;
    }
    assert_eq!(signed.len(), 5, "one at first, and one after each interval");
    assert_eq!(world.events.count(&Kind::KeyCreated), 5);
    assert!(world.events.count(&Kind::KeyRemoved) >= 2);
    assert_eq!(world.events.count(&Kind::MaintenanceFailed), 0);
}

/// Requests alone bring it about, where the host has an executor and never calls `maintain`.
#[tokio::test]
async fn s7_keys_rotate_behind_the_requests_too() {
    let world = World::new();
    let executor = TestExecutor::default();
    let server = rotating(&world).executor(executor.clone()).build().await.unwrap();
    let secret = world.client("demo").await;
    let first = kid_now(&world, &server, &secret).await;
    for _ in 0..EVERY / 100 + 1 {
        world.clock.advance(100);
        kid_now(&world, &server, &secret).await;
        executor.finish().await;
    }
    assert_ne!(kid_now(&world, &server, &secret).await, first);
}

/// Neither an executor nor `maintain`: when the last key has ended, one request waits for the store.
#[tokio::test]
async fn s7_a_server_that_nobody_maintains_makes_a_key_when_it_has_none() {
    let world = World::new();
    let server = rotating(&world).build().await.unwrap();
    let secret = world.client("demo").await;
    let first = kid_now(&world, &server, &secret).await;
    world.clock.advance(EVERY * 3);
    assert_ne!(kid_now(&world, &server, &secret).await, first);
    assert_eq!(world.events.count(&Kind::KeyCreated), 2);
}

#[test]
fn s7_any_number_of_nodes_make_one_key() {
    const SERVERS: usize = 8;
    let world = Arc::new(World::new());
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime().block_on(async { rotating(&world).build().await.unwrap() });
    let barrier = Arc::new(Barrier::new(SERVERS));
    let servers: Vec<_> =
        (0..SERVERS).map(|_| runtime().block_on(async { rotating(&world).build().await.unwrap() })).collect();
    world.clock.advance(EVERY - PROPAGATION);
    let threads: Vec<_> = servers
        .into_iter()
        .map(|server| {
            let barrier = Arc::clone(&barrier);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                barrier.wait();
                runtime.block_on(async {
                    server.maintain().await;
                    kids(&server).await
                })
            })
        })
        .collect();
    let published: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(published.iter().all(|kids| *kids == published[0]), "{published:?}");
    assert_eq!(published[0].len(), 2);
    assert_eq!(world.events.count(&Kind::KeyCreated), 2, "whoever lost says nothing");
    drop(first);
}

#[tokio::test]
async fn s7_a_retired_key_ends_at_once_and_another_signs() {
    let world = World::new();
    let server = rotating(&world).build().await.unwrap();
    let other = rotating(&world).build().await.unwrap();
    let secret = world.client("demo").await;
    let token = token_of(&server, "demo", &secret).await;
    let verifier = server.access_token_verifier(API).build().unwrap();
    verifier.verify(&token).await.unwrap();
    let stolen = decode(&token).header["kid"].as_str().unwrap().to_owned();

    server.signing_keys().retire(&kid(&stolen), "compromised").await.unwrap();
    assert_eq!(world.events.count(&Kind::KeyRetired("compromised".to_owned())), 1);
    assert!(!kids(&server).await.contains(&stolen));
    inactive(&introspect(&server, "demo", &secret, &token).await, "its token");
    assert_eq!(world.events.last().kind, Kind::Introspected(Some(Reason::SigningKeyRetired)));
    assert!(verifier.verify(&token).await.is_err());
    assert_ne!(kid_now(&world, &server, &secret).await, stolen);

    world.clock.advance(5);
    other.maintain().await;
    assert!(!kids(&other).await.contains(&stolen));
    inactive(&introspect(&other, "demo", &secret, &token).await, "at the other process");
    assert_eq!(world.events.count(&Kind::KeyRetired("compromised".to_owned())), 2, "it says so too");
    assert_eq!(kid_now(&world, &other, &secret).await, kid_now(&world, &server, &secret).await);
    let restarted = rotating(&world).build().await.unwrap();
    inactive(&introspect(&restarted, "demo", &secret, &token).await, "after a restart");
    let listed = restarted.signing_keys().list().await.unwrap();
    let listed = listed.iter().find(|key| key.kid().as_str() == stolen).unwrap();
    assert_eq!(listed.state(), SigningKeyState::Retired);
    assert_eq!(listed.record().retired().unwrap().because, "compromised");
}

/// Verifiers know the next key already, so it is the one to take.
#[tokio::test]
async fn s7_after_a_retired_key_the_next_one_signs_if_it_is_known() {
    let world = World::new();
    let server = rotating(&world).build().await.unwrap();
    let secret = world.client("demo").await;
    let first = kid_now(&world, &server, &secret).await;
    pass(&world, &server, EVERY - PROPAGATION).await;
    let states = list(&server).await;
    let [(next, SigningKeyState::Scheduled), (current, SigningKeyState::Signing)] = &states[..] else {
        panic!("{states:?}")
    };
    assert_eq!(*current, first);
    server.signing_keys().retire(&kid(current), "laptop stolen").await.unwrap();
    assert_eq!(kid_now(&world, &server, &secret).await, *next);
    assert_eq!(world.events.count(&Kind::KeyCreated), 2, "no third one");
}

#[tokio::test]
async fn s7_a_restored_store_gets_the_retirement_back() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).key_rotation(rotation()).build().await.unwrap();
    let secret = world.client("demo").await;
    let token = token_of(&server, "demo", &secret).await;
    let (backup, _) = KeyStore::load(&world.store).await.unwrap();
    let stolen = decode(&token).header["kid"].as_str().unwrap().to_owned();
    server.signing_keys().retire(&kid(&stolen), "compromised").await.unwrap();
    let (_, revision) = KeyStore::load(&world.store).await.unwrap();
    let _ = KeyStore::replace(&world.store, revision, &backup).await.unwrap();
    world.clock.advance(5);
    server.maintain().await;
    inactive(&introspect(&server, "demo", &secret, &token).await, "the trust does not come back");
    let (set, _) = KeyStore::load(&world.store).await.unwrap();
    let restored = set.keys().iter().find(|key| key.kid().as_str() == stolen).unwrap();
    assert_eq!(restored.retired().unwrap().because, "compromised", "and the store knows again");
}

#[tokio::test]
async fn s7_an_unknown_key_cannot_be_retired() {
    let world = World::new();
    let server = world.server().await;
    let error = server.signing_keys().retire(&kid("nobody"), "compromised").await.unwrap_err();
    assert!(error.to_string().contains("nobody") && !error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn s7_an_administrator_rotates_now_or_soon() {
    let world = World::new();
    let server = rotating(&world).build().await.unwrap();
    let secret = world.client("demo").await;
    let first = kid_now(&world, &server, &secret).await;
    server.signing_keys().rotate().await.unwrap();
    let second = list(&server).await[0].clone();
    assert_eq!(second.1, SigningKeyState::Scheduled);
    assert!(kids(&server).await.contains(&second.0), "known at once");
    pass(&world, &server, PROPAGATION).await;
    assert_eq!(kid_now(&world, &server, &secret).await, first, "not a second too early");
    pass(&world, &server, 20).await;
    assert_eq!(kid_now(&world, &server, &secret).await, second.0);
    server.signing_keys().rotate_now().await.unwrap();
    let third = kid_now(&world, &server, &secret).await;
    assert!(third != first && third != second.0);
    assert!(kids(&server).await.contains(&second.0), "for its tokens");
}

/// Beside the servers: nothing is made because nothing is there.
#[tokio::test]
async fn s7_looking_at_the_keys_makes_none() {
    let world = World::new();
    let keys = rotating(&world).signing_keys().unwrap();
    assert!(keys.list().await.unwrap().is_empty());
    assert_eq!(KeyStore::load(&world.store).await.unwrap().1, grantor::store::Revision::ABSENT);
    let server = rotating(&world).build().await.unwrap();
    let listed = keys.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    keys.retire(listed[0].kid(), "compromised").await.unwrap();
    world.clock.advance(5);
    server.maintain().await;
    assert!(!kids(&server).await.contains(&listed[0].kid().to_string()));
}

/// For as long as nothing can be written: the key goes on past its interval, then its tokens get shorter, and no token outlives
/// its key. Nothing is made up, and one read is enough to go on.
#[tokio::test]
async fn s7_a_store_that_is_away_for_long_costs_no_token_its_life() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).key_rotation(rotation()).build().await.unwrap();
    let secret = world.client("demo").await;
    *keys.replace.lock().unwrap() = FakeReplace::Unavailable;
    let record = server.signing_keys().list().await.unwrap()[0].record().clone();
    let ends = record.published_until().unwrap().as_unix();
    let mut lives = Vec::new();
    let mut now = NOW;
    while now < ends {
        let answer = send(&server, grant("demo", &secret, &[])).await;
        if answer.status != 200 {
            break;
        }
        let token = verified(&server, &answer.access_token()).await;
        assert!(token.number("exp") < ends, "no token outlives the publication of its key");
        assert_eq!(token.number("exp") - now, answer.json()["expires_in"].as_i64().unwrap(), "said as it is");
        lives.push(token.number("exp") - now);
        world.clock.advance(50);
        now += 50;
        server.maintain().await;
    }
    assert_eq!(lives[0], 600);
    assert!(now >= NOW + EVERY * 5 / 4 + 500, "ended at {}", now - NOW);
    assert!(lives.is_sorted_by(|one, next| one >= next), "{lives:?}");
    assert!(*lives.last().unwrap() < 100);
    *keys.replace.lock().unwrap() = FakeReplace::PassOn;
    world.clock.advance(50);
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200, "by itself");
    assert_eq!(kids(&server).await.len(), 1);
}

/// Shorter or longer than what was written: the next key comes by the new interval, and what was written stays.
#[tokio::test]
async fn s7_a_changed_interval_leaves_no_gap() {
    for (interval, first_change) in [(EVERY / 5, EVERY / 5), (EVERY * 50, EVERY)] {
        let world = World::new();
        rotating(&world).build().await.unwrap();
        let changed = rotation().every(Duration::from_secs(interval.unsigned_abs()));
        let server = world.builder().key_rotation(changed).build().await.unwrap();
        let secret = world.client("demo").await;
        let first = kid_now(&world, &server, &secret).await;
        let before = server.signing_keys().list().await.unwrap()[0].record().clone();
        let mut changed_after = 0;
        while kid_now(&world, &server, &secret).await == first {
            pass(&world, &server, 50).await;
            changed_after += 50;
            assert!(changed_after < EVERY * 2, "it never changes");
        }
        assert!((first_change..first_change + PROPAGATION + 50).contains(&changed_after), "{changed_after}");
        let after = server.signing_keys().list().await.unwrap();
        let after = after.iter().find(|key| key.kid() == before.kid()).unwrap();
        assert_eq!(*after.record(), before, "written once");
    }
}

#[tokio::test]
async fn s6_private_keys_are_sealed_anew_under_the_newest_host_key() {
    let world = World::new();
    world.server().await;
    let build = |keys: &[(&str, u8)]| {
        AuthorizationServer::builder(ISSUER, world.store.clone(), host_keys(keys))
            .clock(world.clock.clone())
            .events(world.events.clone())
            .resource(Resource::new(API).scopes(["read", "write"]))
    };
    let own = world.host_keys.ids().next().unwrap().as_str().to_owned();
    let old = world.server().await;
    let rotated = build(&[("b", 2), (&own, 1)]).build().await.unwrap();
    assert_eq!(world.events.count(&Kind::KeyResealed), 0, "a rollout can be taken back");
    build(&[(&own, 1)]).build().await.unwrap();
    world.clock.advance(3600);
    rotated.maintain().await;
    assert_eq!(world.events.count(&Kind::KeyResealed), 1);
    assert_eq!(kids(&rotated).await, kids(&old).await);
    let secret = world.client("demo").await;
    old.maintain().await;
    assert!(world.events.last().source.contains("host key `b`"), "it says what it lacks");
    assert_eq!(send(&old, grant("demo", &secret, &[])).await.status, 200, "a server of before goes on");
    let newest_alone = build(&[("b", 2)]).build().await.unwrap();
    assert_eq!(kids(&newest_alone).await, kids(&old).await, "the old host key may go");
}

#[tokio::test]
async fn s7_several_algorithms_rotate_side_by_side() {
    let world = World::new();
    let both = |world: &World| {
        rotating(world)
            .resource(Resource::new("https://ed.example.com").signing_algorithm(SigningAlgorithm::EdDsa))
    };
    let server = both(&world).build().await.unwrap();
    pass(&world, &server, EVERY - PROPAGATION).await;
    let states = list(&server).await;
    let count = |state| states.iter().filter(|(_, own)| *own == state).count();
    assert_eq!((count(SigningKeyState::Signing), count(SigningKeyState::Scheduled)), (2, 2), "{states:?}");
}

#[tokio::test]
async fn s7_the_key_set_may_be_kept_no_longer_than_the_propagation_allows() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let short = KeyRotation::default().propagation(Duration::from_secs(100));
    let server = world.over(stores).key_rotation(short).build().await.unwrap();
    let published = async |tag: Option<&str>| {
        let request = Request::builder("GET", "/.well-known/jwks.json");
        let request = tag.into_iter().fold(request, |request, tag| request.header("if-none-match", tag));
        Answer::of(server.jwks(request.build()).await)
    };
    let first = published(None).await;
    assert_eq!(first.header("cache-control"), Some("public, max-age=99"));
    let tag = first.header("etag").unwrap().to_owned();
    let again = published(Some(&tag)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("cache-control"), Some("public, max-age=99"));
    keys.fail_next_load(grantor::store::StoreError::unavailable("key-table-down-7f3"));
    world.clock.advance(40);
    server.maintain().await;
    assert_eq!(published(None).await.header("cache-control"), Some("public, max-age=59"), "read 40 s ago");
    server.signing_keys().rotate().await.unwrap();
    let changed = published(Some(&tag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn s7_a_rotation_that_cannot_be_kept_is_a_config_error() {
    let seconds = Duration::from_secs;
    let day = 24 * 3600;
    let base = KeyRotation::default();
    for (wrong, says) in [
        (base.propagation(seconds(0)), "propagation"),
        (base.propagation(Duration::from_millis(1500)), "whole seconds"),
        (base.every(Duration::from_millis(day * 1000 + 1)), "whole seconds"),
        (base.every(seconds(day)), "propagation time"),
        (base.every(seconds(0)), "every"),
        (base.every(seconds(731 * day)), "2 years"),
        (base.propagation(seconds(1)).every(seconds(20)), "too many keys"),
    ] {
        let error = World::new().builder().key_rotation(wrong).build().await.unwrap_err();
        assert!(matches!(error, ConfigError::KeyRotation { .. }), "{wrong:?}: {error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// A key for ES256, as `openssl pkey` writes it.
fn pem() -> String {
    let random = ring::rand::SystemRandom::new();
    let scheme = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = ring::signature::EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
    let text = data_encoding::BASE64.encode(pkcs8.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// A key that signed elsewhere: known first, then used, then replaced as every other.
#[tokio::test]
async fn s7_an_imported_key_is_the_next_one() {
    let world = World::new();
    let server = rotating(&world).build().await.unwrap();
    let secret = world.client("demo").await;
    let first = kid_now(&world, &server, &secret).await;
    let pem = pem();
    let imported = || ImportedKey::from_pem(&pem, None).unwrap();
    let own = imported().kid();
    server.signing_keys().import(imported(), false).await.unwrap();
    assert!(kids(&server).await.contains(&own), "known at once");
    assert_eq!(kid_now(&world, &server, &secret).await, first);
    pass(&world, &server, PROPAGATION + 20).await;
    assert_eq!(kid_now(&world, &server, &secret).await, own);
    let error = server.signing_keys().import(imported(), true).await.unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    let listed = server.signing_keys().list().await.unwrap();
    let listed = listed.iter().find(|key| key.kid().as_str() == own).unwrap();
    assert!(matches!(listed.holder(), SigningKeyHolder::Sealed(_)));
    assert_eq!(listed.public().unwrap().thumbprint(), own);
    pass(&world, &server, EVERY).await;
    assert_ne!(kid_now(&world, &server, &secret).await, own);
}

/// Before the first server starts: no other key is made.
#[tokio::test]
async fn s7_an_imported_key_can_be_the_first() {
    let world = World::new();
    let imported = ImportedKey::from_pem(&pem(), None).unwrap();
    let own = imported.kid();
    rotating(&world).signing_keys().unwrap().import(imported, false).await.unwrap();
    let server = rotating(&world).build().await.unwrap();
    assert_eq!(kids(&server).await, [own]);
}

/// Where the interval is as short as can be, the first turn makes the first key and the next ones.
#[tokio::test]
async fn s7_the_keys_of_one_turn_are_different_ones() {
    let world = World::new();
    let rotation = KeyRotation::default().every(Duration::from_secs(2)).propagation(Duration::from_secs(1));
    let api = Resource::new("https://short.example").lifetime(Duration::from_secs(4));
    let bare = world.bare().clock_skew(Duration::ZERO).key_rotation(rotation);
    let server = bare.resource(api).build().await.unwrap();
    assert_eq!(world.events.count(&Kind::MaintenanceFailed), 0, "{}", world.events.last().source);
    assert!(kids(&server).await.len() >= 2);
}
