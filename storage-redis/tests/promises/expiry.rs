//! What Redis removes by itself: nothing until 15 minutes past `until`, and past the write, on its own clock.

use grantor::store::{Claim, Insert, TokenRecord, TokenState, TokenStore};
use grantor::{Jti, ResourceUri, Timestamp};
use redis::Client;

use crate::fixture::{id, proof, run, token};
use crate::server::Server;

const MINUTES_15: i64 = 15 * 60;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn record(until: i64) -> TokenRecord {
    let audience = ResourceUri::new("https://api.example.com").unwrap();
    let jti = Jti::new("jti").unwrap();
    let record = TokenRecord::builder(id("client"), audience, jti, Timestamp::EPOCH, at(until - 60)).build();
    assert_eq!(record.until(), at(until));
    record
}

/// The one key there is: when it ends, by the clock of Redis; `-1` for never.
async fn end_of_the_one_key(server: &Client) -> i64 {
    let keys: Vec<String> = run(server, redis::cmd("KEYS").arg("*")).await.unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    run(server, redis::cmd("EXPIRETIME").arg(&keys[0])).await.unwrap()
}

async fn emptied(server: &Client) -> i64 {
    run::<()>(server, &redis::cmd("FLUSHALL")).await.unwrap();
    let (now, _): (i64, i64) = run(server, &redis::cmd("TIME")).await.unwrap();
    now
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t103_each_entry_outlives_its_until_and_its_write_by_15_minutes() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let far = Timestamp::MAX.as_unix();
    for kind in ["claim", "insert", "revoke"] {
        let now = emptied(&raw).await;
        for until in [0, 1, now - 3600, now - 1, now, now + 1, now + 3600, 2_147_483_648, 4_294_967_296, far]
        {
            let now = emptied(&raw).await;
            match kind {
                "claim" => assert_eq!(store.claim(&proof(), at(until)).await.unwrap(), Claim::First),
                "insert" => {
                    let record = record(until.max(60));
                    assert_eq!(TokenStore::insert(&store, &token(), &record).await.unwrap(), Insert::Done);
                }
                _ => store.revoke(&token(), at(until)).await.unwrap(),
            }
            let end = end_of_the_one_key(&raw).await;
            let least = until.max(now) + MINUTES_15;
            assert!((least..least + 10).contains(&end), "{kind} until {until}: {end}, not {least}");
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_replay_and_a_second_insert_move_nothing() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let now = emptied(&raw).await;
    let claimed = proof();
    assert_eq!(store.claim(&claimed, at(now + 100)).await.unwrap(), Claim::First);
    let end = end_of_the_one_key(&raw).await;
    assert_eq!(store.claim(&claimed, at(now + 9000)).await.unwrap(), Claim::Replayed);
    assert_eq!(end_of_the_one_key(&raw).await, end);
    emptied(&raw).await;
    let inserted = token();
    assert_eq!(TokenStore::insert(&store, &inserted, &record(now + 100)).await.unwrap(), Insert::Done);
    let end = end_of_the_one_key(&raw).await;
    assert_eq!(TokenStore::insert(&store, &inserted, &record(now + 9000)).await.unwrap(), Insert::Exists);
    assert_eq!(end_of_the_one_key(&raw).await, end);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_revocation_keeps_the_latest_until_that_of_the_record_included() {
    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let now = emptied(&raw).await;
    let revoked = token();
    assert_eq!(TokenStore::insert(&store, &revoked, &record(now + 9000)).await.unwrap(), Insert::Done);
    for (until, kept) in
        [(now, now + 9000), (now + 9500, now + 9500), (now + 9400, now + 9500), (0, now + 9500)]
    {
        store.revoke(&revoked, at(until)).await.unwrap();
        let end = end_of_the_one_key(&raw).await - MINUTES_15;
        assert!((kept..kept + 10).contains(&end), "revoked until {until}: {end}, not {kept}");
    }
    let key: Vec<String> = run(&raw, redis::cmd("KEYS").arg("*")).await.unwrap();
    run::<()>(&raw, redis::cmd("PERSIST").arg(&key[0])).await.unwrap();
    store.revoke(&revoked, at(now + 9500)).await.unwrap();
    assert_eq!(end_of_the_one_key(&raw).await, -1, "what never ended never ends");
    assert!(matches!(TokenStore::find(&store, &revoked).await.unwrap(), TokenState::Revoked));
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn clients_and_keys_never_end() {
    use grantor::store::{AuthMethod, Client, ClientRegistry, KeySet, KeyStore, Replace, Revision};

    let server = Server::start(&[]).await;
    let (store, raw) = (server.store(), server.client());
    let client = Client::builder(id("client"), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
    let _done = ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap();
    assert_eq!(store.replace(Revision::ABSENT, &KeySet::default()).await.unwrap(), Replace::Won);
    let mut keys: Vec<String> = run(&raw, redis::cmd("KEYS").arg("*")).await.unwrap();
    keys.sort();
    assert_eq!(keys, ["{grantor:1:clients}:ids", "{grantor:1:clients}:records", "{grantor:1:keys}"]);
    for key in keys {
        assert_eq!(run::<i64>(&raw, redis::cmd("TTL").arg(key)).await.unwrap(), -1);
    }
}
