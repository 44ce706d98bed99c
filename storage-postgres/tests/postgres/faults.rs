//! A server that is away, silent, cut off, old or another: an error in bounded time, and service when it is back.

use std::time::Duration;

use grantor::store::{
    Claim, ClientQuery, ClientRegistry, ClientStore, CredentialUsage, InitialAccessQuery, InitialAccessStore,
    KeyStore, StoreError, TokenStore, TrustQuery, TrustRegistry, TrustStore,
};
use grantor_storage_postgres::sqlx::postgres::PgConnectOptions;
use grantor_storage_postgres::sqlx::{self, Row};
use grantor_storage_postgres::{PostgresStore, pool_options};
use tokio::time::timeout;

use crate::database::{Database, chain, pool_of_one, server, until};
use crate::proxy::{Proxy, through};
use crate::records::{FIRST, access, at, id, iss, issuer, proof, token, used};

const SOON: Duration = Duration::from_secs(10);

/// An answer in time, and what it says.
async fn fails<T: std::fmt::Debug>(call: impl Future<Output = Result<T, StoreError>>) -> String {
    let error = timeout(SOON, call).await.expect("an answer in bounded time").unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    chain(&error)
}

/// No password, in whatever is shown.
#[tokio::test]
async fn a_server_that_is_away_is_an_error_in_bounded_time_and_tells_no_password() {
    let options =
        PgConnectOptions::new().host("127.0.0.1").port(1).username("grantor").password("pass-word-1");
    for acquire_timeout in [Duration::from_millis(100), Duration::from_secs(600)] {
        let pool = pool_options().acquire_timeout(acquire_timeout).connect_lazy_with(options.clone());
        let store = PostgresStore::builder(pool).timeout(Duration::from_millis(300)).build();
        let said = [
            fails(store.claim(&proof(1), at(1))).await,
            fails(store.revoke(&token(1), at(1))).await,
            fails(TokenStore::find(&store, &token(1))).await,
            fails(ClientStore::find(&store, &id("a"))).await,
            fails(TrustStore::find(&store, &iss("a"))).await,
            fails(TrustRegistry::insert(&store, FIRST, &issuer("a"))).await,
            fails(store.consume(access("a").id(), 1)).await,
            fails(store.load()).await,
            fails(store.prune(at(1), 1)).await,
            fails(store.touch(&[used("a", "secret", 1)])).await,
            format!("{store:?} {:?}", PostgresStore::builder(store_pool(&options))),
            format!("{:?}", store.claim(&proof(1), at(1)).await.unwrap_err()),
        ];
        for text in said {
            assert!(!text.contains("pass-word-1"), "{text}");
        }
    }
}

fn store_pool(options: &PgConnectOptions) -> sqlx::PgPool {
    pool_options().connect_lazy_with(options.clone())
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_server_that_comes_up_later_is_used_then() {
    let database = Database::migrated().await;
    let port = Proxy::start().port;
    let pool = pool_of_one(through(port));
    let store = database.builder_on(pool).timeout(Duration::from_millis(300)).build();
    fails(store.claim(&proof(1), at(1))).await;
    let _proxy = Proxy::on_port(port);
    until("it works", async || store.claim(&proof(1), at(1)).await.is_ok()).await;
}

/// One place in the pool, whose connection never says a word again: it must not be kept for that one.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_server_that_falls_silent_is_an_error_and_does_not_keep_the_connection() {
    let database = Database::migrated().await;
    let proxy = Proxy::start();
    let pool = pool_of_one(proxy.options());
    let store = database.builder_on(pool.clone()).timeout(Duration::from_millis(500)).build();
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    until("the connection is back in the pool", async || pool.num_idle() == 1).await;
    proxy.silence();
    let said = fails(store.claim(&proof(2), at(1))).await;
    assert!(said.contains("did not answer within 500ms"), "{said}");
    until("it works on a new connection", async || store.claim(&proof(3), at(1)).await.is_ok()).await;
}

/// The answer was lost on the way: the claim may have been taken, and was. Nobody may be told that he is first.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn an_answer_that_is_lost_is_an_error_and_no_second_attempt() {
    let database = Database::migrated().await;
    let proxy = Proxy::start();
    let pool = pool_of_one(proxy.options());
    let store = database.store_on(pool.clone());
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    until("the connection is back in the pool", async || pool.num_idle() == 1).await;
    proxy.silence();
    proxy.take_sent();
    let claiming = tokio::spawn({
        let store = store.clone();
        async move { fails(store.claim(&proof(2), at(1))).await }
    });
    until("the server has taken it", async || {
        database.number("SELECT count(*) FROM $SCHEMA.claims").await == 2
    })
    .await;
    proxy.sever();
    claiming.await.unwrap();
    let executed = proxy.take_sent().matches('E').count();
    assert_eq!(executed, 1, "it was sent once");
    assert_eq!(store.claim(&proof(2), at(1)).await.unwrap(), Claim::Replayed);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn connections_that_the_server_ended_cost_one_error_each_at_the_most() {
    let database = Database::migrated().await;
    let store = database.store_on(pool_of_one(server().application_name(&database.schema)));
    for round in 0..10 {
        let _warm = store.claim(&proof(round), at(1)).await.unwrap();
        database
            .run("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '$SCHEMA'")
            .await;
        let _lost = store.claim(&proof(100 + round), at(1)).await;
        assert_eq!(store.claim(&proof(200 + round), at(1)).await.unwrap(), Claim::First);
    }
}

/// A standby may not know yet of a revocation. The proxy makes the server say that it is one.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn what_a_standby_says_is_not_believed() {
    let database = Database::migrated().await;
    let proxy = Proxy::replacing("pg_catalog.pg_is_in_recovery()", "true                          ");
    let store = database.store_on(pool_of_one(proxy.options()));
    for said in [
        fails(TokenStore::find(&store, &token(1))).await,
        fails(ClientStore::find(&store, &id("a"))).await,
        fails(store.load()).await,
        fails(store.last_used(&id("a"))).await,
        fails(ClientRegistry::list(&store, &ClientQuery::first(1))).await,
        fails(ClientRegistry::list(&store, &ClientQuery::first(1).with_name_prefix("a"))).await,
        fails(TrustStore::find(&store, &iss("a"))).await,
        fails(TrustRegistry::list(&store, &TrustQuery::first(1))).await,
        fails(InitialAccessStore::find(&store, access("a").id())).await,
        fails(InitialAccessStore::list(&store, &InitialAccessQuery::first(1))).await,
    ] {
        assert!(said.contains("standby"), "{said}");
    }
}

/// sqlx leaves a named statement on the server with each call then, unless it is told otherwise.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn without_a_statement_cache_it_works_and_leaves_nothing_behind() {
    let database = Database::migrated().await;
    let pool = pool_of_one(server().statement_cache_capacity(0));
    let store = database.store_on(pool.clone());
    for number in 0..50 {
        assert_eq!(store.claim(&proof(number), at(1)).await.unwrap(), Claim::First);
        assert_eq!(store.claim(&proof(number), at(1)).await.unwrap(), Claim::Replayed);
    }
    let left = sqlx::query("SELECT count(*) FROM pg_prepared_statements").persistent(false);
    let left: i64 = left.fetch_one(&pool).await.unwrap().get(0);
    assert!(left <= 1, "{left} statements");
}
