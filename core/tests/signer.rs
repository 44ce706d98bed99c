//! Signing keys that a signer holds (design §4, §7): no private key here, and a signer that fails is our fault.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor::event::FaultKind;
use grantor::store::{KeySet, KeyStore, PrivateKey};
use grantor::{
    AssertionAlgorithm, AuthorizationServer, ConfigError, Held, KeyRotation, PublicKey, Signer, SignerError,
    SignerKey, SigningAlgorithm, SigningKeyState, Stores, async_trait,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use support::*;

/// A signer in this process, whose answers can be spoiled.
#[derive(Clone, Default)]
struct TestSigner {
    keys: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    mood: Arc<Mutex<Mood>>,
    name: Option<&'static str>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
    Away,
    Refuses,
    /// Signs something else.
    Forges,
    /// Makes keys of another algorithm.
    Confused,
    /// Deletes nothing.
    Keeps,
}

impl std::fmt::Debug for TestSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestSigner")
    }
}

impl TestSigner {
    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Result<Mood, SignerError> {
        match *self.mood.lock().unwrap() {
            Mood::Away => Err(SignerError::unavailable("signer-down-7f3")),
            Mood::Refuses => Err(SignerError::refused("signer-refuses-7f3")),
            mood => Ok(mood),
        }
    }

    fn held(&self) -> usize {
        self.keys.lock().unwrap().len()
    }
}

#[async_trait]
impl Signer for TestSigner {
    fn name(&self) -> &str {
        self.name.unwrap_or("test")
    }

    async fn create(&self, _algorithm: SigningAlgorithm) -> Result<SignerKey, SignerError> {
        if self.mood()? == Mood::Confused {
            let public = Signing::new("ES384").public();
            return Ok(SignerKey::new("confused", public));
        }
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let encode = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
        let point = pair.public_key().as_ref();
        let jwk =
            serde_json::json!({"kty":"EC","crv":"P-256","x":encode(&point[1..33]),"y":encode(&point[33..])});
        let public = PublicKey::from_jwk_for(&jwk.to_string(), AssertionAlgorithm::Es256).unwrap();
        let name = format!("key-{}", public.thumbprint());
        self.keys.lock().unwrap().insert(name.clone(), pkcs8.as_ref().to_vec());
        Ok(SignerKey::new(name, public))
    }

    async fn sign(
        &self,
        key: &str,
        algorithm: SigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SignerError> {
        assert_eq!(algorithm, SigningAlgorithm::Es256);
        let message = if self.mood()? == Mood::Forges { b"something else" } else { message };
        let pkcs8 = self.keys.lock().unwrap().get(key).cloned();
        let pkcs8 = pkcs8.ok_or_else(|| SignerError::refused("no such key"))?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random).unwrap();
        Ok(pair.sign(&random, message).unwrap().as_ref().to_vec())
    }

    async fn delete(&self, key: &str) -> Result<(), SignerError> {
        if self.mood()? != Mood::Keeps {
            self.keys.lock().unwrap().remove(key);
            return Ok(());
        }
        Err(SignerError::unavailable("signer-keeps-7f3"))
    }
}

fn rotation() -> KeyRotation {
    KeyRotation::default().every(Duration::from_secs(2000)).propagation(Duration::from_secs(100))
}

async fn stored(world: &World) -> KeySet {
    KeyStore::load(&world.store).await.unwrap().0
}

async fn pass(world: &World, server: &AuthorizationServer, seconds: i64) {
    for _ in 0..seconds / 10 {
        world.clock.advance(10);
        server.maintain().await;
    }
}

#[tokio::test]
async fn s7_a_signer_makes_the_keys_signs_and_rotates() {
    let (world, signer) = (World::new(), TestSigner::default());
    let server = world.builder().key_rotation(rotation()).signer(signer.clone()).build().await.unwrap();
    let secret = world.client("demo").await;
    let mut kids = Vec::new();
    for _ in 0..3 {
        let token = token_of(&server, "demo", &secret).await;
        kids.push(verified(&server, &token).await.header["kid"].to_string());
        active(&introspect(&server, "demo", &secret, &token).await, "it is ours");
        pass(&world, &server, 2000).await;
    }
    kids.dedup();
    assert_eq!(kids.len(), 3, "another key after each interval");
    for key in stored(&world).await.keys() {
        assert!(matches!(key.private(), PrivateKey::Signer(_)), "no private key is in the store");
    }
    let listed = server.signing_keys().list().await.unwrap();
    assert!(listed.iter().all(|key| key.held() == Held::Signer("test".to_owned())));
    pass(&world, &server, 2000).await;
    assert_eq!(signer.held(), stored(&world).await.keys().len(), "what is forgotten is deleted there");
}

/// RFC 9701: other JWTs come from the same keys.
#[tokio::test]
async fn s7_introspection_answers_are_signed_there_too() {
    let (world, signer) = (World::new(), TestSigner::default());
    let server = world.builder().signer(signer.clone()).build().await.unwrap();
    let secret = world.client("demo").await;
    let token = token_of(&server, "demo", &secret).await;
    let ask = || introspection("demo", &secret, &[("token", &token)]).header("accept", AS_JWT);
    let answer = at_path(&server, INTROSPECTION, ask()).await;
    assert_eq!(answer.status, 200);
    verified(&server, &answer.text()).await;
    signer.be(Mood::Away);
    refused(&at_path(&server, INTROSPECTION, ask()).await, 503, "temporarily_unavailable");
}

