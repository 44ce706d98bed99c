//! An authorization server whose signing keys are in the real process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashSet;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use grantor::SigningAlgorithm::{self, EdDsa, Es256, Es384};
use grantor::store::PrivateKey;
use grantor::{AuthorizationServer, ConfigError};

mod support;
use support::world::{DAY, HOUR, World, verified};
use support::{Folder, Process};

async fn server(world: &World, folder: &Folder, algorithm: SigningAlgorithm) -> AuthorizationServer {
    world.builder(algorithm).signer(folder.signer()).build().await.unwrap()
}

#[tokio::test]
async fn s4_tokens_of_every_algorithm_verify_by_the_published_keys() {
    for algorithm in [Es256, Es384, EdDsa] {
        let (folder, world) = (Folder::new(), World::new().await);
        let _process = Process::start(&folder).await;
        let server = server(&world, &folder, algorithm).await;
        let (one, other) = (world.token(&server).await, world.token(&server).await);
        assert_ne!(one, other);
        let jwks = world.jwks(&server).await;
        let kid = verified(&one, &jwks).expect("verifies");
        assert_eq!(verified(&other, &jwks), Some(kid.clone()));
        assert_eq!(folder.held(), [format!("{kid}.{algorithm}")]);
    }
}

#[tokio::test]
async fn s7_the_private_half_is_never_in_the_key_store() {
    let (folder, world) = (Folder::new(), World::new().await);
    let _process = Process::start(&folder).await;
    let server = server(&world, &folder, Es256).await;
    world.clock.advance(DAY);
    server.maintain().await;
    let set = world.stored().await;
    assert!(set.keys().len() > 1, "the key of the day, and its successor");
    assert!(set.keys().iter().all(|key| matches!(key.private(), PrivateKey::Signer(_))));
    let document = set.to_document().unwrap();
    for file in folder.held() {
        let pkcs8 = std::fs::read(folder.keys().join(&file)).unwrap();
        // ring's PKCS#8 of P-256 has the private number there.
        let private = &pkcs8[36..68];
        let public = BASE64URL_NOPAD.encode(&pkcs8[pkcs8.len() - 64..pkcs8.len() - 32]);
        assert!(document.contains(&public), "the offsets are right: {document}");
        for text in [BASE64URL_NOPAD.encode(private), BASE64.encode(private), HEXLOWER.encode(private)] {
            assert!(!document.contains(&text[..40]), "{document}");
        }
        let list = format!("{private:?}");
        assert!(!document.contains(&list[1..list.len() - 1].replace(' ', "")), "{document}");
    }
}

/// Every hour for ten days: an API that took the published keys an hour ago verifies the token of now, and the process holds
/// the keys of the key set and no other.
#[tokio::test]
async fn s7_keys_rotate_by_themselves() {
    let (folder, world) = (Folder::new(), World::new().await);
    let _process = Process::start(&folder).await;
    let server = server(&world, &folder, Es256).await;
    let (mut signed, mut most) = (HashSet::new(), 0);
    let mut before = world.jwks(&server).await;
    for _ in 0..10 * 24 {
        // Maintenance comes every few seconds; here twice an hour has to do, first to announce and then to schedule.
        for _ in 0..2 {
            server.maintain().await;
        }
        let token = world.token(&server).await;
        signed.insert(verified(&token, &before).expect("known for an hour"));
        before = world.jwks(&server).await;
        let set = world.stored().await;
        let mut named: Vec<_> = set.keys().iter().map(|key| format!("{}.{}", key.kid(), key.alg())).collect();
        let mut held = folder.held();
        named.sort();
        held.sort();
        assert_eq!(held, named);
        most = most.max(held.len());
        world.clock.advance(HOUR);
    }
    assert!((9..=11).contains(&signed.len()), "{}", signed.len());
    assert!((2..=3).contains(&most), "those that are gone are deleted: {most}");
    let events = world.events.take();
    assert!(events.contains("SigningKeyRemoved") && !events.contains("Failed"), "{events}");
}

