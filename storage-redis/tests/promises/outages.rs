//! Redis away, killed, stopped, full: errors in bounded time, nothing forgotten, and back by itself.

use std::time::Duration;

use grantor::ProofId;
use grantor::store::{Claim, KeyStore, TokenStore};
use grantor_storage_redis::RedisStore;
use redis::Value;
use tokio::time::{Instant, timeout};

use crate::fixture::{later, nobody_listens, proof, run, token};
use crate::proxy::Proxy;
use crate::server::{Server, until};
use crate::settings::told;

/// What the issue promises.
const RECOVERY: Duration = Duration::from_secs(5);

async fn is_up(store: &RedisStore) -> bool {
    store.claim(&proof(), later()).await.is_ok()
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_store_may_be_made_before_its_server_is_there() {
    let mut server = Server::prepared(&[]);
    let store = server.store();
    let said = told(&store.claim(&proof(), later()).await.unwrap_err());
    assert!(said.contains(&server.port.to_string()), "{said}");
    told(&store.check().await.unwrap_err());
    server.launch();
    assert!(until("the store works", async || is_up(&store).await).await < RECOVERY);
    store.check().await.unwrap();
}

/// Claims go on and on, while the server is killed again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t101_no_acknowledged_claim_is_forgotten_when_redis_is_killed_in_the_middle_of_load() {
    let mut server = Server::start(&[]).await;
    let store = server.store();
    let (mut first, mut failed): (Vec<ProofId>, usize) = (Vec::new(), 0);
    for _ in 0..3 {
        let running: Vec<_> = (0..16)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let (mut first, mut failed) = (Vec::new(), 0);
                    while failed < 3 {
                        let proof = proof();
                        match store.claim(&proof, later()).await {
                            Ok(claim) => {
                                assert_eq!(claim, Claim::First);
                                first.push(proof);
                            }
                            Err(error) => {
                                told(&error);
                                failed += 1;
                            }
                        }
                    }
                    (first, failed)
                })
            })
            .collect();
        let watched = server.client();
        let loaded = async || {
            let size: redis::RedisResult<i64> = run(&watched, &redis::cmd("DBSIZE")).await;
            size.is_ok_and(|size| size > 200 + i64::try_from(first.len()).unwrap())
        };
        until("there is load", loaded).await;
        server.kill();
        for task in running {
            let (more, times) = task.await.unwrap();
            first.extend(more);
            failed += times;
        }
        server.launch();
        assert!(until("the same store works again", async || is_up(&store).await).await < RECOVERY);
    }
    assert!(first.len() > 600 && failed > 0);
    for proof in &first {
        assert_eq!(store.claim(proof, later()).await.unwrap(), Claim::Replayed);
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_restart_while_the_store_is_idle_costs_no_call() {
    let mut server = Server::start(&[]).await;
    let store = server.store();
    for _ in 0..3 {
        assert!(is_up(&store).await);
        server.restart().await;
    }
    assert!(is_up(&store).await);
}

/// The runtime that connected drives the connection, for all who share it.
#[test]
#[ignore = "needs Redis: bash .ci/test starts one"]
fn a_runtime_that_ends_costs_those_of_another_no_call() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (lasting, short_lived) = (runtime(), runtime());
    let server = lasting.block_on(Server::start(&[]));
    let store = server.store();
    assert!(short_lived.block_on(is_up(&store)));
    drop(short_lived);
    assert!(lasting.block_on(is_up(&store)));
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_server_that_hangs_costs_no_more_than_the_timeouts() {
    let server = Server::start(&[]).await;
    let (connect, response) = (Duration::from_millis(400), Duration::from_millis(300));
    let builder = server.builder().connect_timeout(connect).response_timeout(response);
    let (connected, fresh) = (builder.clone().build().unwrap(), builder.build().unwrap());
    until("one is connected", async || is_up(&connected).await).await;
    server.signal("-STOP");
    for _ in 0..3 {
        for store in [&connected, &fresh] {
            let begun = Instant::now();
            told(&store.claim(&proof(), later()).await.unwrap_err());
            told(&TokenStore::find(store, &token()).await.unwrap_err());
            let took = begun.elapsed();
            assert!(took < (connect + response) * 2 + Duration::from_secs(1), "{took:?}");
        }
    }
    server.signal("-CONT");
    for store in [&connected, &fresh] {
        assert!(until("the store works", async || is_up(store).await).await < RECOVERY);
    }
}

/// However many wait for the same server, each gets its answer in the time of one.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn many_calls_at_once_share_one_attempt_to_connect() {
    let server = Server::start(&[]).await;
    server.signal("-STOP");
    let store = server.builder().connect_timeout(Duration::from_millis(500)).build().unwrap();
    let begun = Instant::now();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { told(&store.claim(&proof(), later()).await.unwrap_err()) })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    server.signal("-CONT");
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t100_a_full_redis_is_unavailable_and_forgets_nothing() {
    let server = Server::start(&[]).await;
    let (store, spent, revoked) = (server.store(), proof(), token());
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
    store.revoke(&revoked, later()).await.unwrap();
    server.config("maxmemory", "1").await;
    let said = told(&store.claim(&proof(), later()).await.unwrap_err());
    assert!(said.contains("OOM"), "{said}");
    told(&store.claim(&spent, later()).await.unwrap_err());
    told(&store.revoke(&token(), later()).await.unwrap_err());
    let (_, revision) = store.load().await.unwrap();
    told(&store.replace(revision, &grantor::store::KeySet::default()).await.unwrap_err());
    assert!(matches!(TokenStore::find(&store, &revoked).await.unwrap(), grantor::store::TokenState::Revoked));
    server.config("maxmemory", "0").await;
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::Replayed);
    assert!(is_up(&store).await);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn scripts_that_the_server_has_forgotten_are_sent_again() {
    let server = Server::start(&[]).await;
    let (store, spent) = (server.store(), proof());
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
    run::<()>(&server.client(), redis::cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::Replayed);
    run::<()>(&server.client(), redis::cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    assert_eq!(store.claim(&proof(), later()).await.unwrap(), Claim::First);
}

/// Dropped at whatever await: the claim is spent whole or not at all, and the connection still matches answers to
/// questions.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_call_that_is_cut_off_leaves_nothing_half_done() {
    let server = Server::start(&[]).await;
    let store = server.store();
    for round in 0..300 {
        let (claimed, revoked) = (proof(), token());
        let patience = Duration::from_micros(round * 20);
        let cut = timeout(patience, store.claim(&claimed, later())).await;
        let _cut = timeout(patience, store.revoke(&revoked, later())).await;
        let again = store.claim(&claimed, later()).await.unwrap();
        if let Ok(first) = cut {
            assert_eq!((first.unwrap(), again), (Claim::First, Claim::Replayed));
        }
        let key =
            format!("grantor:1:token:{{{}}}", data_encoding::BASE64URL_NOPAD.encode(revoked.as_bytes()));
        let left: Value = run(&server.client(), redis::cmd("TTL").arg(key)).await.unwrap();
        assert!(matches!(left, Value::Int(left) if left == -2 || left > 900), "{left:?}");
    }
}

