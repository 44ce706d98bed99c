//! What a server's settings must be, and what is said where they are not.

use std::error::Error;

use grantor::store::{Claim, StoreError, TokenStore};
use grantor_storage_redis::{Loss, RedisStore};

use crate::fixture::{later, proof};
use crate::server::{Server, until};

/// The sources, as the operator gets to see them.
pub(crate) fn told(error: &(impl Error + 'static)) -> String {
    if let Some(error) = (error as &dyn Error).downcast_ref::<StoreError>() {
        assert!(error.is_unavailable(), "{error:?}");
    }
    let (mut text, mut source) = (String::new(), error.source());
    while let Some(error) = source {
        text = format!("{text}{error}; ");
        source = error.source();
    }
    text
}

async fn refusal(store: &RedisStore) -> String {
    let by_call = told(&store.claim(&proof(), later()).await.unwrap_err());
    let by_check = told(&store.check().await.unwrap_err());
    assert_eq!(by_call, by_check);
    by_call
}

async fn works(store: &RedisStore) {
    store.check().await.unwrap();
    assert_eq!(store.claim(&proof(), later()).await.unwrap(), Claim::First);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_server_as_demanded_is_accepted_and_has_no_caveats() {
    let server = Server::start(&[]).await;
    works(&server.store()).await;
    assert_eq!(server.store().caveats(), [""; 0]);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn each_setting_that_loses_is_refused_with_its_name_and_the_remedy_unless_it_is_accepted() {
    let refused: [(&[&str], &str, &str, Loss); 4] = [
        (&["--appendonly", "no"], "appendonly `no`", "CONFIG SET appendonly yes", Loss::SinceSnapshot),
        (
            &["--appendfsync", "everysec"],
            "appendfsync `everysec`",
            "CONFIG SET appendfsync always",
            Loss::LastSecond,
        ),
        (&["--appendfsync", "no"], "appendfsync `no`", "CONFIG SET appendfsync always", Loss::Unflushed),
        (
            &["--no-appendfsync-on-rewrite", "yes"],
            "no-appendfsync-on-rewrite `yes`",
            "CONFIG SET no-appendfsync-on-rewrite no",
            Loss::Unflushed,
        ),
    ];
    for (options, found, remedy, loss) in refused {
        let server = Server::start(options).await;
        let said = refusal(&server.store()).await;
        assert!(said.contains(found) && said.contains(remedy), "{said}");
        assert!(said.contains(&format!(".accept_loss(Loss::{loss:?})")), "{said}");
        for accepted in [Loss::LastSecond, Loss::Unflushed, Loss::SinceSnapshot, Loss::FailOver] {
            let store = server.builder().accept_loss(accepted).build().unwrap();
            let covered = match (loss, accepted) {
                (_, Loss::FailOver) => false,
                (Loss::LastSecond, _) | (_, Loss::SinceSnapshot) => true,
                (loss, accepted) => loss == accepted,
            };
            if covered {
                works(&store).await;
                assert_eq!(store.caveats().len(), 1);
            } else {
                assert_eq!(refusal(&store).await, said, "{accepted:?}");
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t100_a_server_that_evicts_is_refused_whatever_is_accepted() {
    let server = Server::start(&[]).await;
    for policy in ["allkeys-lru", "volatile-ttl", "volatile-lru", "allkeys-random"] {
        server.config("maxmemory-policy", policy).await;
        let losses = [Loss::LastSecond, Loss::Unflushed, Loss::SinceSnapshot, Loss::FailOver];
        let accepting = server.builder().vouch_for_settings();
        let accepting = losses.into_iter().fold(accepting, |builder, loss| builder.accept_loss(loss));
        for store in [server.store(), accepting.build().unwrap()] {
            let said = refusal(&store).await;
            assert!(said.contains(&format!("maxmemory-policy `{policy}`")), "{said}");
            assert!(said.contains("CONFIG SET maxmemory-policy noeviction"), "{said}");
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn settings_that_cannot_be_read_are_vouched_for_or_refused() {
    for (hidden, unreadable) in [("CONFIG", "appendfsync"), ("INFO", "role")] {
        let server = Server::start(&["--rename-command", hidden, ""]).await;
        let said = told(&server.store().check().await.unwrap_err());
        assert!(said.contains(unreadable) || said.contains("no-appendfsync-on-rewrite"), "{said}");
        assert!(said.contains(".vouch_for_settings()"), "{said}");
        let vouched = server.builder().vouch_for_settings().build().unwrap();
        works(&vouched).await;
        assert_eq!(vouched.caveats().len(), 1);
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_can_be_read_is_checked_even_where_the_host_vouches() {
    let server = Server::start(&["--appendfsync", "everysec"]).await;
    let vouched = server.builder().vouch_for_settings().build().unwrap();
    assert!(refusal(&vouched).await.contains("appendfsync `everysec`"));
    let hidden = Server::start(&["--rename-command", "CONFIG", "", "--appendonly", "no"]).await;
    let vouched = hidden.builder().vouch_for_settings().build().unwrap();
    assert!(refusal(&vouched).await.contains("appendonly `no`"));
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_replica_is_refused_and_a_primary_that_has_one_unless_fail_over_is_accepted() {
    let primary = Server::start(&[]).await;
    let replica = Server::start(&[
        "--replicaof",
        &format!("127.0.0.1 {}", primary.port),
        "--repl-diskless-sync-delay",
        "0",
    ])
    .await;
    let accepting = |server: &Server| server.builder().accept_loss(Loss::FailOver).build().unwrap();
    let said = refusal(&accepting(&replica)).await;
    assert!(said.contains("replica"), "{said}");
    until("the replica is known", async || primary.store().check().await.is_err()).await;
    let said = refusal(&primary.store()).await;
    assert!(said.contains("1 replica") && said.contains(".accept_loss(Loss::FailOver)"), "{said}");
    works(&accepting(&primary)).await;
    assert!(accepting(&primary).caveats()[0].contains("fail-over"));
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_server_that_is_set_right_is_used_without_a_new_store() {
    let server = Server::start(&["--appendfsync", "everysec"]).await;
    let store = server.store();
    refusal(&store).await;
    server.config("appendfsync", "always").await;
    works(&store).await;
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_comes_up_in_its_place_is_checked_before_a_command_goes_there() {
    let mut server = Server::start(&[]).await;
    let store = server.store();
    works(&store).await;
    server.set_options(&["--appendonly", "no"]);
    server.restart().await;
    let said = told(&store.claim(&proof(), later()).await.unwrap_err());
    assert!(said.contains("appendonly `no`"), "{said}");
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_member_of_a_cluster_is_not_taken_for_a_server_alone_nor_the_other_way_round() {
    let alone = Server::start(&[]).await;
    let member = Server::start(&["--cluster-enabled", "yes"]).await;
    assert!(refusal(&member.store()).await.contains("RedisStore::cluster"));
    let store = RedisStore::cluster([alone.client()]).build().unwrap();
    assert!(refusal(&store).await.contains("cluster support disabled"));
}

/// The list of the crate's documentation.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_user_needs_few_commands_and_the_keys_of_its_prefix() {
    use grantor::store::{
        AuthMethod, Client, ClientQuery, ClientRegistry, Insert, KeyStore, Revision, TrustQuery,
        TrustRegistry, TrustStore,
    };

    use crate::trust::issuer;

    let server = Server::start(&[]).await;
    let mut user = redis::cmd("ACL");
    user.arg("SETUSER").arg("grantor").arg("on").arg(">pass").arg("~grantor:1:*").arg("~{grantor:1:*");
    user.arg("+hello +info +config|get +eval +evalsha +time".split(' ').collect::<Vec<_>>());
    user.arg("+role +get +set +pttl +hget +hset +hdel +hexists +hmget".split(' ').collect::<Vec<_>>());
    user.arg("+zadd +zrem +zrangebylex".split(' ').collect::<Vec<_>>());
    crate::fixture::run::<()>(&server.client(), &user).await.unwrap();
    let url = format!("redis://grantor:pass@127.0.0.1:{}", server.port);
    let store = RedisStore::single(redis::Client::open(url).unwrap()).build().unwrap();
    works(&store).await;
    let token = crate::fixture::token();
    store.revoke(&token, later()).await.unwrap();
    let _revoked = TokenStore::find(&store, &token).await.unwrap();
    let client = Client::builder(crate::fixture::id("a"), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
    let at_7 = Revision::new(7);
    assert_eq!(ClientRegistry::insert(&store, at_7, &client).await.unwrap(), Insert::Done);
    let _done = ClientRegistry::update(&store, at_7, &client).await.unwrap();
    assert_eq!(ClientRegistry::list(&store, &ClientQuery::first(10)).await.unwrap().clients.len(), 1);
    let _done = ClientRegistry::delete(&store, client.id()).await.unwrap();
    let issuer = issuer("a");
    assert_eq!(TrustRegistry::insert(&store, at_7, &issuer).await.unwrap(), Insert::Done);
    let _done = TrustRegistry::update(&store, at_7, &issuer).await.unwrap();
    assert!(TrustStore::find(&store, issuer.issuer()).await.unwrap().is_some());
    assert_eq!(TrustRegistry::list(&store, &TrustQuery::first(10)).await.unwrap().issuers.len(), 1);
    let _done = TrustRegistry::delete(&store, issuer.issuer()).await.unwrap();
    let (keys, revision) = store.load().await.unwrap();
    let _won = store.replace(revision, &keys).await.unwrap();
}
