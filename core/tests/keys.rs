//! Signing keys at start and between servers: one key for all, sealed, and never made anew in silence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use data_encoding::BASE64URL_NOPAD;
use grantor::http::Request;
use grantor::store::{KeySet, KeyStore, Replace, Revision, StoreError};
use grantor::{
    AuthorizationServer, Builder, ConfigError, HostKeys, Resource, SigningAlgorithm, Stores, async_trait,
};
use grantor_storage_memory::MemoryStore;
use serde_json::Value;
use support::*;

fn builder(keys: &MemoryStore, host_keys: HostKeys) -> Builder {
    AuthorizationServer::builder(ISSUER, keys.clone(), host_keys)
        .clock(ManualClock::new())
        .resource(Resource::new(API).scopes(["read"]))
}

async fn stored(store: &MemoryStore) -> (Value, Revision) {
    let (set, revision) = KeyStore::load(store).await.unwrap();
    (serde_json::from_str(&set.to_document().unwrap()).unwrap(), revision)
}

/// A store that holds this document.
async fn holding(document: &Value) -> MemoryStore {
    let store = MemoryStore::new();
    let set = KeySet::from_document(&document.to_string()).unwrap();
    assert_eq!(KeyStore::replace(&store, Revision::ABSENT, &set).await.unwrap(), Replace::Won);
    store
}

/// The builder must refuse, say all of `texts`, and leave the store alone.
async fn refused_by(store: &MemoryStore, builder: Builder, texts: &[&str]) {
    let before = stored(store).await;
    let error = builder.build().await.unwrap_err();
    assert!(matches!(error, ConfigError::Keys(_)), "{error}");
    let said = chain(&error);
    for text in texts {
        assert!(said.contains(text), "{said} says nothing of {text}");
    }
    assert_eq!(stored(store).await, before, "no new key is made");
}

/// Lets no server go on from its first look at the store before all have looked.
#[derive(Debug)]
struct AllLookFirst {
    inner: MemoryStore,
    barrier: Arc<Barrier>,
    looked: AtomicBool,
}

#[async_trait]
impl KeyStore for AllLookFirst {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        let found = KeyStore::load(&self.inner).await;
        if !self.looked.swap(true, Ordering::SeqCst) {
            self.barrier.wait();
        }
        found
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        KeyStore::replace(&self.inner, expected, keys).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn s7_servers_that_start_at_once_end_with_one_key() {
    const SERVERS: usize = 12;
    let (store, barrier) = (MemoryStore::new(), Arc::new(Barrier::new(SERVERS)));
    let clock = ManualClock::new();
    let threads: Vec<_> = (0..SERVERS)
        .map(|_| {
            let (inner, barrier, clock) = (store.clone(), Arc::clone(&barrier), clock.clone());
            std::thread::spawn(move || {
                let keys = AllLookFirst { inner: inner.clone(), barrier, looked: AtomicBool::new(false) };
                let stores = Stores::from(inner).with_keys(keys);
                let builder = AuthorizationServer::builder(ISSUER, stores, host_keys(&[("a", 1)]));
                let server = builder.clock(clock).resource(Resource::new(API)).build();
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async { jwks(&server.await.unwrap()).await })
            })
        })
        .collect();
    let published: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(published[0].len(), 1);
    assert!(published.iter().all(|keys| *keys == published[0]));
}

#[tokio::test]
async fn s7_keys_survive_a_restart() {
    let world = World::new();
    let secret = world.client("demo").await;
    let token = send(&world.server().await, grant("demo", &secret, &[])).await.access_token();
    world.clock.advance(100);
    let restarted = world.server().await;
    verified(&restarted, &token).await;
    assert_eq!(jwks(&restarted).await.len(), 1);
    world.events.clear();
    world.server().await;
    assert_eq!(world.events.count(&Kind::KeyCreated), 0);
}

