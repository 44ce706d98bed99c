//! Making the tables, by one process or many, and what is refused.

use grantor::ProofId;
use grantor::store::{
    Claim, ClientRegistry, ClientStore, Consume, CredentialUsage, InitialAccessQuery, InitialAccessStore,
    Insert, KeyStore, TokenStore, TrustQuery, TrustRegistry, TrustStore,
};
use grantor_storage_postgres::sqlx::{self, AssertSqlSafe, Connection};
use grantor_storage_postgres::{MigrateError, PostgresStore};

use crate::database::{Database, chain, pool_of_one, random_name, server};
use crate::records::{FIRST, access, at, client, id, iss, issuer, keys, proof, record, token, used};

const HISTORY: &str = "SELECT count(*) FROM $SCHEMA.migrations";

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn eight_processes_at_once_make_the_tables_once() {
    for _round in 0..5 {
        let database = Database::empty();
        let processes: Vec<_> = (0..8)
            .map(|_| database.store())
            .map(|store| tokio::spawn(async move { store.migrate().await }))
            .collect();
        for process in processes {
            process.await.unwrap().unwrap();
        }
        assert_eq!(database.number(HISTORY).await, PostgresStore::migrations().count() as i64);
        assert_eq!(database.store().claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn migrating_again_changes_nothing() {
    let database = Database::migrated().await;
    assert_eq!(database.store().claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    database.store().migrate().await.unwrap();
    assert_eq!(database.store().claim(&proof(1), at(1)).await.unwrap(), Claim::Replayed);
    assert_eq!(database.number(HISTORY).await, PostgresStore::migrations().count() as i64);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_migration_that_was_changed_is_refused() {
    let database = Database::migrated().await;
    database.run("UPDATE $SCHEMA.migrations SET sql = sql || ' -- by hand' WHERE version = 1").await;
    let refused = database.store().migrate().await.unwrap_err();
    assert!(matches!(&refused, MigrateError::Changed { version: 1, .. }), "{refused:?}");
    assert!(refused.to_string().contains(&database.schema), "{refused}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn the_tables_of_a_newer_release_are_refused() {
    let database = Database::migrated().await;
    database.run("INSERT INTO $SCHEMA.migrations (version, name, sql) VALUES (1000, 'later', '')").await;
    let refused = database.store().migrate().await.unwrap_err();
    assert!(matches!(&refused, MigrateError::Newer { found: 1000, known: 4, .. }), "{refused:?}");
}

/// As a release left it that knew of the first migration alone, with what it kept.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_schema_of_an_older_release_is_brought_up_to_this_one_and_keeps_what_is_in_it() {
    let database = Database::migrated().await;
    database
        .run(
            "DROP TABLE $SCHEMA.credential_usage, $SCHEMA.trusted_issuers, $SCHEMA.initial_access;
             DELETE FROM $SCHEMA.migrations WHERE version > 1",
        )
        .await;
    let store = database.store();
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    assert_eq!(ClientRegistry::insert(&store, FIRST, &client("a")).await.unwrap(), Insert::Done);
    for refused in [
        store.touch(&[used("a", "secret", 4_000_000_000)]).await.unwrap_err(),
        store.last_used(&id("a")).await.unwrap_err(),
        ClientRegistry::delete(&store, &id("a")).await.unwrap_err(),
    ] {
        assert!(
            refused.is_unavailable() && chain(&refused).contains("PostgresStore::migrate"),
            "{refused:?}"
        );
    }
    store.migrate().await.unwrap();
    assert_eq!(database.number(HISTORY).await, PostgresStore::migrations().count() as i64);
    store.touch(&[used("a", "secret", 4_000_000_000)]).await.unwrap();
    assert_eq!(store.last_used(&id("a")).await.unwrap().len(), 1);
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::Replayed);
    assert!(ClientStore::find(&store, &id("a")).await.unwrap().is_some());
}

/// As a release left it that knew of the first two. Nothing but trust waits for the third.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_schema_of_the_second_release_is_brought_up_to_this_one_and_keeps_what_is_in_it() {
    let database = Database::migrated().await;
    database
        .run(
            "DROP TABLE $SCHEMA.trusted_issuers, $SCHEMA.initial_access;
             DELETE FROM $SCHEMA.migrations WHERE version > 2",
        )
        .await;
    let store = database.store();
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    assert_eq!(ClientRegistry::insert(&store, FIRST, &client("a")).await.unwrap(), Insert::Done);
    store.touch(&[used("a", "secret", 4_000_000_000)]).await.unwrap();
    for refused in [
        TrustStore::find(&store, &iss("a")).await.unwrap_err(),
        TrustRegistry::insert(&store, FIRST, &issuer("a")).await.unwrap_err(),
        TrustRegistry::update(&store, FIRST, &issuer("a")).await.unwrap_err(),
        TrustRegistry::delete(&store, &iss("a")).await.unwrap_err(),
        TrustRegistry::list(&store, &TrustQuery::first(1)).await.unwrap_err(),
    ] {
        assert!(
            refused.is_unavailable() && chain(&refused).contains("PostgresStore::migrate"),
            "{refused:?}"
        );
    }
    store.migrate().await.unwrap();
    assert_eq!(database.number(HISTORY).await, PostgresStore::migrations().count() as i64);
    assert_eq!(TrustRegistry::insert(&store, FIRST, &issuer("a")).await.unwrap(), Insert::Done);
    assert!(TrustStore::find(&store, &iss("a")).await.unwrap().is_some());
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::Replayed);
    assert!(ClientStore::find(&store, &id("a")).await.unwrap().is_some());
    assert_eq!(store.last_used(&id("a")).await.unwrap().len(), 1);
}

/// As a release left it that knew of the first three. Nothing but initial access waits for the fourth.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_schema_of_the_release_before_this_one_is_brought_up_to_it_and_keeps_what_is_in_it() {
    let database = Database::migrated().await;
    database.run("DROP TABLE $SCHEMA.initial_access; DELETE FROM $SCHEMA.migrations WHERE version > 3").await;
    let (store, initial) = (database.store(), access("a"));
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    assert_eq!(ClientRegistry::insert(&store, FIRST, &client("a")).await.unwrap(), Insert::Done);
    assert_eq!(TrustRegistry::insert(&store, FIRST, &issuer("a")).await.unwrap(), Insert::Done);
    for refused in [
        InitialAccessStore::find(&store, initial.id()).await.unwrap_err(),
        InitialAccessStore::insert(&store, &initial).await.unwrap_err(),
        store.consume(initial.id(), 1).await.unwrap_err(),
        InitialAccessStore::delete(&store, initial.id()).await.unwrap_err(),
        InitialAccessStore::list(&store, &InitialAccessQuery::first(1)).await.unwrap_err(),
    ] {
        assert!(
            refused.is_unavailable() && chain(&refused).contains("PostgresStore::migrate"),
            "{refused:?}"
        );
    }
    store.migrate().await.unwrap();
    assert_eq!(database.number(HISTORY).await, PostgresStore::migrations().count() as i64);
    assert_eq!(InitialAccessStore::insert(&store, &initial).await.unwrap(), Insert::Done);
    assert_eq!(store.consume(initial.id(), 1).await.unwrap(), Consume::Done);
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::Replayed);
    assert!(ClientStore::find(&store, &id("a")).await.unwrap().is_some());
    assert!(TrustStore::find(&store, &iss("a")).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_store_without_its_tables_says_what_to_do() {
    let database = Database::empty();
    let mut said = vec![database.store().claim(&proof(1), at(1)).await.unwrap_err()];
    database.run("CREATE SCHEMA $SCHEMA").await;
    said.push(TokenStore::find(&database.store(), &token(1)).await.unwrap_err());
    said.push(ClientStore::find(&database.store(), client("a").id()).await.unwrap_err());
    said.push(database.store().load().await.unwrap_err());
    for error in said {
        assert!(error.is_unavailable());
        let text = chain(&error);
        assert!(text.contains("PostgresStore::migrate") && text.contains(&database.schema), "{text}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn the_files_alone_make_the_tables_too() {
    let database = Database::empty();
    let mut connection = sqlx::PgConnection::connect_with(&server()).await.unwrap();
    let make = format!("CREATE SCHEMA {0}; SET search_path TO {0}", database.schema);
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut connection).await.unwrap();
    for migration in PostgresStore::migrations() {
        sqlx::raw_sql(migration.sql).execute(&mut connection).await.unwrap();
    }
    assert_eq!(database.store().claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    assert_eq!(ClientRegistry::insert(&database.store(), FIRST, &client("a")).await.unwrap(), Insert::Done);
}

/// What a host may give a server that handles requests: no superuser, nothing to create, nothing to truncate.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_role_that_may_only_read_and_write_rows_is_enough() {
    let database = Database::migrated().await;
    database
        .run(
            "CREATE ROLE $SCHEMA LOGIN; GRANT USAGE ON SCHEMA $SCHEMA TO $SCHEMA;
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA $SCHEMA TO $SCHEMA",
        )
        .await;
    let store = database.store_on(pool_of_one(server().username(&database.schema)));
    store.migrate().await.unwrap();
    assert_eq!(ClientRegistry::insert(&store, FIRST, &client("a")).await.unwrap(), Insert::Done);
    let _updated = ClientRegistry::update(&store, FIRST, &client("a")).await.unwrap();
    assert!(ClientStore::find(&store, client("a").id()).await.unwrap().is_some());
    let _deleted = ClientRegistry::delete(&store, client("a").id()).await.unwrap();
    assert_eq!(TrustRegistry::insert(&store, FIRST, &issuer("a")).await.unwrap(), Insert::Done);
    let _updated = TrustRegistry::update(&store, FIRST, &issuer("a")).await.unwrap();
    assert!(TrustStore::find(&store, &iss("a")).await.unwrap().is_some());
    let _deleted = TrustRegistry::delete(&store, &iss("a")).await.unwrap();
    assert_eq!(InitialAccessStore::insert(&store, &access("a")).await.unwrap(), Insert::Done);
    assert_eq!(store.consume(access("a").id(), 1).await.unwrap(), Consume::Done);
    assert!(InitialAccessStore::find(&store, access("a").id()).await.unwrap().is_some());
    let _deleted = InitialAccessStore::delete(&store, access("a").id()).await.unwrap();
    let _won = store.replace(store.load().await.unwrap().1, &keys("a")).await.unwrap();
    let _won = store.replace(store.load().await.unwrap().1, &keys("b")).await.unwrap();
    assert_eq!(store.claim(&proof(1), at(1)).await.unwrap(), Claim::First);
    assert_eq!(TokenStore::insert(&store, &token(1), &record(100)).await.unwrap(), Insert::Done);
    store.revoke(&token(1), at(200)).await.unwrap();
    let _revoked = TokenStore::find(&store, &token(1)).await.unwrap();
    assert_eq!(store.prune(at(1000), 10).await.unwrap(), 2);
    store.touch(&[used("a", "secret", 4_000_000_000)]).await.unwrap();
    assert_eq!(store.last_used(&id("a")).await.unwrap().len(), 1);
    let _deleted = ClientRegistry::delete(&store, &id("a")).await.unwrap();
    drop(store);
    database.run("DROP OWNED BY $SCHEMA").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn two_schemas_of_one_database_are_apart() {
    let (one, other) = (Database::migrated().await, Database::migrated().await);
    for database in [&one, &other] {
        let store = database.store();
        assert_eq!(store.claim(&ProofId::from_bytes([1; 32]), at(1)).await.unwrap(), Claim::First);
        assert_eq!(ClientRegistry::insert(&store, FIRST, &client("a")).await.unwrap(), Insert::Done);
        assert_eq!(TokenStore::insert(&store, &token(1), &record(100)).await.unwrap(), Insert::Done);
    }
    let _deleted = ClientRegistry::delete(&one.store(), client("a").id()).await.unwrap();
    assert!(ClientStore::find(&other.store(), client("a").id()).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_database_that_is_not_utf8_is_refused() {
    let name = random_name();
    let mut connection = sqlx::PgConnection::connect_with(&server()).await.unwrap();
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    let pool = pool_of_one(server().database(&name));
    let refused = PostgresStore::new(pool.clone()).migrate().await;
    pool.close().await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name}"))).execute(&mut connection).await.unwrap();
    assert!(matches!(&refused, Err(MigrateError::Encoding(found)) if found == "LATIN1"), "{refused:?}");
}
