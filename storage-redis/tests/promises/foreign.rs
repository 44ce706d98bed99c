//! What others put under our keys, passwords in what is told, ids that would break a key, issuers side by side.

use std::error::Error;

use grantor::store::{
    AuthMethod, Claim, Client, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, KeyStore, Revision,
    StoreError, TokenState, TokenStore,
};
use grantor_storage_redis::{CheckError, ConfigError, RedisStore};
use redis::Client as RedisClient;

use crate::fixture::{id, later, proof, run, token};
use crate::server::Server;

fn is_corrupt<T>(answer: Result<T, StoreError>) {
    assert!(!answer.err().expect("what is no record is not understood").is_unavailable());
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_is_not_ours_is_corrupt() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let found = token();
    let key = format!("grantor:1:token:{{{}}}", data_encoding::BASE64URL_NOPAD.encode(found.as_bytes()));
    run::<()>(&raw, redis::cmd("RPUSH").arg(&key).arg("a list")).await.unwrap();
    is_corrupt(TokenStore::find(&store, &found).await);
    store.revoke(&found, later()).await.unwrap();
    assert!(
        matches!(TokenStore::find(&store, &found).await.unwrap(), TokenState::Revoked),
        "it is safe to revoke"
    );
    for foreign in [&b""[..], b"R ", b"L", b"L{}", b"X", b"L\xff"] {
        run::<()>(&raw, redis::cmd("SET").arg(&key).arg(foreign)).await.unwrap();
        is_corrupt(TokenStore::find(&store, &found).await);
    }
    run::<()>(&raw, redis::cmd("RPUSH").arg("{grantor:1:keys}").arg("a list")).await.unwrap();
    is_corrupt(store.load().await);
    is_corrupt(store.replace(Revision::ABSENT, &grantor::store::KeySet::default()).await);
    for foreign in ["", "7", "7 ", "x {}", "-1 {}", "{}"] {
        run::<()>(&raw, redis::cmd("SET").arg("{grantor:1:keys}").arg(foreign)).await.unwrap();
        is_corrupt(store.load().await);
    }
    run::<()>(&raw, redis::cmd("SET").arg("{grantor:1:clients}:records").arg("a string")).await.unwrap();
    is_corrupt(ClientStore::find(&store, &id("a")).await);
    let client = Client::builder(id("a"), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
    is_corrupt(ClientRegistry::insert(&store, Revision::new(1), &client).await);
    run::<()>(&raw, redis::cmd("DEL").arg("{grantor:1:clients}:records")).await.unwrap();
    run::<()>(&raw, redis::cmd("ZADD").arg("{grantor:1:clients}:ids").arg(0).arg("a")).await.unwrap();
    is_corrupt(store.list(&ClientQuery::first(10)).await);
    assert_eq!(store.delete(&id("a")).await.unwrap(), Delete::Missing);
    assert!(store.list(&ClientQuery::first(10)).await.unwrap().clients.is_empty(), "deleting it mends that");
}

/// Otherwise a listing would go round in circles, and whoever changes the one client would change the other.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_record_under_the_id_of_another_client_is_corrupt() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let at_7 = Revision::new(7);
    for name in ["a", "b"] {
        let client = Client::builder(id(name), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
        assert_eq!(ClientRegistry::insert(&store, at_7, &client).await.unwrap(), Insert::Done);
    }
    let records = "{grantor:1:clients}:records";
    let of_a: Vec<u8> = run(&raw, redis::cmd("HGET").arg(records).arg("a")).await.unwrap();
    run::<()>(&raw, redis::cmd("HSET").arg(records).arg("b").arg(of_a)).await.unwrap();
    is_corrupt(ClientStore::find(&store, &id("b")).await);
    is_corrupt(store.list(&ClientQuery::first(10)).await);
    is_corrupt(store.list(&ClientQuery::first(1).starting_after(id("a"))).await);
    assert!(ClientStore::find(&store, &id("a")).await.unwrap().is_some());
}

/// The error and all its sources, as a log shows them.
fn log(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text} {error} {error:?}");
        source = error.source();
    }
    text
}

