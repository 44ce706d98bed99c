//! Every port of registration fails in turn (design §5): always 5xx with a fixed body, nothing said, and nothing half done.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grantor::event::FaultKind;
use grantor::{AuthorizationServer, Entropy, EntropyError, Stores, SystemEntropy};
use serde_json::json;
use support::*;

struct Set {
    world: World,
    server: AuthorizationServer,
    registry: FakeRegistry,
    access: FakeAccess,
}

async fn set_up() -> Set {
    let world = World::new();
    let (registry, access) = (FakeRegistry::new(&world.store), FakeAccess::default());
    let stores = Stores::from(world.store.clone()).with_clients(registry.clone());
    let stores = stores.with_registry(registry.clone()).with_initial_access(access.clone());
    let server = world.over(stores).registration(registration()).build().await.unwrap();
    Set { world, server, registry, access }
}

/// Holds an answer to what every fault is answered, and the operator to what it is told.
#[track_caller]
fn failed(world: &World, answer: &Answer, broken: Broken, what: &str) {
    let (status, error, kind) = match broken {
        Broken::Unavailable | Broken::AnswerLost => (503, "temporarily_unavailable", FaultKind::Unavailable),
        Broken::Corrupt => (500, "server_error", FaultKind::Internal),
    };
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    refused(answer, status, error);
    assert_eq!(answer.header("retry-after").is_some(), status == 503, "{what}");
    assert!(
        !answer.text().contains("7f3") && !answer.text().contains("grantor_"),
        "{what}: {}",
        answer.text()
    );
    let last = world.events.last();
    assert_eq!(last.kind, Kind::Failed(kind), "{what}");
    assert!(last.source.contains("7f3"), "the operator learns it: {}", last.source);
}

const ALL: [Broken; 3] = [Broken::Unavailable, Broken::Corrupt, Broken::AnswerLost];

#[tokio::test]
async fn t77_each_store_call_of_a_registration_fails_in_turn() {
    let Set { world, server, registry, access } = set_up().await;
    let token = access.issue(|token| token.max_uses(100));
    let mut counted = 0;
    for broken in ALL {
        for (calls, call) in
            [(&access.calls, "find access"), (&access.calls, "consume"), (&registry.calls, "insert")]
        {
            let usage = world.store.usage();
            calls.fail(call, broken);
            let answer = register_by(&server, token.expose(), &metadata()).await;
            failed(&world, &answer, broken, call);
            calls.mend();
            // Perhaps counted, perhaps stored: the caller has nothing of either, and no use is given away.
            let lost = call == "insert" && broken == Broken::AnswerLost;
            assert_eq!(world.store.usage() == usage, !lost, "{call} {broken:?}");
            counted += u32::from(call == "insert" || (call == "consume" && broken == Broken::AnswerLost));
            assert_eq!(access.uses(&token), counted, "{call} {broken:?}");
        }
    }
    assert_eq!(world.events.count(&Kind::Changed("created", "registration")), 0);
    let answer = register_by(&server, token.expose(), &metadata()).await;
    assert_eq!(Registered::of(&answer, 201).asks(&server).await.status, 200, "and then it goes on");
}

/// The order: all that can refuse, then the use, then the insert.
#[tokio::test]
async fn s12_a_use_is_counted_last_and_before_anything_is_stored() {
    let Set { server, registry, access, .. } = set_up().await;
    let token = access.issue(|token| token.max_uses(1));
    for bad in [json!({ "scope": "admin" }), json!({ "jwks": 7 }), json!({ "software_statement": "a.b.c" })] {
        assert_eq!(register_by(&server, token.expose(), &bad).await.status, 400);
        assert!(!access.calls.take().contains(&"consume"));
    }
    assert_eq!(registry.calls.take(), Vec::<&str>::new());
    Registered::of(&register_by(&server, token.expose(), &metadata()).await, 201);
    assert_eq!(access.calls.take(), ["find access", "consume"]);
    assert_eq!(registry.calls.take(), ["insert"]);
    // Spent between the look and the count: refused, and nothing stored.
    let token = access.issue(|token| token.max_uses(1));
    let (other, same) = (server.clone(), token.clone());
    access.calls.before("consume", async move {
        Registered::of(&register_by(&other, same.expose(), &metadata()).await, 201);
    });
    bad_token(&register_by(&server, token.expose(), &metadata()).await, "spent meanwhile");
    assert_eq!(registry.calls.take(), ["insert"], "one of the two");
}