#[tokio::test]
async fn s5_without_the_process_it_is_503_and_after_its_restart_all_is_well() {
    let (folder, world) = (Folder::new(), World::new().await);
    let process = Process::start(&folder).await;
    let server = server(&world, &folder, Es256).await;
    let kid = verified(&world.token(&server).await, &world.jwks(&server).await).unwrap();
    world.events.take();

    process.kill().await;
    for _ in 0..3 {
        let response = world.request(&server).await;
        assert_eq!(response.status(), 503);
        assert!(response.headers().any(|(name, _)| name == "retry-after"));
        let events = world.events.take();
        assert!(events.contains("Unavailable"), "{events}");
    }
    assert_eq!(world.jwks(&server).await["keys"].as_array().unwrap().len(), 1, "still published");
    world.clock.advance(DAY - HOUR);
    server.maintain().await;
    assert!(world.events.take().contains("MaintenanceFailed"), "no successor can be made");

    let process = Process::start(&folder).await;
    assert!(process.said.starts_with("1 keys"), "{}", process.said);
    let token = world.token(&server).await;
    assert_eq!(verified(&token, &world.jwks(&server).await), Some(kid), "the same key goes on");
    world.clock.advance(60);
    server.maintain().await;
    assert_eq!(world.stored().await.keys().len(), 2, "its successor was made");
}

#[tokio::test]
async fn s5_a_key_that_is_gone_is_500_and_the_event_says_so() {
    let (folder, world) = (Folder::new(), World::new().await);
    let process = Process::start(&folder).await;
    let server = server(&world, &folder, Es256).await;
    world.token(&server).await;
    process.kill().await;
    std::fs::remove_dir_all(folder.keys()).unwrap();
    let _process = Process::start(&folder).await;
    world.events.take();
    let response = world.request(&server).await;
    assert_eq!(response.status(), 500);
    let events = world.events.take();
    assert!(events.contains("there is no such key"), "{events}");
}

#[tokio::test]
async fn s7_servers_that_start_together_leave_one_key() {
    let (folder, world) = (Folder::new(), World::new().await);
    let _process = Process::start(&folder).await;
    let start = || {
        let (world, signer) = (world.clone(), folder.signer());
        tokio::spawn(async move { world.builder(Es256).signer(signer).build().await.unwrap() })
    };
    let starting: Vec<_> = std::iter::repeat_with(start).take(8).collect();
    let mut kids = HashSet::new();
    for server in starting {
        let server = server.await.unwrap();
        kids.extend(verified(&world.token(&server).await, &world.jwks(&server).await));
    }
    assert_eq!(kids.len(), 1);
    assert_eq!(folder.held().len(), 1, "those that lost have deleted theirs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_requests_at_once_get_each_their_own_signature() {
    let (folder, world) = (Folder::new(), World::new().await);
    let _process = Process::start(&folder).await;
    let server = server(&world, &folder, Es256).await;
    let request = || {
        let (world, server) = (world.clone(), server.clone());
        tokio::spawn(async move { world.token(&server).await })
    };
    let requests: Vec<_> = std::iter::repeat_with(request).take(200).collect();
    let (jwks, mut tokens) = (world.jwks(&server).await, HashSet::new());
    for token in requests {
        let token = token.await.unwrap();
        assert!(verified(&token, &jwks).is_some());
        tokens.insert(token);
    }
    assert_eq!(tokens.len(), 200);
}

#[tokio::test]
async fn s6_a_server_without_the_signer_of_its_keys_does_not_start() {
    let (folder, world) = (Folder::new(), World::new().await);
    let _process = Process::start(&folder).await;
    server(&world, &folder, Es256).await;
    let error: ConfigError = world.builder(Es256).build().await.unwrap_err();
    assert!(error.to_string().contains("`signing-process`"), "{error}");
    assert_eq!(world.stored().await.keys().len(), 1, "and makes no key in its place");
}