/// No waiting helps: somebody has to mend the URL or the user.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_password_that_is_missing_or_wrong_is_a_setting_and_is_told_with_the_place_where_it_goes() {
    let guarded = Server::start(&["--requirepass", "the-right-one"]).await;
    // One that may connect and do nothing more.
    let mut user = redis::cmd("ACL");
    user.arg("SETUSER").arg("barred").arg("on").arg(">pass").arg("+hello");
    let by = |user: &str| RedisClient::open(format!("redis://{user}127.0.0.1:{}", guarded.port)).unwrap();
    run::<()>(&by(":the-right-one@"), &user).await.unwrap();
    for user in ["", ":wrong-pass@", "nobody:wrong-pass@"] {
        let store = RedisStore::single(by(user)).build().unwrap();
        let error = store.check().await.unwrap_err();
        assert!(matches!(error, CheckError::Setting(_)), "{user}: {error:?}");
        let told = log(&error);
        assert!(told.contains("`redis://user:password@host:port`"), "{told}");
        assert!(told.contains(&guarded.port.to_string()) && !told.contains("wrong-pass"), "{told}");
        assert!(store.claim(&proof(), later()).await.unwrap_err().is_unavailable());
    }
    for store in [RedisStore::single(by("barred:pass@")), RedisStore::cluster([by("barred:pass@")])] {
        let error = store.build().unwrap().check().await.unwrap_err();
        assert!(matches!(error, CheckError::Setting(_)), "{error:?}");
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn no_password_is_ever_told() {
    let guarded = Server::start(&["--requirepass", "the-right-one"]).await;
    // A server that does not know HELLO quotes its arguments, the password among them.
    let quoting = Server::start(&["--rename-command", "HELLO", ""]).await;
    for port in [guarded.port, quoting.port, 1] {
        for user in ["", "somebody"] {
            let url = format!("redis://{user}:marked-pass-word@127.0.0.1:{port}");
            let builder = RedisStore::single(RedisClient::open(url).unwrap());
            let store = builder.clone().build().unwrap();
            let error = store.claim(&proof(), later()).await.unwrap_err();
            let told =
                [log(&error), format!("{builder:?} {store:?} {:?}", grantor::Stores::from(store.clone()))];
            for told in told {
                assert!(!told.contains("marked-pass-word"), "{told}");
            }
            assert!(error.is_unavailable());
            assert!(log(&error).contains(&port.to_string()), "{error:?}");
        }
    }
    let url = format!("redis://:the-right-one@127.0.0.1:{}", guarded.port);
    let store = RedisStore::single(RedisClient::open(url).unwrap()).build().unwrap();
    assert_eq!(store.claim(&proof(), later()).await.unwrap(), Claim::First);
}

/// A prefix is part of each key and cannot be left by any id.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t99_issuers_side_by_side_see_nothing_of_each_other() {
    let server = Server::start(&[]).await;
    let at = |prefix: &str| server.builder().prefix(prefix).build().unwrap();
    let stores = [at("a"), at("a:1"), at("a:1:token"), at("A")];
    let (spent, revoked) = (proof(), token());
    for store in &stores {
        assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
        assert!(matches!(TokenStore::find(store, &revoked).await.unwrap(), TokenState::Absent));
        store.revoke(&revoked, later()).await.unwrap();
        for id in ["b", "}:ids", "{a:1:clients}:ids", "*", "\"'`\\", " "] {
            let client =
                Client::builder(crate::fixture::id(id), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
            assert_eq!(ClientRegistry::insert(store, Revision::new(1), &client).await.unwrap(), Insert::Done);
        }
    }
    for store in &stores {
        let listed = store.list(&ClientQuery::first(10)).await.unwrap();
        assert_eq!((listed.clients.len(), listed.next), (6, None));
    }
    let kinds: Vec<String> = run(&server.client(), redis::cmd("KEYS").arg("*")).await.unwrap();
    assert_eq!(kinds.len(), 4 * stores.len(), "two for clients, a proof and a token each: {kinds:?}");
}

#[test]
fn a_prefix_that_is_none_is_a_config_error() {
    let client = RedisClient::open("redis://127.0.0.1:1").unwrap();
    for prefix in ["", "a b", "{a}", "a\nb", &"a".repeat(65)] {
        let refused = RedisStore::single(client.clone()).prefix(prefix).build();
        assert_eq!(refused.err(), Some(ConfigError::Prefix), "{prefix:?}");
    }
    assert_eq!(RedisStore::cluster([]).build().err(), Some(ConfigError::NoAddress));
    assert_eq!(
        RedisStore::sentinel([], "mymaster", client.clone()).build().err(),
        Some(ConfigError::NoAddress)
    );
    let sentinel = RedisStore::sentinel([client.clone()], "mymaster", client).build().err();
    assert_eq!(sentinel, Some(ConfigError::FailOver));
}

/// A search by a name that nobody has reads a bounded number of records at a time, and comes to an end.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_search_that_finds_nothing_is_done_in_pages() {
    let server = Server::start(&["--appendonly", "no"]).await;
    let store = server.builder().accept_loss(grantor_storage_redis::Loss::SinceSnapshot).build().unwrap();
    for number in 0..2100 {
        let id = id(&format!("{number:04}"));
        let client = Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC).name("somebody").build().unwrap();
        assert_eq!(ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap(), Insert::Done);
    }
    let page = store.list(&ClientQuery::first(5).with_name_prefix("nobody")).await.unwrap();
    assert_eq!((page.clients.len(), page.next.clone()), (0, Some(id("2047"))));
    let nobody = ClientQuery::first(5).with_name_prefix("nobody").starting_after(page.next.unwrap());
    assert_eq!(store.list(&nobody).await.unwrap().next, None);
    let all = store.list(&ClientQuery::first(1000).starting_after(id("0099"))).await.unwrap();
    assert_eq!((all.clients.len(), all.next), (1000, Some(id("1099"))));
}
