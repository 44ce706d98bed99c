//! What goes over the wire: one command a call, and none a second time.

use grantor::store::{
    AuthMethod, Claim, Client, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, KeySet, KeyStore,
    Replace, Revision, TokenState, TokenStore, Update,
};
use grantor::{Jti, ResourceUri, Timestamp};
use grantor_storage_redis::RedisStore;

use crate::fixture::{id, later, patient, proof, token};
use crate::proxy::Proxy;
use crate::server::Server;
use crate::settings::told;

fn client(text: &str) -> Client {
    Client::builder(id(text), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap()
}

fn record() -> grantor::store::TokenRecord {
    let audience = ResourceUri::new("https://api.example.com").unwrap();
    let jti = Jti::new("jti").unwrap();
    grantor::store::TokenRecord::builder(id("client"), audience, jti, Timestamp::EPOCH, later()).build()
}

/// A read asks for the role of the server in the same piece. Deleting a client is two: its uses are in another slot.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn each_call_is_one_round_trip() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let store = patient(RedisStore::single(proxy.client())).build().unwrap();
    let at_7 = Revision::new(7);
    for round in 0..2 {
        proxy.commands();
        let (claimed, revoked) = (proof(), token());
        let name = format!("client {round}");
        assert_eq!(store.claim(&claimed, later()).await.unwrap(), Claim::First);
        assert_eq!(store.claim(&claimed, later()).await.unwrap(), Claim::Replayed);
        assert_eq!(TokenStore::insert(&store, &revoked, &record()).await.unwrap(), Insert::Done);
        store.revoke(&revoked, later()).await.unwrap();
        assert!(matches!(TokenStore::find(&store, &revoked).await.unwrap(), TokenState::Revoked));
        assert_eq!(ClientRegistry::insert(&store, at_7, &client(&name)).await.unwrap(), Insert::Done);
        assert_eq!(store.update(at_7, &client(&name)).await.unwrap(), Update::Done);
        assert!(ClientStore::find(&store, &id(&name)).await.unwrap().is_some());
        assert_eq!(store.list(&ClientQuery::first(100)).await.unwrap().clients.len(), 1);
        assert_eq!(store.delete(&id(&name)).await.unwrap(), Delete::Done);
        let (_, revision) = store.load().await.unwrap();
        assert_eq!(store.replace(revision, &KeySet::default()).await.unwrap(), Replace::Won);
        let commands = proxy.commands();
        if round == 1 {
            let expected = "EVALSHA EVALSHA EVALSHA EVALSHA GET ROLE EVALSHA EVALSHA HGET ROLE EVALSHA ROLE EVALSHA \
                            EVALSHA GET ROLE EVALSHA";
            let expected: Vec<_> = expected.split(' ').collect();
            assert_eq!(commands, expected, "after the first call of each script");
        }
    }
    assert_eq!(proxy.connections(), 1);
}

/// Each write is done at Redis, and its answer lost: an error. Only what is asked again by the caller is done again.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_lost_answer_is_an_error_and_the_command_is_never_repeated() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let store = patient(RedisStore::single(proxy.client())).build().unwrap();
    let at_7 = Revision::new(7);
    let (claimed, revoked) = (proof(), token());
    for _ in 0..2 {
        // The first time, so that the server knows the scripts.
        let _first = store.claim(&proof(), later()).await.unwrap();
        store.revoke(&token(), later()).await.unwrap();
        let _first = ClientRegistry::insert(&store, at_7, &client("first")).await.unwrap();
        let _first = store.update(Revision::new(8), &client("first")).await.unwrap();
        let _first = store.delete(&id("first")).await.unwrap();
        let _first = store.replace(at_7, &KeySet::default()).await.unwrap();
    }
    proxy.commands();

    proxy.lose_next_answer();
    told(&store.claim(&claimed, later()).await.unwrap_err());
    assert_eq!(proxy.commands(), ["EVALSHA"]);
    assert_eq!(store.claim(&claimed, later()).await.unwrap(), Claim::Replayed);

    proxy.lose_next_answer();
    told(&TokenStore::insert(&store, &revoked, &record()).await.unwrap_err());
    assert_eq!(TokenStore::insert(&store, &revoked, &record()).await.unwrap(), Insert::Exists);

    proxy.lose_next_answer();
    told(&store.revoke(&revoked, later()).await.unwrap_err());
    assert!(matches!(TokenStore::find(&store, &revoked).await.unwrap(), TokenState::Revoked));

    proxy.lose_next_answer();
    told(&ClientRegistry::insert(&store, at_7, &client("a")).await.unwrap_err());
    assert_eq!(ClientRegistry::insert(&store, at_7, &client("a")).await.unwrap(), Insert::Exists);

    proxy.lose_next_answer();
    told(&store.update(at_7, &client("a")).await.unwrap_err());
    assert_eq!(store.update(at_7, &client("a")).await.unwrap(), Update::Conflict);

    proxy.lose_next_answer();
    told(&store.delete(&id("a")).await.unwrap_err());
    assert_eq!(store.delete(&id("a")).await.unwrap(), Delete::Missing);

    proxy.lose_next_answer();
    told(&store.replace(Revision::ABSENT, &KeySet::default()).await.unwrap_err());
    assert_eq!(store.replace(Revision::ABSENT, &KeySet::default()).await.unwrap(), Replace::Lost);

    proxy.commands();
    proxy.lose_next_answer();
    told(&ClientStore::find(&store, &id("a")).await.unwrap_err());
    assert_eq!(proxy.commands(), ["HGET", "ROLE"]);
}
