//! A store that comes up after the server: no reason to die, and none to be started again.

use std::time::Duration;

use tokio::task::block_in_place;

use super::issuer::{Issuer, Kind, PASSWORD};
use super::request::{sent, until};
use super::signer::Signer;
use crate::keys::{RESOURCE, with_new_key};
use crate::tokens::http;

/// From when the store accepts connections to the first token.
const SERVES_WITHIN: Duration = Duration::from_secs(5);

/// `away` are the parts of the store that come later, and `said` is what the log calls the first of them.
async fn comes_after(kind: Kind, away: &[&str], said: &str) {
    let (block, key) = with_new_key("shop");
    let issuer = Issuer::with_config(kind, &format!("{RESOURCE}{block}"));
    away.iter().for_each(|part| issuer.servers.crash(part));
    let (mut server, signer) = (issuer.server(), Signer::read("shop", &key));
    server.wait_for_log(&format!("{said} is not ready"));
    let (http, url) = (http(), server.token_url());
    for _ in 0..3 {
        assert_eq!(sent(&http, &url, &signer.assertion()).await.check(), 503);
    }
    block_in_place(|| away.iter().for_each(|part| issuer.servers.resume(part)));
    let took = until(SERVES_WITHIN, "a token", async || {
        let status = sent(&http, &url, &signer.assertion()).await.check();
        assert_ne!(status, 401, "an outage is no refusal");
        status == 200
    });
    let took = took.await;
    server.wait_for_log("the stores are ready");
    let ended = server.stopped();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.written.contains(PASSWORD), "{}", ended.written);
    println!("{kind:?}, {away:?} away: served after {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_a_server_waits_for_postgresql_and_serves_when_it_comes() {
    comes_after(Kind::Postgres, &["postgres"], "PostgreSQL").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_a_server_waits_for_redis_and_serves_when_it_comes() {
    comes_after(Kind::Redis, &["redis"], "Redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_a_server_on_both_waits_for_redis_alone_and_serves_when_it_comes() {
    comes_after(Kind::Both, &["redis"], "Redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_a_server_on_both_waits_for_both_and_serves_when_they_come() {
    comes_after(Kind::Both, &["postgres", "redis"], "PostgreSQL").await;
}
