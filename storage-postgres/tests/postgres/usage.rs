//! When credentials were last used: what goes and when, and that no two who tell of the same ones wait for each other.

use std::time::Duration;

use grantor::store::{ClientRegistry, CredentialUsage, Delete, Insert};
use grantor_storage_postgres::PostgresStore;
use grantor_storage_postgres::sqlx::{self, Connection};
use tokio::time::timeout;

use crate::database::{Database, pool_of_one, server, until};
use crate::records::{FIRST, client, id, used};

const SOON: Duration = Duration::from_secs(10);

/// In the year 2096.
const LATER: i64 = 4_000_000_000;

async fn known(store: &PostgresStore, client: &str) -> Vec<String> {
    let uses = store.last_used(&id(client)).await.unwrap();
    uses.into_iter().map(|(credential, _)| credential.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_store_that_becomes_all_stores_brings_them_along() {
    let nowhere = sqlx::PgPool::connect_lazy("postgres://grantor@127.0.0.1:1/grantor").unwrap();
    let stores = format!("{:?}", grantor::Stores::from(PostgresStore::new(nowhere)));
    assert!(stores.contains("usage: Some(PostgresStore"), "{stores}");
    assert!(stores.contains("trust: Some(PostgresStore"), "{stores}");
    assert!(stores.contains("initial_access: Some(PostgresStore"), "{stores}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn uses_go_with_their_client_and_those_of_others_stay() {
    let database = Database::migrated().await;
    let store = database.store();
    for name in ["a", "a ", "A", "ab", "%"] {
        assert_eq!(ClientRegistry::insert(&store, FIRST, &client(name)).await.unwrap(), Insert::Done);
        store.touch(&[used(name, "one", LATER), used(name, "two", LATER)]).await.unwrap();
    }
    for name in ["a", "%"] {
        assert_eq!(store.delete(&id(name)).await.unwrap(), Delete::Done);
        assert!(known(&store, name).await.is_empty());
    }
    assert_eq!(database.number("SELECT count(*) FROM $SCHEMA.credential_usage").await, 6);
    // What came too late goes with the next delete.
    store.touch(&[used("a", "one", LATER)]).await.unwrap();
    assert_eq!(store.delete(&id("a")).await.unwrap(), Delete::Missing);
    assert!(known(&store, "a").await.is_empty());
}

/// Nothing refers to the clients here: they may be in a table of the host.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_client_that_is_kept_elsewhere_has_its_uses_too() {
    let database = Database::migrated().await;
    let store = database.store();
    store.touch(&[used("elsewhere", "one", LATER)]).await.unwrap();
    assert_eq!(known(&store, "elsewhere").await, ["one"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_use_is_remembered_for_400_days_and_goes_with_a_touch_after_them() {
    let database = Database::migrated().await;
    let store = database.store();
    let now = database.number("SELECT extract(epoch FROM now())::bigint").await;
    let days = |days: i64| now - days * 24 * 3600;
    let old = [used("a", "399", days(399)), used("a", "400", days(400) - 1), used("b", "402", days(402))];
    store.touch(&old).await.unwrap();
    store.touch(&[used("c", "new", now)]).await.unwrap();
    assert_eq!(known(&store, "a").await, ["399", "400"]);
    assert!(known(&store, "b").await.is_empty());
    // Old, and used again with the very touch that would forget it.
    database.run("UPDATE $SCHEMA.credential_usage SET last_used = 1 WHERE credential_id = '400'").await;
    store.touch(&[used("a", "400", now)]).await.unwrap();
    assert_eq!(known(&store, "a").await, ["399", "400"]);
}

/// A table that grew while nothing was forgotten is no long piece of work.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn it_forgets_in_steps_and_waits_for_no_row() {
    let database = Database::migrated().await;
    let store = database.store();
    database
        .run(
            "INSERT INTO $SCHEMA.credential_usage
             SELECT 'client-' || number, 'one', number FROM generate_series(1, 1501) AS number",
        )
        .await;
    let mut holding = sqlx::PgConnection::connect_with(&server()).await.unwrap();
    let hold = "BEGIN; SELECT FROM $SCHEMA.credential_usage WHERE last_used = 1 FOR UPDATE";
    sqlx::raw_sql(database.sql(hold)).execute(&mut holding).await.unwrap();
    let left = async || database.number("SELECT count(*) FROM $SCHEMA.credential_usage").await;
    for expected in [502, 2, 2] {
        timeout(SOON, store.touch(&[used("a", "one", LATER)])).await.expect("nobody is waited for").unwrap();
        assert_eq!(left().await, expected, "the one that is held and the new one stay");
    }
    sqlx::raw_sql("COMMIT").execute(&mut holding).await.unwrap();
    store.touch(&[used("a", "one", LATER)]).await.unwrap();
    assert_eq!(left().await, 1);
}

/// Somebody has the first row in the order of the table. Both who come after it wait there, and hold nothing else that
/// the other wants, whatever the order of their batches is: in that of the batch one of them would be told of a
/// deadlock.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn those_who_touch_and_delete_the_same_rows_take_them_in_one_order() {
    let database = Database::migrated().await;
    let uses = ["a", "b", "c"].map(|credential| used("client", credential, LATER));
    database.store().touch(&uses).await.unwrap();
    let reversed: Vec<_> =
        uses.iter().rev().map(|one| used("client", one.credential.as_str(), LATER + 1)).collect();
    let mut before = sqlx::PgConnection::connect_with(&server()).await.unwrap();
    let hold = "BEGIN; SELECT FROM $SCHEMA.credential_usage WHERE credential_id = 'a' FOR UPDATE";
    sqlx::raw_sql(database.sql(hold)).execute(&mut before).await.unwrap();
    let waits = async |number: i64| {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = '$SCHEMA' AND wait_event_type = 'Lock'";
        until("it waits", async || database.number(waiting).await == number).await;
    };
    let store = || database.store_on(pool_of_one(server().application_name(&database.schema)));
    let touching = tokio::spawn({
        let store = store();
        async move { store.touch(&reversed).await }
    });
    waits(1).await;
    let deleting = tokio::spawn({
        let store = store();
        async move { store.delete(&id("client")).await }
    });
    waits(2).await;
    // Were one of them to hold a later row, whoever takes them from the front would have to wait.
    let free = "SELECT count(*) FROM (SELECT FROM $SCHEMA.credential_usage FOR UPDATE SKIP LOCKED) AS free";
    assert_eq!(database.number(free).await, 2);
    sqlx::raw_sql("COMMIT").execute(&mut before).await.unwrap();
    touching.await.unwrap().unwrap();
    let _missing = deleting.await.unwrap().unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn what_cannot_be_read_is_corrupt() {
    let database = Database::migrated().await;
    let store = database.store();
    for foreign in ["'a b', 1", "'', 1", "'one', -1", "'one', 253402300800"] {
        database.run(&format!("INSERT INTO $SCHEMA.credential_usage VALUES ('a', {foreign})")).await;
        assert!(!store.last_used(&id("a")).await.unwrap_err().is_unavailable(), "{foreign}");
        database.run("DELETE FROM $SCHEMA.credential_usage").await;
    }
}