#[tokio::test]
async fn s7_a_new_algorithm_adds_a_key_and_keeps_the_old() {
    let world = World::new();
    let secret = world.client("demo").await;
    let token = send(&world.server().await, grant("demo", &secret, &[])).await.access_token();
    let server = world.builder().signing_algorithm(SigningAlgorithm::EdDsa).build().await.unwrap();
    verified(&server, &token).await;
    assert_eq!(issued(&server, "demo", &secret, &[]).await.header["alg"], "EdDSA");
    assert_eq!(jwks(&server).await.len(), 2);
    assert_eq!(world.events.count(&Kind::KeyCreated), 2);
}

/// T103: of two servers whose clocks differ, the slower one takes the key that the other made.
#[tokio::test]
async fn s7_t103_a_clock_that_is_behind_makes_no_second_key_and_stops_no_server() {
    let world = World::new();
    let secret = world.client("demo").await;
    let ahead = world.server().await;
    for behind in [1, 9, 590] {
        world.clock.advance(-behind);
        let slower = world.server().await;
        assert_eq!(jwks(&slower).await, jwks(&ahead).await, "{behind} s");
        issued(&slower, "demo", &secret, &[]).await;
        issued(&ahead, "demo", &secret, &[]).await;
    }
}

#[tokio::test]
async fn s6_a_host_key_that_was_not_supplied_is_named_and_no_key_is_made() {
    let store = MemoryStore::new();
    builder(&store, host_keys(&[("2026-01", 1)])).build().await.unwrap();
    let kid = stored(&store).await.0["keys"][0]["kid"].as_str().unwrap().to_owned();
    refused_by(&store, builder(&store, host_keys(&[("2026-02", 2)])), &["2026-01", &kid, "not supplied"])
        .await;
    refused_by(&store, builder(&store, host_keys(&[("2026-01", 9)])), &["2026-01", &kid]).await;
    refused_by(&store, builder(&store, HostKeys::ephemeral()), &["2026-01"]).await;
    let rotated = builder(&store, host_keys(&[("2026-02", 2), ("2026-01", 1)])).build().await.unwrap();
    assert_eq!(jwks(&rotated).await[0]["kid"], kid.as_str(), "beside a newer one it still opens");
}

#[tokio::test]
async fn s6_another_issuer_on_the_same_key_store_is_refused() {
    let store = MemoryStore::new();
    builder(&store, host_keys(&[("a", 1)])).build().await.unwrap();
    let other = "https://other.example.com";
    let builder = AuthorizationServer::builder(other, store.clone(), host_keys(&[("a", 1)]));
    refused_by(&store, builder.resource(Resource::new(API)), &["another issuer"]).await;
}

#[tokio::test]
async fn s6_a_tampered_public_half_is_refused() {
    let store = MemoryStore::new();
    builder(&store, host_keys(&[("a", 1)])).build().await.unwrap();
    let other = MemoryStore::new();
    builder(&other, host_keys(&[("a", 1)])).build().await.unwrap();
    let (mut document, _) = stored(&store).await;
    document["keys"][0]["public"] = stored(&other).await.0["keys"][0]["public"].clone();
    let tampered = holding(&document).await;
    refused_by(&tampered, builder(&tampered, host_keys(&[("a", 1)])), &["damaged"]).await;
    let (mut document, _) = stored(&store).await;
    document["keys"][0]["public"]["kty"] = "RSA".into();
    let tampered = holding(&document).await;
    refused_by(&tampered, builder(&tampered, host_keys(&[("a", 1)])), &["damaged"]).await;
}

