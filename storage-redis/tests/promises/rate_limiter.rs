//! The rate limiter: what stands in a key and when it goes, one round trip a call, and that it is in nobody's way.

use std::net::IpAddr;
use std::time::Duration;

use grantor::store::TokenStore;
use grantor::{Admission, Attempt, Budget, ClientId, RateLimiter, RateLimits};
use grantor_storage_redis::{Loss, RedisRateLimiter, RedisStore};

use crate::fixture::{PATIENCE, id, later, nobody_listens, own_prefix, patient, proof, run};
use crate::proxy::Proxy;
use crate::server::{Server, until};

const HOUR: Duration = Duration::from_secs(3600);

fn limits(burst: u32, every: Duration) -> RateLimits {
    RateLimits::default().with_failures(Budget::new(burst, every))
}

fn limiter(store: &RedisStore, limits: RateLimits) -> RedisRateLimiter {
    store.rate_limiter(limits).give_up_after(PATIENCE)
}

fn attempt(client: &ClientId) -> Attempt<'_> {
    Attempt::new(Some(client), Some(IpAddr::from([192, 0, 2, 1])))
}

async fn fail(limiter: &RedisRateLimiter, client: &ClientId, times: u32) {
    for _ in 0..times {
        limiter.penalise(&attempt(client)).await.unwrap();
    }
}

async fn keys(server: &Server) -> Vec<String> {
    let mut keys: Vec<String> = run(&server.client(), redis::cmd("KEYS").arg("*")).await.unwrap();
    keys.sort();
    keys
}

async fn life(server: &Server, key: &str) -> i64 {
    run(&server.client(), redis::cmd("PTTL").arg(key)).await.unwrap()
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_key_is_of_a_fixed_length_and_lives_until_its_bucket_is_full_again() {
    let server = Server::start(&[]).await;
    let prefix = own_prefix();
    let store = server.builder().prefix(&prefix).build().unwrap();
    let braked = limiter(&store, limits(5, HOUR).with_attempts(Budget::new(9, HOUR)));
    let client = id(&"{client}".repeat(30));
    fail(&braked, &client, 2).await;
    assert_eq!(braked.admit(&attempt(&client)).await.unwrap(), Admission::Admitted);
    let source = data_encoding::BASE64URL_NOPAD.encode(&attempt(&client).source().unwrap());
    let named = ["attempts", "failures"].map(|kind| format!("{prefix}:1:{kind}:{{{source}}}"));
    assert_eq!(keys(&server).await, named, "and nothing else is kept");
    for (key, used_up) in [(&named[0], 1), (&named[1], 2)] {
        let (life, whole) = (life(&server, key).await, 3_600_000 * used_up);
        assert!((whole - 60_000..=whole).contains(&life), "{key}: {life} of {whole}");
    }
    fail(&braked, &client, 50).await;
    assert!(life(&server, &named[1]).await <= 5 * 3_600_000, "no debt");
    let quick = limiter(&store, limits(3, Duration::from_millis(1)).with_attempts(None));
    fail(&quick, &id("quick"), 3).await;
    until("it goes by itself", async || keys(&server).await.len() == 2).await;
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_smaller_budget_and_a_clock_that_was_set_back_keep_nobody_waiting_for_longer() {
    let server = Server::start(&[]).await;
    let store = server.store();
    let client = id("client");
    fail(&limiter(&store, limits(1000, HOUR)), &client, 20).await;
    // So does a clock that was set back look: more is missing than there can be.
    let braked = limiter(&store, limits(2, Duration::from_millis(50)));
    let said = braked.admit(&attempt(&client)).await.unwrap();
    assert_eq!(said, Admission::Limited(Duration::from_millis(50)));
    let again = async || braked.admit(&attempt(&client)).await.unwrap() == Admission::Admitted;
    until("time goes on from there", again).await;
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_is_not_limited_costs_no_round_trip() {
    let store = patient(RedisStore::single(nobody_listens())).build().unwrap();
    let client = id("client");
    let off = store.rate_limiter(RateLimits::default().with_failures(None));
    assert_eq!(off.admit(&attempt(&client)).await.unwrap(), Admission::Admitted);
    off.penalise(&attempt(&client)).await.unwrap();
    let on = store.rate_limiter(RateLimits::default());
    let from_nowhere = Attempt::new(Some(&client), None);
    assert_eq!(on.admit(&from_nowhere).await.unwrap(), Admission::Admitted);
    on.penalise(&from_nowhere).await.unwrap();
    assert!(on.admit(&attempt(&client)).await.unwrap_err().is_unavailable());
}

/// A claim waits for the replica, and fails without one. A brake on guessing is not worth that.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn each_call_is_one_command_and_waits_for_no_replica() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let builder = patient(RedisStore::single(proxy.client())).accept_loss(Loss::FailOver);
    let store = builder.wait_for_replicas(1, Duration::from_millis(50)).build().unwrap();
    assert!(store.claim(&proof(), later()).await.is_err(), "there is no replica");
    let braked = limiter(&store, limits(1, HOUR).with_attempts(Budget::new(100, HOUR)));
    let client = id("client");
    for _knows_the_scripts in 0..2 {
        proxy.commands();
        fail(&braked, &client, 1).await;
        let said = braked.admit(&attempt(&client)).await.unwrap();
        assert!(matches!(said, Admission::Limited(_)), "{said:?}");
    }
    assert_eq!(proxy.commands(), ["EVALSHA", "EVALSHA"]);
    let other = braked.admit(&attempt(&id("other"))).await.unwrap();
    assert_eq!(other, Admission::Admitted);
    assert_eq!(proxy.commands(), ["EVALSHA"]);
    assert_eq!(proxy.connections(), 1);
}

/// A Redis that hangs delays a token that needs nothing of it, and not for as long as a store may take.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn t55_a_redis_that_hangs_is_given_up_soon() {
    let server = Server::start(&[]).await;
    let proxy = Proxy::before(server.port).await;
    let store = patient(RedisStore::single(proxy.client())).build().unwrap();
    let (braked, client) = (limiter(&store, limits(1, HOUR)), id("client"));
    fail(&braked, &client, 1).await;
    proxy.freeze();
    let hasty = store.rate_limiter(limits(1, HOUR)).give_up_after(Duration::from_millis(50));
    let begun = tokio::time::Instant::now();
    assert!(hasty.admit(&attempt(&client)).await.unwrap_err().is_unavailable());
    assert!(hasty.penalise(&attempt(&client)).await.unwrap_err().is_unavailable());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
