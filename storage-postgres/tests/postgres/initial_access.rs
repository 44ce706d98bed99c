//! Initial access tokens: rows that others wrote, and uses that wait for one another.

use grantor::store::{Consume, Delete, InitialAccessQuery, InitialAccessStore, Insert, StoreError};
use grantor_storage_postgres::sqlx::{self, Connection};

use crate::database::{Database, pool_of_one, server, until};
use crate::records::access;

fn is_corrupt<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(!answer.unwrap_err().is_unavailable());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_record_under_the_id_of_another_token_is_corrupt() {
    let database = Database::migrated().await;
    let store = database.store();
    for name in ["a", "b"] {
        assert_eq!(store.insert(&access(name)).await.unwrap(), Insert::Done);
    }
    let swap = "UPDATE $SCHEMA.initial_access
        SET document = (SELECT document FROM $SCHEMA.initial_access WHERE id = 'a')";
    database.run(swap).await;
    is_corrupt(store.find(access("b").id()).await);
    is_corrupt(store.list(&InitialAccessQuery::first(10)).await);
    assert!(store.find(access("a").id()).await.unwrap().is_some());
    assert_eq!(store.delete(access("b").id()).await.unwrap(), Delete::Done);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_count_that_is_none_is_corrupt() {
    let database = Database::migrated().await;
    let (store, token) = (database.store(), access("a"));
    assert_eq!(store.insert(&token).await.unwrap(), Insert::Done);
    for count in ["-1", "4294967296", "9223372036854775807"] {
        database.run(&format!("UPDATE $SCHEMA.initial_access SET uses = {count}")).await;
        is_corrupt(store.find(token.id()).await);
        is_corrupt(store.list(&InitialAccessQuery::first(10)).await);
    }
    // The last one that there may be.
    database.run("UPDATE $SCHEMA.initial_access SET uses = 4294967294").await;
    assert_eq!(store.consume(token.id(), u32::MAX).await.unwrap(), Consume::Done);
    assert_eq!(store.consume(token.id(), u32::MAX).await.unwrap(), Consume::Spent);
    assert_eq!(store.find(token.id()).await.unwrap().unwrap().uses, u32::MAX);
}

/// Each outcome is that of the row as it is once the wait is over, whatever was seen of it before.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_use_that_has_to_wait_goes_by_what_it_finds_then() {
    let database = Database::migrated().await;
    let (store, token) = (database.store(), access("a"));
    for (meanwhile, most, outcome) in [
        ("UPDATE $SCHEMA.initial_access SET uses = 1", 2, Consume::Done),
        ("UPDATE $SCHEMA.initial_access SET uses = 1", 1, Consume::Spent),
        ("DELETE FROM $SCHEMA.initial_access", 1, Consume::Missing),
        // Spent before, so it only looks: the token goes, and another one of its id comes.
        ("UPDATE $SCHEMA.initial_access SET uses = 9", 0, Consume::Spent),
        ("DELETE FROM $SCHEMA.initial_access", 0, Consume::Missing),
    ] {
        let _room = store.delete(token.id()).await.unwrap();
        assert_eq!(store.insert(&token).await.unwrap(), Insert::Done);
        let mut other = sqlx::PgConnection::connect_with(&server()).await.unwrap();
        let begun = format!("BEGIN; {meanwhile}");
        sqlx::raw_sql(database.sql(&begun)).execute(&mut other).await.unwrap();
        let waiting = database.store_on(pool_of_one(server().application_name(&database.schema)));
        let id = token.id().clone();
        let using = tokio::spawn(async move { waiting.consume(&id, most).await });
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = '$SCHEMA' AND wait_event_type = 'Lock'";
        until("it waits", async || database.number(waits).await == 1).await;
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        assert_eq!(using.await.unwrap().unwrap(), outcome, "{meanwhile}, {most} at most");
    }
}