#[tokio::test]
async fn s6_a_swapped_or_changed_sealed_key_is_refused() {
    let store = MemoryStore::new();
    builder(&store, host_keys(&[("a", 1)])).build().await.unwrap();
    let both = builder(&store, host_keys(&[("a", 1)])).signing_algorithm(SigningAlgorithm::EdDsa);
    both.build().await.unwrap();
    let (document, _) = stored(&store).await;
    let mut swapped = document.clone();
    swapped["keys"][0]["private"] = document["keys"][1]["private"].clone();
    swapped["keys"][1]["private"] = document["keys"][0]["private"].clone();
    let tampered = holding(&swapped).await;
    refused_by(&tampered, builder(&tampered, host_keys(&[("a", 1)])), &["does not open it"]).await;
    for member in ["nonce", "ciphertext"] {
        let mut changed = document.clone();
        let text = &mut changed["keys"][0]["private"]["sealed"][member];
        let mut bytes = BASE64URL_NOPAD.decode(text.as_str().unwrap().as_bytes()).unwrap();
        bytes[0] ^= 1;
        *text = BASE64URL_NOPAD.encode(&bytes).into();
        let tampered = holding(&changed).await;
        refused_by(&tampered, builder(&tampered, host_keys(&[("a", 1)])), &["does not open it"]).await;
    }
    let mut renamed = document.clone();
    renamed["keys"][0]["kid"] = "another".into();
    let tampered = holding(&renamed).await;
    refused_by(&tampered, builder(&tampered, host_keys(&[("a", 1)])), &["damaged"]).await;
    let mut other_algorithm = document.clone();
    other_algorithm["keys"][0]["alg"] = "ES384".into();
    let tampered = holding(&other_algorithm).await;
    refused_by(&tampered, builder(&tampered, host_keys(&[("a", 1)])), &["damaged", "algorithm"]).await;
}

/// A key is made for one algorithm and used with no other, whatever the store says (RFC 8725 §3.1).
#[cfg(feature = "josekit")]
#[tokio::test]
async fn s6_the_algorithm_of_a_key_cannot_be_changed_in_the_store() {
    let store = MemoryStore::new();
    let rsa = |store: &MemoryStore| {
        builder(store, host_keys(&[("a", 1)]))
            .signing_algorithm(SigningAlgorithm::Rs256)
            .executor(TestExecutor::default())
    };
    rsa(&store).build().await.unwrap();
    let (mut document, _) = stored(&store).await;
    document["keys"][0]["alg"] = "PS256".into();
    let tampered = holding(&document).await;
    let pss = rsa(&tampered).signing_algorithm(SigningAlgorithm::Ps256);
    refused_by(&tampered, pss, &["does not open it"]).await;
}

#[tokio::test]
async fn s7_nothing_private_is_stored_in_the_clear() {
    let world = World::new();
    let mut builder = world.bare().executor(TestExecutor::default());
    for algorithm in SigningAlgorithm::ALL {
        let rsa = matches!(algorithm, SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256);
        if cfg!(feature = "josekit") || !rsa {
            let uri = format!("https://{algorithm}.example.com");
            builder = builder.resource(Resource::new(uri).signing_algorithm(algorithm));
        }
    }
    builder.build().await.unwrap();
    let (document, _) = stored(&world.store).await;
    // What every PKCS#8 key holds: the name of its algorithm (id-ecPublicKey, id-Ed25519, rsaEncryption, id-PSS).
    let names: [&[u8]; 4] = [
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
        &[0x06, 0x03, 0x2b, 0x65, 0x70],
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01],
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a],
    ];
    for key in document["keys"].as_array().unwrap() {
        let private = key["private"].as_object().unwrap();
        assert_eq!(private.len(), 1);
        let mut members: Vec<_> = private["sealed"].as_object().unwrap().keys().cloned().collect();
        members.sort_unstable();
        assert_eq!(members, ["ciphertext", "host_key", "nonce"]);
        let text = private["sealed"]["ciphertext"].as_str().unwrap();
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        for name in names {
            assert!(!bytes.windows(name.len()).any(|part| part == name), "{}", key["alg"]);
        }
    }
    assert!(!document.to_string().contains("PRIVATE"));
}

#[tokio::test]
async fn s4_a_key_store_that_is_corrupt_or_lets_nobody_win_is_a_config_error() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let build = || {
        let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
        AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
            .resource(Resource::new(API))
            .build()
    };
    let corrupt = StoreError::corrupt("key-set-broken-7f3");
    let text = chain(&corrupt);
    keys.fail_next_load(corrupt);
    assert!(chain(&build().await.unwrap_err()).contains(&text));
    *keys.replace.lock().unwrap() = FakeReplace::AlwaysLost;
    assert!(matches!(build().await.unwrap_err(), ConfigError::Keys(_)));
    assert_eq!(stored(&world.store).await.1, Revision::ABSENT, "nothing is stored");
    *keys.replace.lock().unwrap() = FakeReplace::PassOn;
    build().await.unwrap();
}

