//! T86: clients that registered themselves and were never used go by themselves, and nobody else does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::http::Request;
use grantor::store::{ClientQuery, ClientRegistry, CredentialUsage, StoreError};
use grantor::{AuthorizationServer, ClientId, CredentialId, Registration, Stores, Timestamp, async_trait};
use support::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const DAY: i64 = 86_400;

async fn registering(
    world: &World,
    stores: impl Into<Stores>,
    change: fn(Registration) -> Registration,
) -> AuthorizationServer {
    let registration = change(Registration::new().initial_access_token(TOKEN));
    world.over(stores).registration(registration).build().await.unwrap()
}

/// Registers a client and gives its id and secret.
async fn register(server: &AuthorizationServer) -> (String, String) {
    let request = Request::builder("POST", "/oauth2/register")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .body("{}");
    let answer = Answer::of(server.register(request.build()).await);
    assert_eq!(answer.status, 201, "{answer:?}");
    let said = answer.json();
    let text = |name: &str| said[name].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

async fn ids(world: &World) -> Vec<String> {
    let page = ClientRegistry::list(&world.store, &ClientQuery::first(1000)).await.unwrap();
    page.clients.iter().map(|client| client.record().id().to_string()).collect()
}

/// Until nothing is due.
async fn maintain(server: &AuthorizationServer) {
    for _ in 0..20 {
        server.maintain().await;
    }
}

#[tokio::test]
async fn t86_a_client_that_was_never_used_goes_after_30_days_and_no_earlier() {
    let world = World::new();
    let server = registering(&world, world.store.clone(), |registration| registration).await;
    let (unused, used) = (register(&server).await, register(&server).await);
    let own = world.client("of-the-operator").await;
    issued(&server, &used.0, &used.1, &[]).await;
    world.clock.advance(30 * DAY - 1);
    maintain(&server).await;
    assert_eq!(ids(&world).await.len(), 3);
    world.clock.advance(3600);
    world.events.clear();
    maintain(&server).await;
    assert_eq!(send(&server, grant(&unused.0, &unused.1, &[])).await.status, 401, "it is gone");
    assert_eq!(send(&server, grant(&used.0, &used.1, &[])).await.status, 200, "it was used");
    assert_eq!(send(&server, grant("of-the-operator", &own, &[])).await.status, 200, "nobody registered it");
    let told: Vec<_> =
        world.events.all().into_iter().filter(|seen| matches!(seen.kind, Kind::Changed(..))).collect();
    let [told] = &*told else { panic!("{told:?}") };
    assert_eq!(
        (&told.kind, told.client_id.as_deref()),
        (&Kind::Changed("deleted", "maintenance"), Some(&*unused.0))
    );
}

#[tokio::test]
async fn t86_all_of_many_go() {
    let world = World::new();
    let server =
        registering(&world, world.store.clone(), |own| own.unused_for(Duration::from_secs(86_400))).await;
    for _ in 0..450 {
        register(&server).await;
    }
    world.clock.advance(DAY);
    maintain(&server).await;
    assert!(ids(&world).await.is_empty(), "page by page");
}

#[tokio::test]
async fn t86_whoever_asked_for_it_keeps_them() {
    let world = World::new();
    let server = registering(&world, world.store.clone(), |own| own.unused_for(None)).await;
    register(&server).await;
    world.clock.advance(90 * DAY);
    maintain(&server).await;
    assert_eq!(ids(&world).await.len(), 1);
}

/// Remembers nothing, or cannot be read.
#[derive(Clone, Debug)]
struct Forgetful {
    is_away: bool,
}

#[async_trait]
impl CredentialUsage for Forgetful {
    async fn touch(&self, _uses: &[grantor::store::CredentialUse]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn last_used(&self, _client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        if self.is_away { Err(StoreError::unavailable("away")) } else { Ok(Vec::new()) }
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test]
async fn t86_an_outage_removes_nobody_and_is_told() {
    let world = World::new();
    let stores = Stores::from(world.store.clone()).with_usage(Forgetful { is_away: true });
    let server = registering(&world, stores, |own| own).await;
    register(&server).await;
    world.clock.advance(31 * DAY);
    maintain(&server).await;
    assert_eq!(ids(&world).await.len(), 1);
    assert!(world.events.all().iter().any(|seen| seen.kind == Kind::MaintenanceFailed));
}

#[tokio::test]
async fn t86_what_may_have_been_used_before_uses_are_forgotten_stays() {
    let world = World::new();
    let stores = Stores::from(world.store.clone()).with_usage(Forgetful { is_away: false });
    let server = registering(&world, stores, |own| own).await;
    register(&server).await;
    world.clock.advance(400 * DAY);
    maintain(&server).await;
    assert_eq!(ids(&world).await.len(), 1, "400 days is how long a use is remembered");
}

/// A use that the store has not been told of yet counts.
#[tokio::test]
async fn t86_a_use_of_a_moment_ago_counts() {
    let world = World::new();
    let stores = Stores::from(world.store.clone()).with_usage(Forgetful { is_away: false });
    let server = registering(&world, stores, |own| own).await;
    let (id, secret) = register(&server).await;
    world.clock.advance(30 * DAY);
    issued(&server, &id, &secret, &[]).await;
    maintain(&server).await;
    assert_eq!(ids(&world).await, [id]);
}

#[tokio::test]
async fn t86_without_a_store_that_remembers_uses_nobody_goes() {
    let world = World::new();
    let memory = world.store.clone();
    let stores = Stores::new(memory.clone(), memory.clone(), memory.clone()).with_registry(memory);
    let server = registering(&world, stores, |own| own).await;
    register(&server).await;
    world.clock.advance(60 * DAY);
    maintain(&server).await;
    assert_eq!(ids(&world).await.len(), 1);
}
