//! `prune`: what it removes, in what steps, and whom it does not hold up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use grantor::store::{Claim, TokenState, TokenStore};
use grantor_storage_postgres::sqlx::{self, Connection};
use tokio::time::timeout;

use crate::database::{Database, server, until};
use crate::records::{at, proof, token};

const SOON: Duration = Duration::from_secs(10);

/// So many ended claims and tokens, ids 0 to `count`.
async fn fill(database: &Database, table: &str, count: usize) {
    let insert = format!(
        "INSERT INTO $SCHEMA.{table} (id, until)
         SELECT decode(repeat('00', 24), 'hex') || int8send(number), number FROM generate_series(0, {count} - 1) AS number"
    );
    database.run(&insert).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn it_removes_up_to_its_limit_over_claims_and_tokens_however_many_steps_that_takes() {
    let database = Database::migrated().await;
    fill(&database, "claims", 3500).await;
    fill(&database, "tokens", 3500).await;
    let store = database.store();
    let left = async |table: &str| database.number(&format!("SELECT count(*) FROM $SCHEMA.{table}")).await;
    assert_eq!(store.prune(at(3000), 1).await.unwrap(), 1);
    assert_eq!(store.prune(at(3000), 2500).await.unwrap(), 2500);
    assert_eq!((left("claims").await, left("tokens").await), (999, 3500));
    assert_eq!(store.prune(at(3000), 1000).await.unwrap(), 1000);
    assert_eq!((left("claims").await, left("tokens").await), (500, 2999), "499 and 501");
    assert_eq!(store.prune(at(3000), u32::MAX).await.unwrap(), 2499);
    assert_eq!((left("claims").await, left("tokens").await), (500, 500));
    assert_eq!(store.prune(at(3000), 10).await.unwrap(), 0);
    assert_eq!(
        store.claim(&proof(3000), at(1)).await.unwrap(),
        Claim::Replayed,
        "its until is not before 3000"
    );
    assert_eq!(store.claim(&proof(2999), at(1)).await.unwrap(), Claim::First);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_row_that_somebody_holds_is_left_and_not_waited_for() {
    let database = Database::migrated().await;
    fill(&database, "tokens", 10).await;
    let store = database.store();
    let mut holding = sqlx::PgConnection::connect_with(&server()).await.unwrap();
    let hold = "BEGIN; UPDATE $SCHEMA.tokens SET until = 1000 WHERE until = 3; SELECT FROM $SCHEMA.tokens WHERE until = 5 FOR UPDATE";
    sqlx::raw_sql(database.sql(hold)).execute(&mut holding).await.unwrap();
    assert_eq!(timeout(SOON, store.prune(at(100), 100)).await.expect("it waits for nobody").unwrap(), 8);
    sqlx::raw_sql("COMMIT").execute(&mut holding).await.unwrap();
    assert_eq!(store.prune(at(100), 100).await.unwrap(), 1, "the one whose until was moved stays");
    assert!(matches!(TokenStore::find(&store, &token(3)).await.unwrap(), TokenState::Revoked));
}

/// A trigger holds a prune in the middle of its work, with all its locks.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn while_it_is_at_work_nobody_waits_for_it() {
    let database = Database::migrated().await;
    fill(&database, "claims", 10).await;
    fill(&database, "tokens", 10).await;
    database
        .run(
            "CREATE FUNCTION $SCHEMA.wait() RETURNS trigger LANGUAGE plpgsql AS
                 $$BEGIN PERFORM pg_advisory_xact_lock(hashtext('$SCHEMA')); RETURN OLD; END$$;
             CREATE TRIGGER wait AFTER DELETE ON $SCHEMA.tokens FOR EACH ROW
                 WHEN (OLD.until = 0) EXECUTE FUNCTION $SCHEMA.wait()",
        )
        .await;
    let mut gate = sqlx::PgConnection::connect_with(&server()).await.unwrap();
    sqlx::raw_sql(database.sql("SELECT pg_advisory_lock(hashtext('$SCHEMA'))"))
        .execute(&mut gate)
        .await
        .unwrap();
    let pruning = tokio::spawn({
        let store = database.store();
        async move { store.prune(at(5), 100).await }
    });
    until("it is in the middle", async || {
        database
            .number(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                     AND objid = hashtext('$SCHEMA')::bigint & 4294967295",
            )
            .await
            == 1
    })
    .await;
    let store = database.store();
    let others = async {
        assert_eq!(store.claim(&proof(100), at(100)).await.unwrap(), Claim::First);
        assert_eq!(store.claim(&proof(7), at(1)).await.unwrap(), Claim::Replayed);
        store.revoke(&token(100), at(100)).await.unwrap();
        store.revoke(&token(7), at(100)).await.unwrap();
        assert!(matches!(TokenStore::find(&store, &token(1)).await.unwrap(), TokenState::Revoked));
        assert_eq!(store.prune(at(6), 100).await.unwrap(), 2, "those that the first one does not hold");
    };
    timeout(SOON, others).await.expect("nobody waits");
    assert!(!pruning.is_finished());
    drop(gate);
    assert_eq!(pruning.await.unwrap().unwrap(), 10);
}

/// Each revocation that has returned stands, however a prune falls in between: the row is moved before it or made anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_revocation_that_races_a_prune_stands() {
    let database = Database::migrated().await;
    fill(&database, "tokens", 400).await;
    let done = Arc::new(AtomicBool::new(false));
    let pruning: Vec<_> = (0..2)
        .map(|_| (database.store(), Arc::clone(&done)))
        .map(|(store, done)| {
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    store.prune(at(1000), 3).await.unwrap();
                }
            })
        })
        .collect();
    let store = database.store();
    for number in (0..400).rev() {
        store.revoke(&token(number), at(2000)).await.unwrap();
    }
    for number in 0..400 {
        assert!(
            matches!(TokenStore::find(&store, &token(number)).await.unwrap(), TokenState::Revoked),
            "{number}"
        );
    }
    done.store(true, Ordering::SeqCst);
    for pruning in pruning {
        pruning.await.unwrap();
    }
}