/// A store that comes up after the server: 503 until then, service by itself afterwards, and one key.
#[tokio::test]
async fn t77_a_key_store_that_is_away_at_start_is_waited_for() {
    for with_executor in [true, false] {
        let world = World::new();
        let keys = FakeKeys::new(&world.store);
        *keys.replace.lock().unwrap() = FakeReplace::Unavailable;
        let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
        let builder = world.over(stores);
        let executor = TestExecutor::default();
        let builder = if with_executor { builder.executor(executor.clone()) } else { builder };
        let server = builder.build().await.unwrap();
        assert_eq!(world.events.last().kind, Kind::MaintenanceFailed);
        let secret = world.client("demo").await;
        let published = || async {
            Answer::of(server.jwks(Request::builder("GET", "/.well-known/jwks.json").build()).await)
        };
        for _ in 0..3 {
            refused(&send(&server, grant("demo", &secret, &[])).await, 503, "temporarily_unavailable");
            refused(&published().await, 503, "temporarily_unavailable");
        }
        assert_eq!(keys.loads.load(Ordering::SeqCst), 1, "not asked more than once a second");
        assert_eq!(world.store.usage().claims, 0);
        *keys.replace.lock().unwrap() = FakeReplace::PassOn;
        world.clock.advance(1);
        assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
        assert_eq!(jwks(&server).await.len(), 1);
        assert_eq!(world.events.count(&Kind::KeyCreated), 1);
        assert!(server.maintain().await.as_secs() > 1, "back to the usual pace");
    }
}

/// What is wrong with the keys themselves is told by events once they can be read, and no key is made in silence.
#[tokio::test]
async fn t77_a_key_store_that_comes_up_with_keys_of_another_host_makes_none() {
    let world = World::new();
    world.server().await;
    let keys = FakeKeys::new(&world.store);
    keys.fail_next_load(StoreError::unavailable("key-table-down-7f3"));
    let stores = Stores::from(world.store.clone()).with_keys(keys);
    let server = AuthorizationServer::builder(ISSUER, stores, host_keys(&[("b", 2)]))
        .clock(world.clock.clone())
        .events(world.events.clone())
        .resource(Resource::new(API))
        .build()
        .await
        .unwrap();
    assert!(world.events.last().source.contains("key-table-down-7f3"));
    let before = stored(&world.store).await.1;
    assert_eq!(server.maintain().await.as_secs(), 1, "soon again");
    world.clock.advance(1);
    server.maintain().await;
    let seen = world.events.last();
    assert_eq!(seen.kind, Kind::MaintenanceFailed);
    assert!(seen.source.contains("host key `a`"), "{}", seen.source);
    assert_eq!(stored(&world.store).await.1, before);
}

#[tokio::test]
async fn s7_a_refresh_brings_what_another_process_wrote() {
    for with_executor in [true, false] {
        let world = World::new();
        let executor = TestExecutor::default();
        let builder = world.builder();
        let builder = if with_executor { builder.executor(executor.clone()) } else { builder };
        let server = builder.build().await.unwrap();
        let other = world.builder().signing_algorithm(SigningAlgorithm::EdDsa).build().await.unwrap();
        assert_eq!((jwks(&server).await.len(), jwks(&other).await.len()), (1, 2));
        world.clock.advance(60);
        if with_executor {
            send(&server, post(&[])).await;
            assert_eq!(executor.finish().await, 1);
        } else {
            assert!(server.maintain().await.as_secs() > 0, "when to come again");
        }
        assert_eq!(jwks(&server).await, jwks(&other).await);
    }
}

