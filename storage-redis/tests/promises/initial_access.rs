//! Initial access tokens: what others put under their keys, what goes over the wire, what a crash and a full memory leave.

use std::time::Duration;

use grantor::store::{
    Consume, Delete, InitialAccess, InitialAccessQuery, InitialAccessStore, Insert, StoreError,
};
use grantor_storage_redis::{Loss, RedisStore};

use crate::fixture::{patient, run};
use crate::proxy::Proxy;
use crate::server::{Server, until};
use crate::settings::told;

const RECORDS: &str = "{grantor:1:initial_access}:records";
const IDS: &str = "{grantor:1:initial_access}:ids";

fn access(id: &str) -> InitialAccess {
    let digest = "A".repeat(43);
    InitialAccess::from_document(&format!(r#"{{"v":1,"id":"{id}","digest":"{digest}"}}"#)).unwrap()
}

async fn insert(store: &RedisStore, id: &str) {
    assert_eq!(store.insert(&access(id)).await.unwrap(), Insert::Done);
}

fn is_corrupt<T>(answer: Result<T, StoreError>) {
    assert!(!answer.err().expect("what is no record is not understood").is_unavailable());
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_is_not_ours_is_corrupt_and_can_be_deleted() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let token = access("a");
    for (foreign, has_count) in [
        (&b""[..], false),
        (b"7", false),
        (b"7 ", true),
        (b"x {}", false),
        (b"-1 {}", false),
        (b"{}", false),
        (b"7 \xff", true),
        (b"4294967296 {}", true),
        (b"0x7 {}", false),
        (b" 7 {}", false),
    ] {
        insert(&store, "a").await;
        run::<()>(&raw, redis::cmd("HSET").arg(RECORDS).arg("a").arg(foreign)).await.unwrap();
        is_corrupt(store.find(token.id()).await);
        is_corrupt(store.list(&InitialAccessQuery::first(10)).await);
        if !has_count {
            is_corrupt(store.consume(token.id(), u32::MAX).await);
        }
        assert_eq!(store.insert(&token).await.unwrap(), Insert::Exists, "it is not overwritten");
        let held: Vec<u8> = run(&raw, redis::cmd("HGET").arg(RECORDS).arg("a")).await.unwrap();
        assert_eq!(held, foreign, "and as it was");
        assert_eq!(store.delete(token.id()).await.unwrap(), Delete::Done);
        assert!(store.find(token.id()).await.unwrap().is_none());
    }
    run::<()>(&raw, redis::cmd("ZADD").arg(IDS).arg(0).arg("a")).await.unwrap();
    is_corrupt(store.list(&InitialAccessQuery::first(10)).await);
    assert_eq!(store.delete(token.id()).await.unwrap(), Delete::Missing);
    assert!(store.list(&InitialAccessQuery::first(10)).await.unwrap().tokens.is_empty(), "that mends it");
    run::<()>(&raw, redis::cmd("SET").arg(RECORDS).arg("a string")).await.unwrap();
    is_corrupt(store.find(token.id()).await);
    is_corrupt(store.insert(&token).await);
    is_corrupt(store.consume(token.id(), 1).await);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_record_under_the_id_of_another_token_is_corrupt() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    insert(&store, "a").await;
    insert(&store, "b").await;
    let of_a: Vec<u8> = run(&raw, redis::cmd("HGET").arg(RECORDS).arg("a")).await.unwrap();
    run::<()>(&raw, redis::cmd("HSET").arg(RECORDS).arg("b").arg(of_a)).await.unwrap();
    is_corrupt(store.find(access("b").id()).await);
    is_corrupt(store.list(&InitialAccessQuery::first(10)).await);
    assert!(store.find(access("a").id()).await.unwrap().is_some());
}

/// A number that Lua would write as `4.29e+09`, were it not told how.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn the_highest_count_is_exact_and_the_record_stays_as_it_is() {
    let server = Server::start(&[]).await;
    let (store, raw, token) = (server.store(), server.client(), access("a"));
    insert(&store, "a").await;
    let document = token.to_document().unwrap();
    let held = format!("4294967293 {document}");
    run::<()>(&raw, redis::cmd("HSET").arg(RECORDS).arg("a").arg(held)).await.unwrap();
    for outcome in [Consume::Done, Consume::Done, Consume::Spent, Consume::Spent] {
        assert_eq!(store.consume(token.id(), u32::MAX).await.unwrap(), outcome);
    }
    let held: String = run(&raw, redis::cmd("HGET").arg(RECORDS).arg("a")).await.unwrap();
    assert_eq!(held, format!("4294967295 {document}"));
    assert_eq!(store.find(token.id()).await.unwrap().unwrap().uses, u32::MAX);
}

/// A read asks for the role of the server in the same piece.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn each_call_is_one_round_trip() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let store = patient(RedisStore::single(proxy.client())).build().unwrap();
    let token = access("a");
    for _knows_the_scripts in 0..2 {
        proxy.commands();
        insert(&store, "a").await;
        assert_eq!(store.consume(token.id(), 1).await.unwrap(), Consume::Done);
        assert_eq!(store.consume(token.id(), 1).await.unwrap(), Consume::Spent);
        assert!(store.find(token.id()).await.unwrap().is_some());
        assert_eq!(store.list(&InitialAccessQuery::first(100)).await.unwrap().tokens.len(), 1);
        assert_eq!(store.delete(token.id()).await.unwrap(), Delete::Done);
    }
    assert_eq!(
        proxy.commands(),
        ["EVALSHA", "EVALSHA", "EVALSHA", "HGET", "ROLE", "EVALSHA", "ROLE", "EVALSHA"]
    );
}

