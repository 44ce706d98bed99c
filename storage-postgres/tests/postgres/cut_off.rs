//! A call may be dropped at any await: it happened whole or not at all, and the connection serves the next one.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use grantor::store::{
    Claim, ClientRegistry, ClientStore, Insert, KeyStore, Replace, Revision, TokenState, TokenStore,
    TrustRegistry, TrustStore, TrustedIssuer,
};
use grantor_storage_postgres::PostgresStore;

use crate::database::Database;
use crate::records::{FIRST, at, client, id, iss, issuer, keys, named, proof, record, token};

/// Polls it so many times. `None` if it was dropped unfinished.
async fn cut_after<T>(polls: usize, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut polled = 0;
    poll_fn(move |context| {
        if polled == polls {
            return Poll::Ready(None);
        }
        polled += 1;
        call.as_mut().poll(context).map(Some)
    })
    .await
}

/// Runs `at_poll` with 0, 1, 2, … polls, and sees that the one connection still gives
/// each call its own answer.
async fn at_every_await(store: &PostgresStore, at_poll: impl AsyncFn(usize) -> bool) {
    assert_eq!(ClientRegistry::insert(store, FIRST, &client("witness")).await.unwrap(), Insert::Done);
    // More than any call needs. How many it needs depends on how soon the answers come.
    for polls in 0..20 {
        let _finished: bool = at_poll(polls).await;
        let witness = ClientStore::find(store, &id("witness")).await.unwrap().unwrap();
        assert_eq!(
            (witness.record(), witness.revision()),
            (&client("witness"), FIRST),
            "after {polls} polls"
        );
        let unseen = proof(1_000_000 + polls);
        assert_eq!(store.claim(&unseen, at(1)).await.unwrap(), Claim::First, "after {polls} polls");
        assert_eq!(store.claim(&unseen, at(1)).await.unwrap(), Claim::Replayed, "after {polls} polls");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_claim_that_is_cut_off_is_taken_or_free() {
    let database = Database::migrated().await;
    let store = database.store();
    at_every_await(&store, async |polls| {
        let cut = cut_after(polls, store.claim(&proof(polls), at(1))).await;
        let _either = store.claim(&proof(polls), at(1)).await.unwrap();
        assert_eq!(store.claim(&proof(polls), at(1)).await.unwrap(), Claim::Replayed);
        cut.is_some_and(|claim| claim.unwrap() == Claim::First)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_client_whose_update_is_cut_off_is_whole() {
    let database = Database::migrated().await;
    let store = database.store();
    assert_eq!(
        ClientRegistry::insert(&store, Revision::new(1), &named("a", "0")).await.unwrap(),
        Insert::Done
    );
    at_every_await(&store, async |polls| {
        let before = ClientStore::find(&store, &id("a")).await.unwrap().unwrap();
        let after = named("a", &format!("{polls} and more"));
        let cut = cut_after(polls, ClientRegistry::update(&store, before.revision(), &after)).await;
        let found = ClientStore::find(&store, &id("a")).await.unwrap().unwrap();
        let is_old = (found.record(), found.revision()) == (before.record(), before.revision());
        let is_new = (found.record(), found.revision()) == (&after, before.revision().next());
        assert!(is_old || is_new, "{found:?}");
        cut.is_some()
    })
    .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn an_issuer_whose_update_is_cut_off_is_whole() {
    let database = Database::migrated().await;
    let store = database.store();
    let named = |name: String| issuer("a").to_builder().name(name).build().unwrap();
    let find = async || TrustStore::find(&store, &iss("a")).await.unwrap().unwrap();
    let first: TrustedIssuer = named("0".to_owned());
    assert_eq!(TrustRegistry::insert(&store, Revision::new(1), &first).await.unwrap(), Insert::Done);
    at_every_await(&store, async |polls| {
        let (before, after) = (find().await, named(format!("{polls} and more")));
        let cut = cut_after(polls, TrustRegistry::update(&store, before.revision(), &after)).await;
        let found = find().await;
        let is_old = (found.record(), found.revision()) == (before.record(), before.revision());
        let is_new = (found.record(), found.revision()) == (&after, before.revision().next());
        assert!(is_old || is_new, "{found:?}");
        cut.is_some()
    })
    .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn keys_whose_replacement_is_cut_off_are_whole() {
    let database = Database::migrated().await;
    let store = database.store();
    assert_eq!(store.replace(Revision::ABSENT, &keys("0")).await.unwrap(), Replace::Won);
    at_every_await(&store, async |polls| {
        let (old, revision) = store.load().await.unwrap();
        let new = keys(&format!("{polls}-and-more"));
        let cut = cut_after(polls, store.replace(revision, &new)).await;
        let found = store.load().await.unwrap();
        assert!(found == (old, revision) || found == (new, revision.next()), "{found:?}");
        cut.is_some()
    })
    .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_token_whose_revocation_is_cut_off_is_live_or_revoked() {
    let database = Database::migrated().await;
    let store = database.store();
    at_every_await(&store, async |polls| {
        let id = token(polls);
        let inserted = cut_after(polls, TokenStore::insert(&store, &id, &record(100))).await;
        let _either = TokenStore::insert(&store, &id, &record(100)).await.unwrap();
        assert!(matches!(TokenStore::find(&store, &id).await.unwrap(), TokenState::Live(_)));
        let revoked = cut_after(polls, store.revoke(&id, at(100))).await;
        let state = TokenStore::find(&store, &id).await.unwrap();
        assert!(matches!(state, TokenState::Revoked) || revoked.is_none(), "{state:?}");
        store.revoke(&id, at(100)).await.unwrap();
        assert!(matches!(TokenStore::find(&store, &id).await.unwrap(), TokenState::Revoked));
        inserted.is_some() && revoked.is_some()
    })
    .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_migration_that_is_cut_off_leaves_nothing() {
    for polls in 0..1000 {
        let database = Database::empty();
        let pool = database.pool();
        let cut = cut_after(polls, database.store_on(pool.clone()).migrate()).await;
        // The connection comes back when what was begun is undone.
        drop(pool.acquire().await.unwrap());
        let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = '$SCHEMA'";
        let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = '$SCHEMA'";
        let found = (database.number(schemas).await, database.number(tables).await);
        assert!(found == (0, 0) || found == (1, 8), "after {polls} polls: {found:?}");
        if cut.is_some() {
            assert_eq!(found, (1, 8));
            return;
        }
        database.store().migrate().await.unwrap();
    }
    panic!("never finished");
}
