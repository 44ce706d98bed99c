//! What was answered is on the disk, whatever the server's `synchronous_commit` says.

use std::future::Future;

use grantor::store::{
    ClientRegistry, InitialAccessStore, KeyStore, Revision, StoreError, TokenStore, TrustRegistry,
};

use crate::database::{Database, pool_of_one, server};
use crate::records::{FIRST, access, at, client, issuer, keys, proof, record, token};

/// The log must have reached the disk beyond where it stood before the call.
async fn is_flushed<T>(database: &Database, what: &str, call: impl Future<Output = Result<T, StoreError>>) {
    let place = |place: &str| format!("SELECT (pg_current_wal_{place}_lsn() - '0/0'::pg_lsn)::bigint");
    let before = database.number(&place("insert")).await;
    call.await.unwrap();
    let flushed = database.number(&place("flush")).await;
    assert!(
        flushed > before,
        "{what} was answered before it was on the disk: {flushed} is not past {before}"
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn every_write_is_on_the_disk_before_it_is_answered_even_if_synchronous_commit_is_off() {
    let database = Database::migrated().await;
    let store = database.store_on(pool_of_one(server().options([("synchronous_commit", "off")])));
    for round in 0..20_usize {
        let held = client(&round.to_string());
        let revision = Revision::new(round as u64);
        is_flushed(&database, "claim", store.claim(&proof(round), at(1))).await;
        is_flushed(&database, "insert a token", TokenStore::insert(&store, &token(round), &record(99))).await;
        is_flushed(&database, "revoke", store.revoke(&token(round), at(1))).await;
        is_flushed(&database, "revoke an absent one", store.revoke(&token(1000 + round), at(1))).await;
        is_flushed(&database, "insert a client", ClientRegistry::insert(&store, FIRST, &held)).await;
        is_flushed(&database, "update a client", ClientRegistry::update(&store, FIRST, &held)).await;
        is_flushed(&database, "delete a client", ClientRegistry::delete(&store, held.id())).await;
        let trusted = issuer(&round.to_string());
        is_flushed(&database, "insert an issuer", TrustRegistry::insert(&store, FIRST, &trusted)).await;
        is_flushed(&database, "update an issuer", TrustRegistry::update(&store, FIRST, &trusted)).await;
        is_flushed(&database, "delete an issuer", TrustRegistry::delete(&store, trusted.issuer())).await;
        let initial = access(&round.to_string());
        is_flushed(&database, "insert a token", InitialAccessStore::insert(&store, &initial)).await;
        is_flushed(&database, "use it", store.consume(initial.id(), 1)).await;
        is_flushed(&database, "delete it", InitialAccessStore::delete(&store, initial.id())).await;
        is_flushed(&database, "replace keys", store.replace(revision, &keys("a"))).await;
    }
}

/// The setting is made for one statement, and is not left behind for whoever uses the connection next.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn the_setting_of_the_session_stays() {
    use grantor_storage_postgres::sqlx::{self, Row};
    let database = Database::migrated().await;
    for setting in ["off", "local", "on"] {
        let pool = pool_of_one(server().options([("synchronous_commit", setting)]));
        let _first = database.store_on(pool.clone()).claim(&proof(1), at(1)).await.unwrap();
        let row = sqlx::query("SHOW synchronous_commit").fetch_one(&pool).await.unwrap();
        assert_eq!(row.get::<String, _>(0), setting);
    }
}
