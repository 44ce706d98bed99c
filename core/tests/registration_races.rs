//! Registration side by side: what must happen once happens once, and what is deleted stays dead (T77, T82, T104).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;

use grantor::policy::{Issuance, IssuancePolicy, PolicyRefusal, StandardPolicy, Terms};
use grantor::store::{ClientRegistry, Delete};
use grantor::{AuthorizationServer, Registration, Stores, TokenFormat, async_trait};
use grantor_storage_memory::MemoryStore;
use serde_json::{Value, json};
use support::*;
use tokio::sync::Barrier;

/// Does `work` as often, at once, on several threads.
async fn at_once<T, F>(times: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(times));
    let tasks: Vec<_> = (0..times)
        .map(|at| {
            let (barrier, work) = (Arc::clone(&barrier), work(at));
            tokio::spawn(async move {
                barrier.wait().await;
                work.await
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

/// A server over a registry in which something can happen in between.
async fn over_fake(world: &World) -> (AuthorizationServer, FakeRegistry) {
    let fake = FakeRegistry::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(fake.clone()).with_registry(fake.clone());
    (world.over(stores).registration(registration()).build().await.unwrap(), fake)
}

/// T86: of a token for five clients five are registered, however many ask at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t86_an_initial_access_token_registers_exactly_as_many_as_it_may() {
    let world = World::new();
    let access = FakeAccess::default();
    let server = world.registering_with(Registration::new(), &access).await;
    for most in [1, 5] {
        let token = Arc::new(access.issue(|token| token.max_uses(most)));
        let answers = at_once(16, |_| {
            let (server, token) = (server.clone(), Arc::clone(&token));
            async move { register_by(&server, token.expose(), &metadata()).await }
        })
        .await;
        let done = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(done, most as usize);
        assert_eq!(access.uses(&token), most);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            bad_token(answer, "spent");
        }
    }
    assert_eq!(world.events.count(&Kind::Changed("created", "registration")), 6);
}

/// Two updates with one registration access token: one wins, and the other's token is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_1_of_updates_at_once_exactly_one_wins() {
    let world = World::new();
    let server = world.registering().await;
    for round in 0..20 {
        let client = registered(&server, &metadata()).await;
        let answers = at_once(4, |at| {
            let (server, client) = (server.clone(), client.clone());
            async move { client.put(&server, &json!({ "client_name": format!("{round}-{at}") })).await }
        })
        .await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            bad_token(answer, "lost");
        }
        let winner = Registered::of(won[0], 200);
        let read = winner.read(&server).await.json();
        assert_eq!(read["client_name"], winner.said["client_name"], "what won is what is there");
    }
}

/// The same between reading and writing, where it cannot be missed.
#[tokio::test]
async fn a_1_an_update_that_comes_second_is_401_and_writes_nothing() {
    let world = World::new();
    let (server, fake) = over_fake(&world).await;
    let client = registered(&server, &metadata()).await;
    let (other, first) = (server.clone(), client.clone());
    fake.calls.before("update", async move {
        first.updated(&other, &json!({ "client_name": "First" })).await;
    });
    bad_token(&client.put(&server, &json!({ "client_name": "Second" })).await, "second");
    assert_eq!(world.record(&client.id).await.unwrap().name(), Some("First"));
    // An operator's change in between is none of the client's: the update is made anew over it.
    let client = registered(&server, &metadata()).await;
    let (clients, id) = (world.clients(), client_id(&client.id));
    fake.calls.before("update", async move {
        clients.update(&id, |client| client.introspector(true)).await.unwrap();
    });
    let changed = client.updated(&server, &json!({ "client_name": "Changed" })).await;
    let record = world.record(&changed.id).await.unwrap();
    assert_eq!((record.name(), record.is_introspector()), (Some("Changed"), true), "nothing is lost");
}

/// An operator disables or narrows in between: that counts.
#[tokio::test]
async fn t104_an_update_is_judged_on_the_record_that_it_replaces() {
    let world = World::new();
    let (server, fake) = over_fake(&world).await;
    let client = registered(&server, &metadata()).await;
    let (clients, id) = (world.clients(), client_id(&client.id));
    fake.calls.before("update", async move {
        clients.disable(&id).await.unwrap();
    });
    assert_eq!(client.put(&server, &json!({ "client_name": "Changed" })).await.status, 403);
    let record = world.record(&client.id).await.unwrap();
    assert_eq!((record.is_enabled(), record.name()), (false, Some("Billing")));
    let client = registered(&server, &metadata()).await;
    let (clients, id) = (world.clients(), client_id(&client.id));
    fake.calls.before("update", async move {
        clients.update(&id, |client| client.scope(scope("read"))).await.unwrap();
    });
    bad_metadata(&client.put(&server, &json!({ "scope": "read write" })).await, "narrowed meanwhile");
    assert_eq!(world.record(&client.id).await.unwrap().scope(), &scope("read"));
}