#[tokio::test]
async fn s5_a_signer_that_fails_is_our_fault_and_nothing_is_said() {
    let (world, signer) = (World::new(), TestSigner::default());
    let server = world.builder().signer(signer.clone()).build().await.unwrap();
    let secret = world.client("demo").await;
    for (mood, status, error, kind, says) in [
        (Mood::Away, 503, "temporarily_unavailable", FaultKind::Unavailable, "signer-down-7f3"),
        (Mood::Refuses, 500, "server_error", FaultKind::Internal, "signer-refuses-7f3"),
        (Mood::Forges, 500, "server_error", FaultKind::Internal, "does not verify"),
    ] {
        signer.be(mood);
        let answer = send(&server, grant("demo", &secret, &[])).await;
        refused(&answer, status, error);
        let seen = world.events.last();
        assert_eq!(seen.kind, Kind::Failed(kind));
        assert!(seen.source.contains(says), "{}", seen.source);
        assert!(!answer.text().contains("7f3"));
    }
    signer.be(Mood::Well);
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
}

#[tokio::test]
async fn s7_a_signer_that_is_missing_or_another_one_is_named_and_no_key_is_made() {
    let (world, signer) = (World::new(), TestSigner::default());
    world.builder().signer(signer.clone()).build().await.unwrap();
    let before = stored(&world).await;
    let other = TestSigner { name: Some("other"), ..TestSigner::default() };
    for builder in [world.builder(), world.builder().signer(other)] {
        let error = builder.build().await.unwrap_err();
        assert!(matches!(error, ConfigError::Keys(_)));
        assert!(chain(&error).contains("held by the signer `test`"), "{error}");
    }
    assert_eq!(stored(&world).await, before);
    let keys = world.builder().signing_keys().unwrap();
    assert_eq!(keys.list().await.unwrap().len(), 1, "an administrator sees it all the same");
}

#[tokio::test]
async fn s7_a_signer_that_cannot_make_a_key_at_start() {
    let (world, signer) = (World::new(), TestSigner::default());
    for mood in [Mood::Refuses, Mood::Confused] {
        signer.be(mood);
        let error = world.builder().signer(signer.clone()).build().await.unwrap_err();
        assert!(matches!(error, ConfigError::Keys(_)), "{error}");
    }
    assert!(stored(&world).await.keys().is_empty());
    signer.be(Mood::Away);
    let server = world.builder().signer(signer.clone()).build().await.unwrap();
    assert_eq!(world.events.last().kind, Kind::MaintenanceFailed);
    let secret = world.client("demo").await;
    refused(&send(&server, grant("demo", &secret, &[])).await, 503, "temporarily_unavailable");
    signer.be(Mood::Well);
    world.clock.advance(1);
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200, "waited for");
}

/// While the signer is away nothing is made, and what is there signs as soon as it is back.
#[tokio::test]
async fn s7_a_signer_that_is_away_when_a_key_is_due() {
    let (world, signer) = (World::new(), TestSigner::default());
    let server = world.builder().key_rotation(rotation()).signer(signer.clone()).build().await.unwrap();
    signer.be(Mood::Away);
    pass(&world, &server, 1990).await;
    assert_eq!(stored(&world).await.keys().len(), 1);
    assert!(world.events.all().iter().any(|seen| seen.source.contains("signer-down-7f3")));
    signer.be(Mood::Well);
    pass(&world, &server, 200).await;
    let listed = server.signing_keys().list().await.unwrap();
    let states: Vec<_> = listed.iter().map(grantor::SigningKeyInfo::state).collect();
    assert_eq!(states, [SigningKeyState::Signing, SigningKeyState::Published]);
}

#[tokio::test]
async fn s7_whoever_loses_the_race_leaves_no_key_behind() {
    let (world, signer) = (World::new(), TestSigner::default());
    let keys = FakeKeys::new(&world.store);
    *keys.replace.lock().unwrap() = FakeReplace::AlwaysLost;
    let stores = Stores::from(world.store.clone()).with_keys(keys);
    world.over(stores).signer(signer.clone()).build().await.unwrap_err();
    assert_eq!(signer.held(), 0);
}

/// A key that cannot be deleted there stays in the set, and everything else goes on.
#[tokio::test]
async fn s7_a_key_that_cannot_be_deleted_stops_nothing_else() {
    let (world, signer) = (World::new(), TestSigner::default());
    let server = world.builder().key_rotation(rotation()).signer(signer.clone()).build().await.unwrap();
    signer.be(Mood::Keeps);
    pass(&world, &server, 9000).await;
    let held = stored(&world).await.keys().len();
    assert!(held > 4, "{held}");
    assert_eq!(signer.held(), held);
    assert_eq!(jwks(&server).await.len(), 2, "what has ended is not published");
    signer.be(Mood::Well);
    pass(&world, &server, 10).await;
    assert!(stored(&world).await.keys().len() <= 3);
    assert_eq!(signer.held(), stored(&world).await.keys().len());
}

/// From sealed keys to a signer: the old key goes on, and the next one is the signer's.
#[tokio::test]
async fn s7_sealed_keys_give_way_to_a_signer() {
    let (world, signer) = (World::new(), TestSigner::default());
    world.server().await;
    let server = world.builder().key_rotation(rotation()).signer(signer).build().await.unwrap();
    let held = async || {
        server
            .signing_keys()
            .list()
            .await
            .unwrap()
            .iter()
            .map(grantor::SigningKeyInfo::held)
            .collect::<Vec<_>>()
    };
    assert!(matches!(held().await[..], [Held::Sealed(_)]));
    server.signing_keys().rotate().await.unwrap();
    assert!(matches!(&held().await[..], [Held::Signer(_), Held::Sealed(_)]));
}
