//! When credentials are used: an event for the first use in an hour, a coarse time in the store, and a warning before the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::{Arc, Mutex};

use grantor::store::{CredentialUsage, CredentialUse, StoreError};
use grantor::{AuthorizationServer, ClientId, CredentialId, Stores, Timestamp, async_trait};
use support::*;

/// Keeps what it was told, unless it is away.
#[derive(Clone, Debug, Default)]
struct Usage {
    told: Arc<Mutex<Vec<CredentialUse>>>,
    away: Arc<Mutex<bool>>,
}

impl Usage {
    fn take(&self) -> Vec<(String, String, i64)> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        told.into_iter()
            .map(|one| (one.client.to_string(), one.credential.to_string(), one.at.as_unix()))
            .collect()
    }
}

#[async_trait]
impl CredentialUsage for Usage {
    async fn touch(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        if *self.away.lock().unwrap() {
            return Err(StoreError::unavailable("usage-table-down-7f3"));
        }
        self.told.lock().unwrap().extend_from_slice(uses);
        Ok(())
    }

    async fn last_used(&self, _client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        Ok(Vec::new())
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

async fn watched(world: &World) -> (AuthorizationServer, Usage) {
    let usage = Usage::default();
    let stores = Stores::from(world.store.clone()).with_usage(usage.clone());
    (world.over(stores).build().await.unwrap(), usage)
}

#[tokio::test]
async fn s6_a_use_is_told_once_an_hour_and_never_by_the_request() {
    let world = World::new();
    let (server, usage) = watched(&world).await;
    let secret = world.client("demo").await;
    for _ in 0..3 {
        issued(&server, "demo", &secret, &[]).await;
    }
    assert_eq!(world.events.count(&Kind::CredentialUsed), 1);
    assert_eq!(usage.take(), [], "the request waits for no store");
    server.maintain().await;
    let credential = world.events.credential();
    assert_eq!(usage.take(), [("demo".to_owned(), credential.clone(), NOW)]);
    world.clock.advance(3599);
    issued(&server, "demo", &secret, &[]).await;
    server.maintain().await;
    assert_eq!(usage.take(), []);
    world.clock.advance(1);
    issued(&server, "demo", &secret, &[]).await;
    world.clock.advance(5);
    server.maintain().await;
    assert_eq!(usage.take(), [("demo".to_owned(), credential, NOW + 3600)]);
    assert_eq!(world.events.count(&Kind::CredentialUsed), 2);
}

#[tokio::test]
async fn s6_each_credential_of_each_client_at_each_endpoint() {
    let world = World::new();
    let (server, usage) = watched(&world).await;
    let (old, new) = (world.secret("demo"), world.secret("demo"));
    let ids: Vec<_> = [&old, &new].iter().map(|(_, credential)| credential.id().to_string()).collect();
    world.client_with("demo", |client| client.credential(old.1).credential(new.1)).await;
    introspect(&server, "demo", old.0.expose(), "x").await;
    revoke(&server, "demo", new.0.expose(), "x").await;
    server.maintain().await;
    let told: Vec<_> = usage.take().into_iter().map(|(_, credential, _)| credential).collect();
    assert_eq!(told.len(), 2);
    assert!(ids.iter().all(|id| told.contains(id)), "{told:?}");
}

/// An attempt that proves nothing is no use: neither a wrong secret nor an assertion that was spent.
#[tokio::test]
async fn s6_a_refused_attempt_is_no_use() {
    let world = World::new();
    let (server, usage) = watched(&world).await;
    let secret = world.client("demo").await;
    let other = world.secret("demo").0;
    send(&server, grant("demo", other.expose(), &[])).await;
    send(&server, grant("nobody", &secret, &[])).await;
    server.maintain().await;
    assert_eq!(usage.take(), []);
    let key = Signing::es256();
    world.key_client("signs", &[&key]).await;
    let assertion = Assertion::of("signs").sign(&key);
    assert_eq!(present(&server, &assertion).await.status, 200);
    world.clock.advance(5);
    server.maintain().await;
    assert_eq!(usage.take().len(), 1);
    world.events.clear();
    assert_eq!(present(&server, &assertion).await.status, 401);
    assert_eq!(world.events.count(&Kind::CredentialUsed), 0);
}

#[tokio::test]
async fn s6_a_store_that_is_away_is_told_later_and_no_request_notices() {
    let world = World::new();
    let (server, usage) = watched(&world).await;
    let secret = world.client("demo").await;
    *usage.away.lock().unwrap() = true;
    issued(&server, "demo", &secret, &[]).await;
    server.maintain().await;
    assert!(world.events.last().source.contains("usage-table-down-7f3"));
    *usage.away.lock().unwrap() = false;
    world.clock.advance(5);
    server.maintain().await;
    assert_eq!(usage.take().len(), 1);
}

#[tokio::test]
async fn s6_a_credential_that_is_in_use_and_ends_soon_is_warned_of() {
    let day = 24 * 3600;
    for (ends_in, warned) in
        [(Some(14 * day), true), (Some(14 * day + 1), false), (None, false), (Some(60), true)]
    {
        let world = World::new();
        let server = world.server().await;
        let (secret, credential) = world.secret("demo");
        let credential = credential.valid_until(ends_in.map(|seconds| at(NOW + seconds)));
        let id = credential.id().to_string();
        world.client_with("demo", |client| client.credential(credential)).await;
        for _ in 0..2 {
            issued(&server, "demo", secret.expose(), &[]).await;
        }
        assert_eq!(world.events.count(&Kind::CredentialExpiring), usize::from(warned), "{ends_in:?}");
        if warned {
            let seen =
                world.events.all().into_iter().find(|seen| seen.kind == Kind::CredentialExpiring).unwrap();
            assert_eq!((seen.client_id.as_deref(), seen.credential), (Some("demo"), Some(id)));
            world.clock.advance(30);
            assert!(!seen.debug.contains(secret.expose()));
        }
    }
}
