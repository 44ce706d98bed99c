//! What each call sends.

use std::future::Future;

use grantor::store::{
    ClientQuery, ClientRegistry, ClientStore, CredentialUsage, InitialAccessQuery, InitialAccessStore,
    KeyStore, Revision, StoreError, TokenStore, TrustQuery, TrustRegistry, TrustStore,
};
use grantor_storage_postgres::sqlx::postgres::PgPool;

use crate::database::{Database, pool_of_one, until};
use crate::proxy::Proxy;
use crate::records::{FIRST, access, at, client, issuer, keys, proof, record, token};

/// Bind, execute, close the portal, and one sync to wait for.
const ONE_ROUND_TRIP: &str = "BECS";

/// The messages that a call sends before it returns.
async fn sent<T>(proxy: &Proxy, pool: &PgPool, call: impl Future<Output = Result<T, StoreError>>) -> String {
    until("the connection is back in the pool", async || pool.num_idle() == 1).await;
    proxy.take_sent();
    call.await.unwrap();
    proxy.take_sent()
}

/// On a runtime of one thread, so that nothing else is sent before the call returns.
#[tokio::test(flavor = "current_thread")]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn every_call_is_one_statement_and_one_round_trip_once_it_is_prepared() {
    let database = Database::migrated().await;
    let proxy = Proxy::start();
    let pool = pool_of_one(proxy.options());
    let store = database.store_on(pool.clone());
    let _connects = store.load().await.unwrap();
    for round in 0..2_usize {
        let held = client(&format!("client {round}"));
        let trusted = issuer(&format!("issuer-{round}"));
        let (initial, pages) = (access(&format!("token-{round}")), InitialAccessQuery::first(9));
        let revision = Revision::new(round as u64);
        let calls = [
            ("insert a client", sent(&proxy, &pool, ClientRegistry::insert(&store, FIRST, &held)).await),
            ("find a client", sent(&proxy, &pool, ClientStore::find(&store, held.id())).await),
            ("update a client", sent(&proxy, &pool, ClientRegistry::update(&store, FIRST, &held)).await),
            ("list clients", sent(&proxy, &pool, ClientRegistry::list(&store, &ClientQuery::first(9))).await),
            ("delete a client", sent(&proxy, &pool, ClientRegistry::delete(&store, held.id())).await),
            ("find no client", sent(&proxy, &pool, ClientStore::find(&store, held.id())).await),
            ("insert an issuer", sent(&proxy, &pool, TrustRegistry::insert(&store, FIRST, &trusted)).await),
            ("find an issuer", sent(&proxy, &pool, TrustStore::find(&store, trusted.issuer())).await),
            ("update an issuer", sent(&proxy, &pool, TrustRegistry::update(&store, FIRST, &trusted)).await),
            ("list issuers", sent(&proxy, &pool, TrustRegistry::list(&store, &TrustQuery::first(9))).await),
            ("delete an issuer", sent(&proxy, &pool, TrustRegistry::delete(&store, trusted.issuer())).await),
            (
                "insert a token of access",
                sent(&proxy, &pool, InitialAccessStore::insert(&store, &initial)).await,
            ),
            (
                "find a token of access",
                sent(&proxy, &pool, InitialAccessStore::find(&store, initial.id())).await,
            ),
            ("use it", sent(&proxy, &pool, store.consume(initial.id(), 1)).await),
            ("use what is spent", sent(&proxy, &pool, store.consume(initial.id(), 1)).await),
            ("list tokens of access", sent(&proxy, &pool, InitialAccessStore::list(&store, &pages)).await),
            ("delete it", sent(&proxy, &pool, InitialAccessStore::delete(&store, initial.id())).await),
            ("use what is gone", sent(&proxy, &pool, store.consume(initial.id(), 1)).await),
            ("load keys", sent(&proxy, &pool, store.load()).await),
            ("replace keys", sent(&proxy, &pool, store.replace(Revision::ABSENT, &keys("a"))).await),
            ("replace keys again", sent(&proxy, &pool, store.replace(revision.next(), &keys("b"))).await),
            ("claim", sent(&proxy, &pool, store.claim(&proof(round), at(1))).await),
            (
                "insert a token",
                sent(&proxy, &pool, TokenStore::insert(&store, &token(round), &record(99))).await,
            ),
            ("find a token", sent(&proxy, &pool, TokenStore::find(&store, &token(round))).await),
            ("revoke", sent(&proxy, &pool, store.revoke(&token(round), at(100))).await),
            ("prune", sent(&proxy, &pool, store.prune(at(1), 10)).await),
            ("last used", sent(&proxy, &pool, store.last_used(held.id())).await),
        ];
        for (what, messages) in calls.iter().filter(|_| round == 1) {
            assert_eq!(messages, ONE_ROUND_TRIP, "{what}");
        }
    }
}
