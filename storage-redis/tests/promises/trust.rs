//! Trusted issuers: what others put under their keys, what goes over the wire, what a crash and a restart leave.

use grantor::IssuerName;
use grantor::store::{
    ClaimMatch, Delete, Insert, IssuerKeys, Revision, StoreError, TrustQuery, TrustRegistry, TrustStore,
    TrustedIssuer, Update,
};
use grantor_storage_redis::RedisStore;

use crate::fixture::{patient, run};
use crate::proxy::Proxy;
use crate::server::{Server, until};
use crate::settings::told;

const RECORDS: &str = "{grantor:1:issuers}:records";
const IDS: &str = "{grantor:1:issuers}:ids";
const AT_7: Revision = Revision::new(7);

pub(crate) fn iss(name: &str) -> IssuerName {
    IssuerName::new(name).unwrap()
}

/// Without keys that this release could find, so that it may have any name.
pub(crate) fn issuer(name: &str) -> TrustedIssuer {
    TrustedIssuer::builder(iss(name), IssuerKeys::Unknown("newer".into()), ClaimMatch::Any).build().unwrap()
}

async fn insert(store: &RedisStore, name: &str) {
    assert_eq!(store.insert(AT_7, &issuer(name)).await.unwrap(), Insert::Done);
}

fn is_corrupt<T>(answer: Result<T, StoreError>) {
    assert!(!answer.err().expect("what is no record is not understood").is_unavailable());
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_is_not_ours_is_corrupt_and_can_be_deleted() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    for foreign in [&b""[..], b"7", b"7 ", b"x {}", b"-1 {}", b"{}", b"7 \xff"] {
        insert(&store, "a").await;
        run::<()>(&raw, redis::cmd("HSET").arg(RECORDS).arg("a").arg(foreign)).await.unwrap();
        is_corrupt(store.find(&iss("a")).await);
        is_corrupt(store.list(&TrustQuery::first(10)).await);
        assert_eq!(store.insert(AT_7, &issuer("a")).await.unwrap(), Insert::Exists, "it is not overwritten");
        assert_eq!(store.delete(&iss("a")).await.unwrap(), Delete::Done);
        assert!(store.find(&iss("a")).await.unwrap().is_none());
    }
    run::<()>(&raw, redis::cmd("ZADD").arg(IDS).arg(0).arg("a")).await.unwrap();
    is_corrupt(store.list(&TrustQuery::first(10)).await);
    assert_eq!(store.delete(&iss("a")).await.unwrap(), Delete::Missing);
    assert!(store.list(&TrustQuery::first(10)).await.unwrap().issuers.is_empty(), "deleting it mends that");
    run::<()>(&raw, redis::cmd("SET").arg(RECORDS).arg("a string")).await.unwrap();
    is_corrupt(store.find(&iss("a")).await);
    is_corrupt(store.insert(AT_7, &issuer("a")).await);
}

/// The keys of one issuer would vouch for the subjects of another.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_record_under_the_name_of_another_issuer_is_corrupt() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    insert(&store, "a").await;
    insert(&store, "b").await;
    let of_a: Vec<u8> = run(&raw, redis::cmd("HGET").arg(RECORDS).arg("a")).await.unwrap();
    run::<()>(&raw, redis::cmd("HSET").arg(RECORDS).arg("b").arg(of_a)).await.unwrap();
    is_corrupt(store.find(&iss("b")).await);
    is_corrupt(store.list(&TrustQuery::first(10)).await);
    is_corrupt(store.list(&TrustQuery::first(1).starting_after(iss("a"))).await);
    assert!(store.find(&iss("a")).await.unwrap().is_some());
}

/// A read asks for the role of the server in the same piece.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn each_call_is_one_round_trip() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let store = patient(RedisStore::single(proxy.client())).build().unwrap();
    for _knows_the_scripts in 0..2 {
        proxy.commands();
        insert(&store, "a").await;
        assert_eq!(store.update(AT_7, &issuer("a")).await.unwrap(), Update::Done);
        assert!(store.find(&iss("a")).await.unwrap().is_some());
        assert_eq!(store.list(&TrustQuery::first(100)).await.unwrap().issuers.len(), 1);
        assert_eq!(store.delete(&iss("a")).await.unwrap(), Delete::Done);
    }
    assert_eq!(proxy.commands(), ["EVALSHA", "EVALSHA", "HGET", "ROLE", "EVALSHA", "ROLE", "EVALSHA"]);
}

