//! What other processes change in clients is heard at once.

use std::time::Duration;

use grantor::store::{ClientRegistry, Delete, Insert, Revision, Update};
use grantor_storage_postgres::ClientChange::{self, Any};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::database::{Database, PATIENCE, pool_of_one, server};
use crate::proxy::Proxy;
use crate::records::{FIRST, client, id};

struct Heard(UnboundedReceiver<ClientChange>);

impl Heard {
    /// On a connection that can be told by its name.
    fn listen(database: &Database) -> Self {
        let (sender, receiver) = unbounded_channel();
        let store = database.store_on(pool_of_one(server().application_name(&database.schema)));
        tokio::spawn(async move { store.listen(move |change| drop(sender.send(change))).await });
        Self(receiver)
    }

    async fn next(&mut self) -> ClientChange {
        timeout(PATIENCE, self.0.recv()).await.expect("something is heard").expect("it goes on")
    }
}

fn of(text: &str) -> ClientChange {
    ClientChange::Client(id(text))
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn every_change_is_heard_in_order_and_nothing_else() {
    let (database, other) = (Database::migrated().await, Database::migrated().await);
    let mut heard = Heard::listen(&database);
    assert_eq!(heard.next().await, Any, "what there was before is not known");
    let store = database.store();
    for text in ["a", "'\"\\ ~", &"x".repeat(255)] {
        let record = client(text);
        let _elsewhere = ClientRegistry::insert(&other.store(), FIRST, &record).await.unwrap();
        assert_eq!(store.delete(record.id()).await.unwrap(), Delete::Missing);
        assert_eq!(store.update(FIRST, &record).await.unwrap(), Update::Missing);
        assert_eq!(ClientRegistry::insert(&store, FIRST, &record).await.unwrap(), Insert::Done);
        assert_eq!(ClientRegistry::insert(&store, FIRST, &record).await.unwrap(), Insert::Exists);
        assert_eq!(heard.next().await, of(text));
        assert_eq!(store.update(Revision::new(1), &record).await.unwrap(), Update::Conflict);
        assert_eq!(store.update(FIRST, &record).await.unwrap(), Update::Done);
        assert_eq!(heard.next().await, of(text));
        assert_eq!(store.delete(record.id()).await.unwrap(), Delete::Done);
        assert_eq!(heard.next().await, of(text));
    }
    let _last = ClientRegistry::insert(&store, FIRST, &client("last")).await.unwrap();
    assert_eq!(heard.next().await, of("last"));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn after_the_connection_was_lost_anything_may_have_changed() {
    let database = Database::migrated().await;
    let mut heard = Heard::listen(&database);
    assert_eq!(heard.next().await, Any);
    for round in 0..2 {
        database
            .run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$SCHEMA'")
            .await;
        assert_eq!(heard.next().await, Any, "{round}");
        let text = round.to_string();
        let _done = ClientRegistry::insert(&database.store(), FIRST, &client(&text)).await.unwrap();
        assert_eq!(heard.next().await, of(&text));
    }
}

/// The server went away without a word, so nothing would ever come. The clock is moved beyond the longest silence.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_line_that_is_silent_for_too_long_is_tried_and_given_up() {
    let database = Database::migrated().await;
    let proxy = Proxy::start();
    let (sender, mut receiver) = unbounded_channel();
    let store = database.builder_on(pool_of_one(proxy.options())).timeout(Duration::from_millis(500)).build();
    tokio::spawn(async move { store.listen(move |change| drop(sender.send(change))).await });
    assert_eq!(timeout(PATIENCE, receiver.recv()).await.expect("it listens"), Some(Any));
    proxy.silence();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    assert_eq!(timeout(PATIENCE, receiver.recv()).await.expect("it listens anew"), Some(Any));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn what_is_no_id_may_be_anything() {
    let database = Database::migrated().await;
    let mut heard = Heard::listen(&database);
    assert_eq!(heard.next().await, Any);
    for payload in ["", "é", "\u{7f}"] {
        database.run(&format!("SELECT pg_notify('$SCHEMA.clients', '{payload}')")).await;
        assert_eq!(heard.next().await, Any, "{payload:?}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn it_ends_with_the_pool() {
    let database = Database::migrated().await;
    let pool = database.pool();
    let (sender, mut receiver) = unbounded_channel();
    let store = database.store_on(pool.clone());
    let listening = tokio::spawn(async move { store.listen(move |change| drop(sender.send(change))).await });
    assert_eq!(timeout(PATIENCE, receiver.recv()).await.expect("it listens"), Some(Any));
    timeout(PATIENCE, pool.close()).await.expect("the pool closes");
    timeout(PATIENCE, listening).await.expect("it ends").unwrap();
}
