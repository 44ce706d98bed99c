//! Client secrets through their lives: rotation, start and end, peppers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::{FaultKind, Reason};
use grantor::store::{Credential, CredentialKind};
use grantor::{AuthorizationServer, ClientSecret, CredentialId, HostKeys, Resource};
use support::*;

async fn with_host_keys(world: &World, host_keys: HostKeys) -> AuthorizationServer {
    // Keys of its own, so that only the clients meet the other host keys.
    let stores =
        grantor::Stores::from(world.store.clone()).with_keys(grantor_storage_memory::MemoryStore::new());
    AuthorizationServer::builder(ISSUER, stores, host_keys)
        .clock(world.clock.clone())
        .events(world.events.clone())
        .resource(Resource::new(API).scopes(["read", "write"]))
        .build()
        .await
        .unwrap()
}

/// A client `demo` with these credentials.
async fn demo(world: &World, credentials: impl IntoIterator<Item = Credential>) {
    world.client_with("demo", |client| client.credentials(credentials)).await;
}

#[tokio::test]
async fn s6_several_secrets_work_at_once_and_the_event_tells_which() {
    let world = World::new();
    let server = world.server().await;
    let secrets: Vec<_> = (0..5).map(|_| world.secret("demo")).collect();
    demo(&world, secrets.iter().map(|(_, credential)| credential.clone())).await;
    for (secret, credential) in &secrets {
        assert_eq!(send(&server, grant("demo", secret.expose(), &[])).await.status, 200);
        assert_eq!(world.events.credential(), credential.id().as_str());
        assert_eq!(secret.credential_id(), credential.id());
    }
    let stranger = world.secret("demo").0;
    refused(&send(&server, grant("demo", stranger.expose(), &[])).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::SecretUnknown);
    assert_eq!(world.events.last().credential, None);
}

#[tokio::test]
async fn s6_a_secret_lives_from_its_start_to_its_end_by_the_clock() {
    let world = World::new();
    let server = world.server().await;
    let (secret, credential) = world.secret("demo");
    demo(&world, [credential.valid_from(at(NOW + 10)).valid_until(at(NOW + 20))]).await;
    let mut answers = Vec::new();
    for (passed, expected) in [
        (0, Some(Reason::SecretNotYetValid)),
        (9, Some(Reason::SecretNotYetValid)),
        (1, None),
        (9, None),
        (1, Some(Reason::SecretExpired)),
        (1_000_000, Some(Reason::SecretExpired)),
    ] {
        world.clock.advance(passed);
        let answer = send(&server, grant("demo", secret.expose(), &[])).await;
        match expected {
            None => assert_eq!(answer.status, 200),
            Some(reason) => {
                refused(&answer, 401, "invalid_client");
                assert_eq!(world.events.reason(), reason);
                answers.push(answer);
            }
        }
    }
    let unknown = send(&server, grant("nobody", secret.expose(), &[])).await;
    assert!(answers.iter().all(|answer| *answer == unknown), "the same on the wire");
}

#[tokio::test]
async fn s6_rotation_needs_no_downtime() {
    let world = World::new();
    let server = world.server().await;
    let (old, old_credential) = world.secret("demo");
    let (new, new_credential) = world.secret("demo");
    demo(&world, [old_credential.valid_until(at(NOW + 60)), new_credential.valid_from(at(NOW + 30))]).await;
    let mut worked = Vec::new();
    for _ in 0..3 {
        let works = |secret: ClientSecret| {
            let server = server.clone();
            async move { send(&server, grant("demo", secret.expose(), &[])).await.status == 200 }
        };
        worked.push((works(old.clone()).await, works(new.clone()).await));
        world.clock.advance(30);
    }
    assert_eq!(worked, [(true, false), (true, true), (false, true)]);
}

#[tokio::test]
async fn s6_a_secret_with_the_id_of_another_credential_is_wrong() {
    let world = World::new();
    let server = world.server().await;
    let (secret, _) = world.secret("demo");
    let (_, other) = world.secret("demo");
    let swapped = Credential::new(secret.credential_id().clone(), other.kind().clone());
    demo(&world, [swapped]).await;
    refused(&send(&server, grant("demo", secret.expose(), &[])).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::SecretWrong);
}

#[tokio::test]
async fn s6_a_secret_from_a_secret_manager_can_be_registered() {
    let world = World::new();
    let server = world.server().await;
    let (made_elsewhere, _) = world.secret("demo");
    let parsed = ClientSecret::parse(made_elsewhere.expose()).unwrap();
    demo(&world, [world.host_keys.credential(&client_id("demo"), &parsed).unwrap()]).await;
    assert_eq!(send(&server, grant("demo", made_elsewhere.expose(), &[])).await.status, 200);
}