/// As when a client hangs up and the web framework drops its request.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_frozen_connection_is_given_up_even_if_every_caller_gives_up_earlier() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let response = Duration::from_secs(1);
    let builder = RedisStore::single(proxy.client()).connect_timeout(Duration::from_secs(10));
    let store = builder.response_timeout(response).build().unwrap();
    until("it is connected", async || is_up(&store).await).await;
    let connections = proxy.connections();
    proxy.freeze();
    let hasty = async || timeout(response / 10, is_up(&store)).await.is_ok_and(|is_up| is_up);
    let took = until("a hasty caller gets an answer", hasty).await;
    assert!(took < response + Duration::from_secs(3), "{took:?}");
    assert!(proxy.connections() > connections);
}

/// With the tokens in Redis and all else in a database nobody may speak to Redis for hours.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn pruning_finds_a_frozen_connection() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let builder = RedisStore::single(proxy.client()).connect_timeout(Duration::from_secs(10));
    let store = builder.response_timeout(Duration::from_secs(1)).build().unwrap();
    until("it is connected", async || is_up(&store).await).await;
    proxy.freeze();
    told(&store.prune(later(), 10).await.unwrap_err());
    until("the store works", async || store.prune(later(), 10).await.is_ok()).await;
    until("the store works", async || is_up(&store).await).await;
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_port_where_nobody_listens_is_told_at_once() {
    let store = RedisStore::single(nobody_listens()).build().unwrap();
    let begun = Instant::now();
    told(&store.claim(&proof(), later()).await.unwrap_err());
    assert!(begun.elapsed() < Duration::from_secs(1));
}