/// Each write is done at Redis, and its answer lost: an error. Only what is asked again by the caller is done again.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_lost_answer_is_an_error_and_the_command_is_never_repeated() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let store = patient(RedisStore::single(proxy.client())).build().unwrap();
    for _knows_the_scripts in 0..2 {
        insert(&store, "first").await;
        let _first = store.update(AT_7, &issuer("first")).await.unwrap();
        let _first = store.delete(&iss("first")).await.unwrap();
    }
    proxy.commands();

    proxy.lose_next_answer();
    told(&store.insert(AT_7, &issuer("a")).await.unwrap_err());
    assert_eq!(proxy.commands(), ["EVALSHA"]);
    assert_eq!(store.insert(AT_7, &issuer("a")).await.unwrap(), Insert::Exists);

    proxy.lose_next_answer();
    told(&store.update(AT_7, &issuer("a")).await.unwrap_err());
    assert_eq!(store.update(AT_7, &issuer("a")).await.unwrap(), Update::Conflict);

    proxy.lose_next_answer();
    told(&store.delete(&iss("a")).await.unwrap_err());
    assert_eq!(store.delete(&iss("a")).await.unwrap(), Delete::Missing);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t101_what_was_acknowledged_is_there_when_redis_was_killed_and_comes_back() {
    let mut server = Server::start(&[]).await;
    let store = server.store();
    for name in ["kept", "changed", "deleted"] {
        insert(&store, name).await;
    }
    let disabled = issuer("changed").to_builder().enabled(false).build().unwrap();
    assert_eq!(store.update(AT_7, &disabled).await.unwrap(), Update::Done);
    assert_eq!(store.delete(&iss("deleted")).await.unwrap(), Delete::Done);
    server.kill();
    told(&store.find(&iss("kept")).await.unwrap_err());
    told(&store.insert(AT_7, &issuer("lost")).await.unwrap_err());
    told(&store.update(AT_7, &issuer("kept")).await.unwrap_err());
    told(&store.delete(&iss("kept")).await.unwrap_err());
    told(&store.list(&TrustQuery::first(10)).await.unwrap_err());
    server.launch();
    until("the same store works again", async || store.find(&iss("kept")).await.is_ok()).await;
    let listed = store.list(&TrustQuery::first(10)).await.unwrap().issuers;
    let listed: Vec<_> = listed.iter().map(|issuer| (issuer.record().clone(), issuer.revision())).collect();
    assert_eq!(listed, [(disabled, AT_7.next()), (issuer("kept"), AT_7)]);
    assert!(store.find(&iss("deleted")).await.unwrap().is_none());
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t100_a_full_redis_is_unavailable_and_forgets_nothing() {
    let server = Server::start(&[]).await;
    let store = server.store();
    insert(&store, "a").await;
    server.config("maxmemory", "1").await;
    assert!(told(&store.insert(AT_7, &issuer("b")).await.unwrap_err()).contains("OOM"));
    told(&store.update(AT_7, &issuer("a")).await.unwrap_err());
    assert_eq!(store.find(&iss("a")).await.unwrap().unwrap().revision(), AT_7);
    server.config("maxmemory", "0").await;
    assert!(store.find(&iss("b")).await.unwrap().is_none());
    insert(&store, "b").await;
}

/// A prefix is part of each key and cannot be left by any name, and a client is no issuer.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t99_issuers_side_by_side_see_nothing_of_each_other() {
    let server = Server::start(&[]).await;
    let at = |prefix: &str| server.builder().prefix(prefix).build().unwrap();
    let stores = [at("a"), at("a:1"), at("a:1:issuers"), at("A")];
    let names = ["b", "}:ids", "{a:1:issuers}:ids", "{a:1:clients}:records", "*", "\"'`\\"];
    for store in &stores {
        for name in names {
            insert(store, name).await;
        }
    }
    for store in &stores {
        let listed = store.list(&TrustQuery::first(10)).await.unwrap();
        assert_eq!((listed.issuers.len(), listed.next), (names.len(), None));
    }
    let keys: Vec<String> = run(&server.client(), redis::cmd("KEYS").arg("*")).await.unwrap();
    assert_eq!(keys.len(), 2 * stores.len(), "records and names each: {keys:?}");
}
