//! A store that crashes under load and comes back (T77): what it had acknowledged stands, nothing counts twice, and the
//! servers say 503 meanwhile and go on by themselves.

use std::sync::Arc;
use std::time::Duration;

use oauth2::reqwest::Client;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::Instant;

use super::issuer::{Issuer, Kind, PASSWORD};
use super::load::{Load, Shown};
use super::request::sent;
use super::revocations::Revocations;
use crate::tokens::http;

/// From when the store accepts connections to the first token of each server.
const BACK_WITHIN: Duration = Duration::from_secs(5);
/// For what is not measured.
const PATIENCE: Duration = Duration::from_secs(60);

async fn survives(kind: Kind, crashed: &str) {
    survives_with(Issuer::new(kind), kind, crashed).await;
}

async fn survives_with(issuer: Issuer, kind: Kind, crashed: &str) {
    let (signer, disabled) = (Arc::new(issuer.client_with_key("shop")), issuer.client_with_key("disabled"));
    let revoker = Arc::new(issuer.client_with_key("revoker"));
    let servers = [issuer.server(), issuer.server()];
    let urls = servers.each_ref().map(|server| server.token_url());
    for url in &urls {
        assert_eq!(sent(&http(), url, &disabled.assertion()).await.check(), 200);
    }
    let (begun, load) = (Instant::now(), Load::begin(&signer, &urls));
    let revocations = Revocations::begin(revoker, &urls);
    revocations.until(PATIENCE, 50).await;
    load.until(PATIENCE, 50, 200, begun).await;
    issuer.command(&["clients", "disable", "disabled"]);

    block_in_place(|| issuer.servers.crash(crashed));
    let gone = Instant::now();
    load.until(PATIENCE, 5, 503, gone).await;
    let gap_ends = Instant::now();
    block_in_place(|| issuer.servers.resume(crashed));
    let back = Instant::now();
    let took = load.until(BACK_WITHIN, 1, 200, back).await;
    load.until(PATIENCE, 30, 200, back).await;
    revocations.until(PATIENCE, 10).await;

    let (seen, shown) = (load.seen(), load.end().await);
    if kind != Kind::Both || crashed == "redis" {
        // Where claims are. (Clients of a PostgreSQL that is away are known for some seconds more.)
        let in_the_gap = |asked: Instant, answered: Instant| asked >= gone && answered <= gap_ends;
        let wrong = seen.iter().find(|seen| seen.status != 503 && in_the_gap(seen.asked, seen.answered));
        assert!(wrong.is_none(), "{} while there was no store", wrong.map_or(0, |seen| seen.status));
    }
    let slowest = seen.iter().map(|seen| seen.answered - seen.asked).max().expect("answers");
    let outages = count_of(&shown, 503);
    no_assertion_counted_twice(shown, &urls).await;
    for url in &urls {
        assert_eq!(sent(&http(), url, &disabled.assertion()).await.check(), 401, "disabled before the crash");
    }
    let revoked = revocations.all_stand(&urls).await;
    for server in servers {
        let ended = server.stopped();
        assert_eq!(ended.code, Some(0));
        assert!(!ended.written.contains(PASSWORD), "{}", ended.written);
    }
    println!(
        "{kind:?}, {crashed} crashed: {} answers, {outages} assertions met 503, slowest {slowest:?}, back after \
         {took:?}, {revoked} revocations stand",
        seen.len()
    );
}

fn count_of(shown: &[Shown], status: u16) -> usize {
    shown.iter().filter(|shown| shown.statuses.contains(&status)).count()
}

/// Neither while the store came and went nor when all are shown once more.
async fn no_assertion_counted_twice(shown: Vec<Shown>, urls: &[String; 2]) {
    let http = http();
    let mut all = shown.into_iter().enumerate();
    loop {
        let mut some = JoinSet::new();
        for (nth, shown) in all.by_ref().take(16) {
            some.spawn(replay(http.clone(), shown, [urls[nth % 2].clone(), urls[(nth + 1) % 2].clone()]));
        }
        if some.is_empty() {
            return;
        }
        some.join_all().await;
    }
}

async fn replay(http: Client, shown: Shown, urls: [String; 2]) {
    let Shown { assertion, statuses } = shown;
    // A fresh one is never taken for a replay. After a 503 it may have been spent.
    assert!(matches!(statuses, [200, 401 | 503] | [503, 200 | 401 | 503]), "{statuses:?}");
    let mut tokens = statuses.iter().filter(|status| **status == 200).count();
    for url in urls {
        let status = sent(&http, &url, &assertion).await.check();
        assert_ne!(status, 503, "the store is back");
        tokens += usize::from(status == 200);
        assert!(tokens <= 1, "{statuses:?}, and {status} when it was shown once more");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_postgresql_crashes_under_load_and_nothing_counts_twice_or_is_forgotten() {
    survives(Kind::Postgres, "postgres").await;
}

/// Such a server by itself answers before a write is on the disk, and loses the last moments in a crash.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_postgresql_that_commits_lazily_crashes_and_nothing_counts_twice_or_is_forgotten() {
    let issuer = Issuer::new(Kind::Postgres);
    issuer.commit_lazily().await;
    survives_with(issuer, Kind::Postgres, "postgres").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_redis_crashes_under_load_and_nothing_counts_twice_or_is_forgotten() {
    survives(Kind::Redis, "redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_of_both_redis_crashes_under_load_and_nothing_counts_twice_or_is_forgotten() {
    survives(Kind::Both, "redis").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_of_both_postgresql_crashes_under_load_and_nothing_counts_twice_or_is_forgotten() {
    survives(Kind::Both, "postgres").await;
}
