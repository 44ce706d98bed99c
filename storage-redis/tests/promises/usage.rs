//! When credentials were last used: what goes and when, what stands in a key, and that it is in nobody's way.

use std::time::Duration;

use grantor::CredentialId;
use grantor::store::{
    AuthMethod, Client, ClientRegistry, CredentialUsage, CredentialUse, Delete, Insert, Revision, TokenStore,
};
use grantor_conformance::Fixture;
use grantor_storage_redis::{Loss, RedisStore};
use redis::Client as RedisClient;

use crate::fixture::{id, later, patient, proof, run};
use crate::kit;
use crate::proxy::Proxy;
use crate::server::Server;

const DAY: i64 = 24 * 3600;

pub(crate) fn used(client: &str, credential: &str, seconds: i64) -> CredentialUse {
    let at = grantor::Timestamp::from_unix(seconds).unwrap();
    CredentialUse::new(id(client), CredentialId::new(credential).unwrap(), at)
}

async fn known(store: &RedisStore, client: &str) -> Vec<String> {
    let mut uses = store.last_used(&id(client)).await.unwrap();
    uses.sort();
    uses.into_iter().map(|(credential, _)| credential.as_str().to_owned()).collect()
}

async fn insert(store: &RedisStore, name: &str) {
    let client = Client::builder(id(name), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
    assert_eq!(ClientRegistry::insert(store, Revision::new(1), &client).await.unwrap(), Insert::Done);
}

async fn keys(server: &Server) -> Vec<String> {
    run(&server.client(), redis::cmd("KEYS").arg("*:uses:*")).await.unwrap()
}

#[test]
fn a_store_that_becomes_all_stores_brings_them_along() {
    let nobody = RedisClient::open("redis://127.0.0.1:1").unwrap();
    let stores = format!("{:?}", grantor::Stores::from(RedisStore::single(nobody).build().unwrap()));
    assert!(stores.contains("usage: Some(RedisStore"), "{stores}");
    assert!(stores.contains("trust: Some(RedisStore"), "{stores}");
    assert!(stores.contains("initial_access: Some(RedisStore"), "{stores}");
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn uses_go_with_their_client_and_those_of_others_stay() {
    for shared in [kit::single().await, kit::cluster().await] {
        let store = shared.open().await;
        let seconds = later().as_unix();
        for name in ["a", "A", "a ", "*"] {
            insert(&store, name).await;
            store.touch(&[used(name, "one", seconds), used(name, "two", seconds)]).await.unwrap();
        }
        for name in ["a", "*"] {
            assert_eq!(store.delete(&id(name)).await.unwrap(), Delete::Done);
            assert!(known(&store, name).await.is_empty());
        }
        for name in ["A", "a "] {
            assert_eq!(known(&store, name).await, ["one", "two"]);
        }
    }
}

/// The client is gone, and that is what was asked for. Its uses go by themselves in time.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_delete_is_done_though_the_uses_could_not_be_forgotten() {
    let server = Server::start(&[]).await;
    let store = server.store();
    insert(&store, "a").await;
    store.touch(&[used("a", "one", later().as_unix())]).await.unwrap();
    let mut user = redis::cmd("ACL");
    user.arg("SETUSER").arg("barred").arg("on").arg(">pass").arg("~*").arg("+@all").arg("-del");
    run::<()>(&server.client(), &user).await.unwrap();
    let barred = RedisClient::open(format!("redis://barred:pass@127.0.0.1:{}", server.port)).unwrap();
    let barred = patient(RedisStore::single(barred)).build().unwrap();
    assert_eq!(barred.delete(&id("a")).await.unwrap(), Delete::Done);
    assert_eq!(known(&store, "a").await, ["one"]);
    assert_eq!(store.delete(&id("a")).await.unwrap(), Delete::Missing);
    assert!(known(&store, "a").await.is_empty(), "the next delete mends that");
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_use_is_remembered_for_400_days_and_goes_after_them() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let (now, _): (i64, i64) = run(&raw, &redis::cmd("TIME")).await.unwrap();
    store.touch(&[used("a", "400", now - 400 * DAY), used("a", "402", now - 402 * DAY)]).await.unwrap();
    assert_eq!(known(&store, "a").await, ["400"]);
    let [key] = &keys(&server).await[..] else { panic!("one key for one client") };
    let left = async || run::<i64>(&raw, redis::cmd("TTL").arg(key)).await.unwrap();
    assert!((401 * DAY - 100..=401 * DAY).contains(&left().await), "{}", left().await);
    // Each touch counts, one that tells nothing new too.
    run::<()>(&raw, redis::cmd("EXPIRE").arg(key).arg(100)).await.unwrap();
    store.touch(&[used("a", "400", now - 400 * DAY)]).await.unwrap();
    assert!(left().await > 400 * DAY);
    // All of it is too old.
    store.touch(&[used("b", "one", 1)]).await.unwrap();
    assert!(known(&store, "b").await.is_empty());
    assert_eq!(keys(&server).await.len(), 1);
}

/// It waits for no replica, which would hold up whoever shares the connection.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_touch_goes_over_the_one_connection_and_waits_for_no_replica() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let builder = patient(RedisStore::single(proxy.client())).accept_loss(Loss::FailOver);
    let store = builder.wait_for_replicas(1, Duration::from_millis(10)).build().unwrap();
    assert!(store.claim(&proof(), later()).await.is_err(), "there is no replica");
    let all: Vec<_> =
        (0..200).map(|number| used(&format!("client-{number}"), "one", later().as_unix())).collect();
    for _knows_the_script in 0..2 {
        proxy.commands();
        store.touch(&all).await.unwrap();
    }
    assert_eq!(proxy.commands(), vec!["EVALSHA"; 200], "one for each client");
    assert_eq!(known(&store, "client-7").await, ["one"]);
    proxy.commands();
    assert_eq!(known(&store, "client-7").await, ["one"]);
    assert_eq!(proxy.commands(), ["EVALSHA", "ROLE"]);
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_is_not_ours_is_corrupt_and_a_time_that_is_none_is_mended_by_the_next_use() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let seconds = later().as_unix();
    store.touch(&[used("a", "one", seconds)]).await.unwrap();
    let [key] = &keys(&server).await[..] else { panic!("one key for one client") };
    assert!(!key.contains("{a}"), "{key}");
    for (credential, at) in [("one", "x"), ("one", "-1"), ("two", "253402300800"), ("a b", "1900000000")] {
        run::<()>(&raw, redis::cmd("HSET").arg(key).arg(credential).arg(at)).await.unwrap();
        assert!(!store.last_used(&id("a")).await.unwrap_err().is_unavailable(), "{credential}: {at}");
        store.touch(&[used("a", "one", seconds)]).await.unwrap();
        if credential == "one" {
            assert_eq!(known(&store, "a").await, ["one"]);
        }
        run::<()>(&raw, redis::cmd("HDEL").arg(key).arg(credential)).await.unwrap();
    }
    run::<()>(&raw, redis::cmd("SET").arg(key).arg("a string")).await.unwrap();
    assert!(!store.last_used(&id("a")).await.unwrap_err().is_unavailable());
    assert!(!store.touch(&[used("a", "one", seconds)]).await.unwrap_err().is_unavailable());
}