/// A use is done at Redis, and its answer lost: an error, and counted. It is never done twice.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_lost_answer_is_an_error_and_the_use_is_counted_once() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let store = patient(RedisStore::single(proxy.client())).build().unwrap();
    let token = access("a");
    insert(&store, "a").await;
    assert_eq!(store.consume(token.id(), 9).await.unwrap(), Consume::Done);
    proxy.commands();
    proxy.lose_next_answer();
    told(&store.consume(token.id(), 9).await.unwrap_err());
    assert_eq!(proxy.commands(), ["EVALSHA"]);
    assert_eq!(store.find(token.id()).await.unwrap().unwrap().uses, 2);
}

/// A use that a fail-over would give back is none.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_use_that_no_replica_has_is_an_error_where_replicas_are_waited_for() {
    let server = Server::start(&[]).await;
    let (store, token) = (server.store(), access("a"));
    insert(&store, "a").await;
    let waits = server.builder().accept_loss(Loss::FailOver);
    let waits = waits.wait_for_replicas(1, Duration::from_millis(10)).build().unwrap();
    told(&waits.consume(token.id(), 1).await.unwrap_err());
    assert_eq!(
        store.consume(token.id(), 1).await.unwrap(),
        Consume::Spent,
        "perhaps it was counted, and it was"
    );
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t101_what_was_acknowledged_is_there_when_redis_was_killed_and_comes_back() {
    let mut server = Server::start(&[]).await;
    let store = server.store();
    for id in ["kept", "used", "deleted"] {
        insert(&store, id).await;
    }
    assert_eq!(store.consume(access("used").id(), 1).await.unwrap(), Consume::Done);
    assert_eq!(store.delete(access("deleted").id()).await.unwrap(), Delete::Done);
    server.kill();
    told(&store.find(access("kept").id()).await.unwrap_err());
    told(&store.consume(access("kept").id(), 1).await.unwrap_err());
    told(&store.insert(&access("lost")).await.unwrap_err());
    told(&store.delete(access("kept").id()).await.unwrap_err());
    told(&store.list(&InitialAccessQuery::first(10)).await.unwrap_err());
    server.launch();
    until("the same store works again", async || store.find(access("kept").id()).await.is_ok()).await;
    let listed = store.list(&InitialAccessQuery::first(10)).await.unwrap().tokens;
    let listed: Vec<_> = listed.into_iter().map(|token| (token.access, token.uses)).collect();
    assert_eq!(listed, [(access("kept"), 0), (access("used"), 1)]);
    assert_eq!(store.consume(access("used").id(), 1).await.unwrap(), Consume::Spent);
    assert_eq!(store.consume(access("deleted").id(), 1).await.unwrap(), Consume::Missing);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t100_a_full_redis_is_unavailable_and_counts_nothing() {
    let server = Server::start(&[]).await;
    let (store, token) = (server.store(), access("a"));
    insert(&store, "a").await;
    server.config("maxmemory", "1").await;
    assert!(told(&store.insert(&access("b")).await.unwrap_err()).contains("OOM"));
    told(&store.consume(token.id(), 1).await.unwrap_err());
    assert_eq!(store.find(token.id()).await.unwrap().unwrap().uses, 0);
    server.config("maxmemory", "0").await;
    assert_eq!(store.consume(token.id(), 1).await.unwrap(), Consume::Done);
}

/// A prefix is part of each key, and no kind of record shares its keys with another.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t99_issuers_side_by_side_see_nothing_of_each_other() {
    let server = Server::start(&[]).await;
    let at = |prefix: &str| server.builder().prefix(prefix).build().unwrap();
    let stores = [at("a"), at("a:1"), at("a:1:initial_access"), at("A")];
    for store in &stores {
        for id in ["a", "A", "1", "-", "_.."] {
            insert(store, id).await;
        }
    }
    assert_eq!(stores[0].consume(access("a").id(), 1).await.unwrap(), Consume::Done);
    for (number, store) in stores.iter().enumerate() {
        let listed = store.list(&InitialAccessQuery::first(10)).await.unwrap();
        assert_eq!((listed.tokens.len(), listed.next), (5, None));
        assert_eq!(store.find(access("a").id()).await.unwrap().unwrap().uses, u32::from(number == 0));
    }
    let keys: Vec<String> = run(&server.client(), redis::cmd("KEYS").arg("*")).await.unwrap();
    assert_eq!(keys.len(), 2 * stores.len(), "records and ids each: {keys:?}");
}