#[tokio::test]
async fn s6_an_unknown_kind_of_credential_opens_nothing() {
    let world = World::new();
    let server = world.server().await;
    let (secret, _) = world.secret("demo");
    let members = serde_json::json!({ "quantum": { "x": 1 } }).as_object().unwrap().clone();
    let id = secret.credential_id().clone();
    demo(&world, [Credential::new(id, CredentialKind::Unknown(members))]).await;
    refused(&send(&server, grant("demo", secret.expose(), &[])).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::SecretWrong);
}

#[tokio::test]
async fn s6_an_old_pepper_still_opens_what_it_made() {
    let world = World::new();
    let (secret, credential) = world.secret("demo");
    demo(&world, [credential]).await;
    let server = with_host_keys(&world, host_keys(&[("b", 2), ("a", 1)])).await;
    assert_eq!(send(&server, grant("demo", secret.expose(), &[])).await.status, 200);
    let rotated = host_keys(&[("b", 2), ("a", 1)]);
    let (_, new) = rotated.new_secret(&client_id("demo"), &grantor::SystemEntropy::new()).unwrap();
    let CredentialKind::Digest(digest) = new.kind() else { panic!("a digest") };
    assert_eq!(digest.pepper().as_str(), "b", "the newest makes what is new");
}

#[tokio::test]
async fn s6_a_missing_or_changed_pepper_is_our_fault_and_names_the_host_key() {
    let world = World::new();
    let (secret, credential) = world.secret("demo");
    demo(&world, [credential]).await;
    for wrong in [host_keys(&[("b", 2)]), host_keys(&[("a", 9)]), host_keys(&[("b", 1)])] {
        let server = with_host_keys(&world, wrong).await;
        refused(&send(&server, grant("demo", secret.expose(), &[])).await, 500, "server_error");
        let event = world.events.last();
        assert_eq!(event.kind, Kind::Failed(FaultKind::Internal));
        assert!(event.source.contains("`a`") && event.source.contains("`demo`"), "{}", event.source);
        let other = world.secret("demo").0;
        let answer = send(&server, grant("demo", other.expose(), &[])).await;
        refused(&answer, 401, "invalid_client");
    }
}

#[tokio::test]
async fn s6_another_servers_ephemeral_host_keys_do_not_open_a_secret() {
    let world = World::new();
    let ephemeral = HostKeys::ephemeral();
    let (secret, credential) =
        ephemeral.new_secret(&client_id("demo"), &grantor::SystemEntropy::new()).unwrap();
    demo(&world, [credential]).await;
    let server = with_host_keys(&world, ephemeral).await;
    assert_eq!(send(&server, grant("demo", secret.expose(), &[])).await.status, 200);
    assert!(server.summary().warnings().iter().any(|warning| warning.contains("ephemeral")));
    let restarted = with_host_keys(&world, HostKeys::ephemeral()).await;
    refused(&send(&restarted, grant("demo", secret.expose(), &[])).await, 500, "server_error");
}

#[tokio::test]
async fn s4_what_a_store_does_not_keep_is_a_warning_said_once() {
    let server = with_host_keys(&World::new(), HostKeys::ephemeral()).await;
    let summary = server.summary();
    let said: Vec<_> =
        summary.warnings().iter().filter(|warning| warning.contains("memory storage")).collect();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn s6_records_that_would_blur_credentials_are_not_built() {
    let builder = || {
        grantor::store::Client::builder(client_id("demo"), grantor::store::AuthMethod::CLIENT_SECRET_BASIC)
    };
    let imported = |id: &str| Credential::imported(CredentialId::new(id).unwrap(), "plain:x");
    let both = |a: Credential, b: Credential| builder().credential(a).credential(b).build();
    assert!(both(imported("x"), imported("x")).is_err(), "one id twice");
    assert!(both(imported("x"), imported("y")).is_err(), "two imported ones at a time");
    assert!(both(imported("x").valid_until(at(10)), imported("y").valid_from(at(9))).is_err());
    assert!(both(imported("y").valid_from(at(9)), imported("x").valid_until(at(10))).is_err());
    assert!(both(imported("x").valid_until(at(10)), imported("y").valid_from(at(10))).is_ok());
    let many = (0..51).map(|n| {
        let id = CredentialId::new(format!("c{n}")).unwrap();
        Credential::new(id, CredentialKind::Unknown(serde_json::Map::new()))
    });
    assert!(builder().credentials(many.clone()).build().is_err());
    assert!(builder().credentials(many.take(50)).build().is_ok());
    assert!(builder().default_scope(scope("read")).build().is_err(), "a default beyond the scope");
    assert!(builder().name("a\nb").build().is_err());
    assert!(builder().credential(imported("x").labelled("x".repeat(201))).build().is_err());
}
