//! T86: clients that registered themselves and were never used go by themselves, and nobody else does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::http::Request;
use grantor::store::{
    ClientQuery, ClientRegistry, ClientStore, CredentialUsage, GrantType, StoreError, Update,
};
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

/// Stores that remember no uses.
fn forgetful(world: &World) -> Stores {
    let memory = world.store.clone();
    Stores::new(memory.clone(), memory.clone(), memory.clone()).with_registry(memory)
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

/// Cannot be read.
#[derive(Clone, Debug)]
struct Away;

#[async_trait]
impl CredentialUsage for Away {
    async fn touch(&self, _uses: &[grantor::store::CredentialUse]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn last_used(&self, _client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        Err(StoreError::unavailable("away"))
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test]
async fn t86_an_outage_removes_nobody_and_is_told() {
    let world = World::new();
    let stores = Stores::from(world.store.clone()).with_usage(Away);
    let server = registering(&world, stores, |own| own).await;
    register(&server).await;
    world.clock.advance(31 * DAY);
    maintain(&server).await;
    assert_eq!(ids(&world).await.len(), 1);
    assert!(world.events.all().iter().any(|seen| seen.kind == Kind::MaintenanceFailed));
}

/// A use is written into the record: no store of uses has to be asked, and none is, however old the client is.
#[tokio::test]
async fn t86_a_use_counts_for_ever_and_without_a_store_that_remembers_uses() {
    let world = World::new();
    let server = registering(&world, forgetful(&world), |own| own).await;
    let ((id, secret), _unused) = (register(&server).await, register(&server).await);
    world.clock.advance(30 * DAY - 60);
    issued(&server, &id, &secret, &[]).await;
    maintain(&server).await;
    world.clock.advance(1000 * DAY);
    let another = registering(&world, forgetful(&world), |own| own).await;
    maintain(&another).await;
    assert_eq!(ids(&world).await, [id]);
}

/// The first use is written down at once where there is an executor, so that the search of another process sees it.
#[tokio::test]
async fn t86_a_first_use_is_known_to_other_processes_at_once() {
    let world = World::new();
    let open = || Registration::new().initial_access_token(TOKEN);
    let executor = TestExecutor::default();
    let one = world.over(forgetful(&world)).registration(open()).executor(executor.clone());
    let one = one.build().await.unwrap();
    let other = registering(&world, forgetful(&world), |own| own).await;
    let (id, secret) = register(&one).await;
    world.clock.advance(31 * DAY);
    issued(&one, &id, &secret, &[]).await;
    executor.finish().await;
    maintain(&other).await;
    assert_eq!(ids(&world).await, [id]);
}

/// What this process knows of a use counts also while it cannot be written down.
#[tokio::test]
async fn t86_a_use_that_cannot_be_written_down_yet_counts() {
    let world = World::new();
    let registry = FakeRegistry::new(&world.store);
    let stores = forgetful(&world).with_registry(registry.clone());
    let server = registering(&world, stores, |own| own).await;
    let (id, secret) = register(&server).await;
    world.clock.advance(31 * DAY);
    issued(&server, &id, &secret, &[]).await;
    registry.calls.fail("update", Broken::Unavailable);
    maintain(&server).await;
    assert_eq!(ids(&world).await, std::slice::from_ref(&id));
    assert!(world.events.all().iter().any(|seen| seen.kind == Kind::MaintenanceFailed), "it is told");
    registry.calls.mend();
    maintain(&server).await;
    let other = registering(&world, forgetful(&world), |own| own).await;
    maintain(&other).await;
    assert_eq!(ids(&world).await, [id], "and written down when that works again");
}

/// A client that authenticates nowhere is used too: tokens are issued to it for assertions that others bring.
#[tokio::test]
async fn t86_a_client_that_a_trusted_issuer_stands_for_is_used() {
    let world = World::new();
    let key = Signing::es256();
    let before =
        registering(&world, world.store.clone(), |own| own.grant_types([GrantType::JWT_BEARER])).await;
    let request = Request::builder("POST", "/oauth2/register")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .body(format!(r#"{{"grant_types":["{}"]}}"#, GrantType::JWT_BEARER.as_str()));
    let said = Answer::of(before.register(request.build()).await).json();
    let id = said["client_id"].as_str().unwrap().to_owned();
    let trusted = partner(&key).without_client_authentication(client_id(&id)).build().unwrap();
    let stores = Stores::from(world.store.clone()).with_trust(FakeTrust::of([trusted]));
    let server = registering(&world, stores, |own| own).await;
    granted(&server, &vouched().sign(&key), "the partner's").await;
    world.clock.advance(31 * DAY);
    maintain(&server).await;
    assert_eq!(ids(&world).await, [id]);
}

/// An operator's word keeps a client: what was changed by `Clients`, and what serves or introspects.
#[tokio::test]
async fn t86_what_an_operator_looks_after_stays() {
    let world = World::new();
    let server = registering(&world, world.store.clone(), |own| own).await;
    let (renamed, disabled, serves) =
        (register(&server).await.0, register(&server).await.0, register(&server).await.0);
    let clients = server.clients().unwrap();
    clients.update(&client_id(&renamed), |client| client.name("ours")).await.unwrap();
    clients.disable(&client_id(&disabled)).await.unwrap();
    // By a host that writes into the store itself.
    let found = ClientStore::find(&world.store, &client_id(&serves)).await.unwrap().unwrap();
    let changed = found.record().to_builder().serves([uri(API)]).build().unwrap();
    assert_eq!(ClientRegistry::update(&world.store, found.revision(), &changed).await.unwrap(), Update::Done);
    world.clock.advance(31 * DAY);
    maintain(&server).await;
    let mut expected = vec![renamed, disabled, serves];
    expected.sort_unstable();
    assert_eq!(ids(&world).await, expected);
}

/// Where the first use could not be written down, what is remembered of uses counts.
#[tokio::test]
async fn t86_a_use_that_only_the_store_of_uses_knows_counts() {
    let world = World::new();
    let server = registering(&world, world.store.clone(), |own| own).await;
    let (id, secret) = register(&server).await;
    let memory = world.store.clone();
    let without_registry =
        world.over(Stores::from(memory.clone()).with_clients(memory)).build().await.unwrap();
    issued(&without_registry, &id, &secret, &[]).await;
    without_registry.maintain().await;
    world.clock.advance(31 * DAY);
    maintain(&server).await;
    assert_eq!(ids(&world).await, [id]);
}
