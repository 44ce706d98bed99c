//! An authorization server whose signing keys are in a KMS that speaks AWS's protocol.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use aws_kms::KmsSigner;
use aws_sdk_kms::types::KeyState;
use grantor::SigningAlgorithm::{self, Es256, Es384, Ps256, Rs256};
use grantor::store::PrivateKey;
use grantor::{AuthorizationServer, KeyId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

mod support;
use support::world::{DAY, HOUR, ISSUER, World, verified};
use support::{client, moto};

async fn server(world: &World, endpoint: &str, algorithm: SigningAlgorithm) -> AuthorizationServer {
    world.builder(algorithm).signer(KmsSigner::new(client(endpoint), ISSUER)).build().await.unwrap()
}

/// The ARNs of the keys that the key set names.
async fn named(world: &World) -> HashSet<String> {
    let set = world.stored().await;
    let arn = |private: &PrivateKey| {
        let PrivateKey::Signer(reference) = private else { panic!("{private:?}") };
        assert_eq!(reference.name, "aws-kms");
        reference.key.clone()
    };
    set.keys().iter().map(|key| arn(key.private())).collect()
}

async fn state(arn: &str) -> KeyState {
    let described = client(&moto()).describe_key().key_id(arn).send().await.unwrap();
    described.key_metadata.unwrap().key_state.unwrap()
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s4_tokens_of_every_algorithm_verify_by_the_published_keys() {
    for algorithm in [Es256, Es384, Rs256, Ps256] {
        let world = World::new().await;
        let server = server(&world, &moto(), algorithm).await;
        for _ in 0..3 {
            let token = world.token(&server).await;
            assert!(verified(&token, &world.jwks(&server).await).is_some(), "{algorithm}");
        }
        assert_eq!(named(&world).await.len(), 1);
    }
}

/// Every hour for six days: an API that took the published keys an hour ago verifies the token of now. KMS keeps the keys
/// that the key set names, and has been told to delete every other one.
#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s7_keys_rotate_by_themselves() {
    let world = World::new().await;
    let server = server(&world, &moto(), Es256).await;
    let (mut signed, mut made) = (HashSet::new(), HashSet::new());
    let mut before = world.jwks(&server).await;
    for _ in 0..6 * 24 {
        // Maintenance comes every few seconds; here twice an hour has to do, first to announce and then to schedule.
        for _ in 0..2 {
            server.maintain().await;
        }
        signed.insert(verified(&world.token(&server).await, &before).expect("known for an hour"));
        before = world.jwks(&server).await;
        made.extend(named(&world).await);
        world.clock.advance(HOUR);
    }
    assert!((5..=7).contains(&signed.len()), "{}", signed.len());
    let held = named(&world).await;
    assert!(made.len() > held.len());
    for arn in &made {
        let expected = if held.contains(arn) { KeyState::Enabled } else { KeyState::PendingDeletion };
        assert_eq!(state(arn).await, expected);
    }
    let events = world.events.take();
    assert!(events.contains("SigningKeyRemoved") && !events.contains("Failed"), "{events}");
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s7_a_retired_key_is_replaced_at_once_and_deleted_in_time() {
    let world = World::new().await;
    let server = server(&world, &moto(), Es256).await;
    let first = named(&world).await;
    let kid = verified(&world.token(&server).await, &world.jwks(&server).await).unwrap();
    server.signing_keys().retire(&KeyId::new(kid.as_str()).unwrap(), "compromised").await.unwrap();
    let after = verified(&world.token(&server).await, &world.jwks(&server).await).expect("a new key");
    assert_ne!(after, kid);
    for _ in 0..4 * 24 {
        world.clock.advance(HOUR);
        server.maintain().await;
    }
    for arn in &first {
        assert_eq!(state(arn).await, KeyState::PendingDeletion);
    }
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s5_a_key_that_was_deleted_in_kms_is_500_and_the_event_says_so() {
    let world = World::new().await;
    let server = server(&world, &moto(), Es256).await;
    world.token(&server).await;
    let arn = named(&world).await.into_iter().next().unwrap();
    client(&moto()).schedule_key_deletion().key_id(&arn).pending_window_in_days(7).send().await.unwrap();
    world.events.take();
    let response = world.request(&server).await;
    assert_eq!(response.status(), 500);
    let events = world.events.take();
    assert!(events.contains("KMSInvalidStateException") || events.contains("pending deletion"), "{events}");
    assert!(events.contains(&arn), "{events}");

    // What its administrator does: the trust in it ends, and the next one takes over.
    let kid = world.stored().await.keys()[0].kid().clone();
    server.signing_keys().retire(&kid, "deleted in KMS").await.unwrap();
    assert!(verified(&world.token(&server).await, &world.jwks(&server).await).is_some());
}

const UP: u8 = 0;
const DOWN: u8 = 1;
const THROTTLED: u8 = 2;

/// A way to KMS that can be cut, and on which KMS can be too busy.
async fn way() -> (String, Arc<AtomicU8>) {
    let (mode, to) = (Arc::new(AtomicU8::new(UP)), moto().replace("http://", ""));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let state = Arc::clone(&mode);
    tokio::spawn(async move {
        loop {
            let (mut from, _) = listener.accept().await.unwrap();
            let (state, to) = (Arc::clone(&state), to.clone());
            tokio::spawn(async move {
                match state.load(Ordering::SeqCst) {
                    UP => {
                        let mut kms = TcpStream::connect(to).await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut from, &mut kms).await;
                    }
                    THROTTLED => {
                        let _ = from.read(&mut [0; 16 * 1024]).await;
                        let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
                        let length = body.len();
                        let answer = format!(
                            "HTTP/1.1 400 X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                        );
                        let _ = from.write_all(answer.as_bytes()).await;
                    }
                    _ => {}
                }
            });
        }
    });
    (endpoint, mode)
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn s5_an_outage_and_throttling_are_503_and_pass() {
    let world = World::new().await;
    let (endpoint, mode) = way().await;
    let server = server(&world, &endpoint, Es256).await;
    let kid = verified(&world.token(&server).await, &world.jwks(&server).await).unwrap();
    for (trouble, said) in [(DOWN, "dispatch failure"), (THROTTLED, "Rate exceeded")] {
        mode.store(trouble, Ordering::SeqCst);
        world.events.take();
        let response = world.request(&server).await;
        assert_eq!(response.status(), 503, "{}", world.events.take());
        assert!(response.headers().any(|(name, _)| name == "retry-after"));
        let events = world.events.take();
        assert!(events.contains(said), "{events}");
        assert_eq!(world.jwks(&server).await["keys"].as_array().unwrap().len(), 1);
        mode.store(UP, Ordering::SeqCst);
        let token = world.token(&server).await;
        assert_eq!(verified(&token, &world.jwks(&server).await).as_ref(), Some(&kid), "the same key goes on");
    }

    // No successor can be made: the one that there is goes on, until one can.
    mode.store(DOWN, Ordering::SeqCst);
    world.clock.advance(DAY);
    server.maintain().await;
    assert!(world.events.take().contains("MaintenanceFailed"));
    assert_eq!(named(&world).await.len(), 1);
    mode.store(UP, Ordering::SeqCst);
    world.clock.advance(60);
    server.maintain().await;
    assert_eq!(named(&world).await.len(), 2);
}