#[tokio::test]
async fn s7_a_store_that_goes_back_in_time_takes_no_key_away() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .clock(world.clock.clone())
        .resource(Resource::new(API))
        .build()
        .await
        .unwrap();
    let before = jwks(&server).await;
    *keys.lost.lock().unwrap() = true;
    world.clock.advance(60);
    server.maintain().await;
    assert_eq!(jwks(&server).await, before);
}

/// A set that was lost and made anew, or restored: all processes go by what the store holds, and say so.
#[tokio::test]
async fn s7_servers_do_not_sign_with_keys_of_their_own_for_ever() {
    let world = World::new();
    let server = world.server().await;
    let before = jwks(&server).await;
    let secret = world.client("demo").await;
    let lost = World { store: MemoryStore::new(), ..World::new() };
    let other = lost.server().await;
    let theirs = jwks(&other).await;
    assert_eq!(stored(&lost.store).await.1, stored(&world.store).await.1, "both at the first revision");
    let keys = SwitchedKeys(Arc::new(std::sync::Mutex::new(world.store.clone())));
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    *keys.0.lock().unwrap() = lost.store.clone();
    world.clock.advance(60);
    server.maintain().await;
    assert!(world.events.last().source.contains("lost or restored"), "{}", world.events.last().source);
    let both = jwks(&server).await;
    assert_eq!(both.len(), 2, "tokens of before verify: {both:?}");
    assert!(both.contains(&theirs[0]) && both.contains(&before[0]));
    let answer = send(&server, grant("demo", &secret, &[])).await.json();
    let token = decode(answer["access_token"].as_str().unwrap());
    assert_eq!(token.header["kid"], theirs[0]["kid"], "signed by what all others publish");
    world.events.clear();
    world.clock.advance(60);
    server.maintain().await;
    assert_eq!(world.events.count(&Kind::MaintenanceFailed), 0, "said once");
}

/// A key store that can be put in the place of another.
#[derive(Clone, Debug)]
struct SwitchedKeys(Arc<std::sync::Mutex<MemoryStore>>);

#[async_trait]
impl KeyStore for SwitchedKeys {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        let store = self.0.lock().unwrap().clone();
        KeyStore::load(&store).await
    }
    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        let store = self.0.lock().unwrap().clone();
        KeyStore::replace(&store, expected, keys).await
    }
    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Another process has a host key that this one has not got yet: what it made is published, and all else goes on.
#[tokio::test]
async fn s7_a_key_that_cannot_be_unsealed_later_stops_nothing_else() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let newer = builder(&world.store, host_keys(&[("b", 2), ("a", 1)]));
    let newer = newer.signing_algorithm(SigningAlgorithm::EdDsa).build().await.unwrap();
    world.clock.advance(60);
    server.maintain().await;
    assert!(world.events.last().source.contains("host key `b`"), "{}", world.events.last().source);
    assert_eq!(jwks(&server).await, jwks(&newer).await, "published all the same");
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
}

#[tokio::test]
async fn s7_a_key_of_a_newer_release_is_kept_and_not_used() {
    let store = MemoryStore::new();
    builder(&store, host_keys(&[("a", 1)])).build().await.unwrap();
    let (mut document, _) = stored(&store).await;
    let mut newer = document["keys"][0].clone();
    newer["kid"] = "newer".into();
    newer["alg"] = "ML-DSA-65".into();
    document["keys"].as_array_mut().unwrap().push(newer);
    document["keys"][0]["private"] = serde_json::json!({ "kms": "arn:x" });
    let store = holding(&document).await;
    let server = builder(&store, host_keys(&[("a", 1)])).build().await.unwrap();
    let published: Vec<_> = jwks(&server).await.iter().map(|key| key["kid"].clone()).collect();
    assert!(published.contains(&document["keys"][0]["kid"]), "its private half is elsewhere: published");
    assert!(!published.contains(&"newer".into()), "not understood: not published");
    let (after, _) = stored(&store).await;
    assert_eq!(after["keys"].as_array().unwrap().len(), 3, "and one made here to sign with");
    assert_eq!(after["keys"][0], document["keys"][0]);
    assert_eq!(after["keys"][1], document["keys"][1]);
}