#[tokio::test]
async fn t77_each_store_call_of_the_management_fails_in_turn() {
    let Set { world, server, registry, .. } = set_up().await;
    for broken in ALL {
        let client = registered(&server, &metadata()).await;
        let all = async |what: &str| {
            registry.calls.fail("find", broken);
            for answer in [
                client.read(&server).await,
                client.put(&server, &json!({})).await,
                client.delete(&server).await,
            ] {
                failed(&world, &answer, broken, what);
            }
            registry.calls.mend();
        };
        all("find").await;
        assert_eq!(client.read(&server).await.json()["client_name"], "Billing", "nothing has changed");

        registry.calls.fail("delete", broken);
        failed(&world, &client.delete(&server).await, broken, "delete");
        registry.calls.mend();
        let there = world.record(&client.id).await.is_some();
        assert_eq!(there, broken != Broken::AnswerLost);
        let again = client.delete(&server).await;
        assert_eq!(again.status, if there { 204 } else { 401 }, "tried again");
        assert!(world.record(&client.id).await.is_none());

        let client = registered(&server, &metadata()).await;
        registry.calls.fail("update", broken);
        failed(&world, &client.put(&server, &json!({ "client_name": "Changed" })).await, broken, "update");
        registry.calls.mend();
        let changed = broken == Broken::AnswerLost;
        let name = world.record(&client.id).await.unwrap().name().map(str::to_owned);
        assert_eq!(name.as_deref(), Some(if changed { "Changed" } else { "Billing" }));
        // Where it was made all the same the new token is nobody's: an operator gives another.
        assert_eq!(client.read(&server).await.status, if changed { 401 } else { 200 });
        let token = world.clients().rotate_registration_token(&client_id(&client.id)).await.unwrap();
        assert_eq!(manage(&server, "GET", &client.path(), token.expose(), "").await.status, 200);
        assert_eq!(client.asks(&server).await.status, 200, "its secret goes on");
    }
    assert_eq!(world.events.count(&Kind::Changed("updated", "client")), 0);
}

/// Randomness that can be turned off.
#[derive(Clone, Debug, Default)]
struct Dry(Arc<AtomicBool>);

impl Entropy for Dry {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        if self.0.load(Ordering::SeqCst) {
            Err(EntropyError::new())
        } else {
            SystemEntropy::new().fill(bytes)
        }
    }
}

#[tokio::test]
async fn t77_without_randomness_nobody_is_registered_and_nothing_rotated() {
    let world = World::new();
    let (dry, access) = (Dry::default(), FakeAccess::default());
    let stores = Stores::from(world.store.clone()).with_initial_access(access.clone());
    let server = world.over(stores).registration(registration()).entropy(dry.clone()).build().await.unwrap();
    let token = access.issue(|token| token.max_uses(1));
    let client = registered(&server, &metadata()).await;
    dry.0.store(true, Ordering::SeqCst);
    let usage = world.store.usage();
    for token in [INITIAL, token.expose()] {
        refused(&register_by(&server, token, &metadata()).await, 500, "server_error");
    }
    assert_eq!(
        (world.store.usage(), access.uses(&token)),
        (usage, 0),
        "what is random is made before the use is counted"
    );
    refused(&client.put(&server, &json!({ "client_name": "Changed" })).await, 500, "server_error");
    assert_eq!(client.read(&server).await.json()["client_name"], "Billing");
    dry.0.store(false, Ordering::SeqCst);
    Registered::of(&register_by(&server, token.expose(), &metadata()).await, 201);
}

/// Maintenance that cannot list or delete says so, and does not stop what else is due.
#[tokio::test]
async fn t77_maintenance_survives_a_registry_that_is_away() {
    let Set { world, server, registry, .. } = set_up().await;
    let client = registered(&server, &metadata()).await;
    world.clock.advance(31 * 24 * 3600);
    for call in ["list", "delete"] {
        world.events.clear();
        registry.calls.fail(call, Broken::Unavailable);
        for _ in 0..10 {
            server.maintain().await;
        }
        registry.calls.mend();
        assert!(world.events.count(&Kind::MaintenanceFailed) > 0, "{call}: the operator learns it");
        assert!(world.record(&client.id).await.is_some());
        world.clock.advance(3601);
    }
    for _ in 0..10 {
        server.maintain().await;
    }
    assert!(world.record(&client.id).await.is_none());
}