/// T82: an update that races a delete ends dead.
#[tokio::test]
async fn t82_an_update_does_not_bring_a_deleted_client_back() {
    let world = World::new();
    let (server, fake) = over_fake(&world).await;
    for keyed in [false, true] {
        let key = Signing::es256();
        let metadata = if keyed {
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } })
        } else {
            metadata()
        };
        let client = registered(&server, &metadata).await;
        let (other, same) = (server.clone(), client.clone());
        fake.calls.before("update", async move {
            assert_eq!(same.delete(&other).await.status, 204);
        });
        bad_token(&client.put(&server, &metadata).await, "deleted meanwhile");
        assert!(world.record(&client.id).await.is_none());
        bad_token(&client.read(&server).await, "and dead");
    }
    // Deleted twice at once: both were told that it is gone, or the second that it never was.
    let client = registered(&server, &metadata()).await;
    let (store, id) = (world.store.clone(), client_id(&client.id));
    fake.calls.before("delete", async move {
        assert_eq!(ClientRegistry::delete(&store, &id).await.unwrap(), Delete::Done);
    });
    let answer = client.delete(&server).await;
    assert!([204, 401].contains(&answer.status), "{}", answer.text());
    assert!(world.record(&client.id).await.is_none());
}

/// T82, T104: whatever races the delete, nothing lives after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t82_t104_what_races_a_delete_ends_dead() {
    for format in FORMATS {
        race_deletes(format).await;
    }
}

async fn race_deletes(format: TokenFormat) {
    let world = World::new();
    let server = world.bare().resource(api(format)).registration(registration()).build().await.unwrap();
    let secret = world.client_with("watcher", |client| client.introspector(true)).await;
    let mut issued = 0;
    for _ in 0..25 {
        let client = registered(&server, &metadata()).await;
        let answers = at_once(6, |at| {
            let (server, client) = (server.clone(), client.clone());
            async move {
                let answer = match at {
                    0 => client.delete(&server).await,
                    1 | 2 => client.put(&server, &json!({ "client_name": "Changed" })).await,
                    _ => client.asks(&server).await,
                };
                (at, answer)
            }
        })
        .await;
        let said = |answer: &Answer| serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        let winner = answers.iter().find(|(at, answer)| [1, 2].contains(at) && answer.status == 200);
        // Where an update came first its answer has the token by which the client is deleted.
        if let Some((_, answer)) = winner
            && answers[0].1.status == 401
        {
            assert_eq!(Registered::of(answer, 200).delete(&server).await.status, 204);
        } else {
            assert_eq!(answers[0].1.status, 204, "{answers:?}");
        }
        assert!(world.record(&client.id).await.is_none());
        for (_, answer) in &answers {
            if let Some(token) = said(answer)["access_token"].as_str() {
                issued += 1;
                inactive(
                    &introspect(&server, "watcher", &secret, token).await,
                    "issued while it was deleted",
                );
            }
            if let Some(token) = said(answer)["registration_access_token"].as_str() {
                bad_token(&manage(&server, "GET", &client.path(), token, "").await, "dead");
            }
        }
        refused(&client.asks(&server).await, 401, "invalid_client");
    }
    assert!(issued > 0, "the race was one");
}

/// Deletes whoever registered itself and asks for a token, once it has authenticated.
#[derive(Debug)]
struct Deleting(MemoryStore);

#[async_trait]
impl IssuancePolicy for Deleting {
    async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal> {
        if issuance.client.registration().is_some() {
            assert_eq!(ClientRegistry::delete(&self.0, issuance.client.id()).await.unwrap(), Delete::Done);
        }
        StandardPolicy.decide(issuance).await
    }
}

/// T104: the client goes between its look-up and its token.
#[tokio::test]
async fn t104_a_token_whose_client_goes_before_it_is_issued_is_dead() {
    for format in FORMATS {
        let world = World::new();
        let server = world
            .bare()
            .resource(api(format))
            .policy(Deleting(world.store.clone()))
            .registration(registration())
            .build()
            .await
            .unwrap();
        let secret = world.client_with("watcher", |client| client.introspector(true)).await;
        let client = registered(&server, &metadata()).await;
        let token = client.asks(&server).await.access_token();
        inactive(&introspect(&server, "watcher", &secret, &token).await, "a dead client's");
        let verifier = server.access_token_verifier(API).build().unwrap();
        assert!(verifier.authorize([format!("Bearer {token}").as_bytes()]).await.is_err());
        assert!(world.record(&client.id).await.is_none());
    }
}
