//! One assertion is good for one token, however many server processes it is shown to at once.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::issuer::{Issuer, Kind};
use super::request::sent;
use crate::tokens::http;

const ROUNDS: usize = 25;

async fn one_of_three(kind: Kind) {
    let issuer = Issuer::new(kind);
    let signer = issuer.client_with_key("shop");
    let servers = [issuer.server(), issuer.server(), issuer.server()];
    let http = servers.each_ref().map(|_| http());
    // Each has its connections before they race.
    for (server, http) in servers.iter().zip(&http) {
        assert_eq!(sent(http, &server.token_url(), &signer.assertion()).await.check(), 200);
    }
    for round in 0..ROUNDS {
        let (assertion, start): (Arc<str>, _) = (signer.assertion().into(), Arc::new(Barrier::new(3)));
        let mut race = JoinSet::new();
        for (server, http) in servers.iter().zip(&http) {
            let (url, http) = (server.token_url(), http.clone());
            let (assertion, start) = (Arc::clone(&assertion), Arc::clone(&start));
            race.spawn(async move {
                start.wait().await;
                sent(&http, &url, &assertion).await.check()
            });
        }
        let mut statuses = race.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401], "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t05_t06_the_same_assertion_sent_at_once_to_three_server_processes_gives_one_200_on_postgresql() {
    one_of_three(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t05_t06_the_same_assertion_sent_at_once_to_three_server_processes_gives_one_200_on_redis() {
    one_of_three(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t05_t06_the_same_assertion_sent_at_once_to_three_server_processes_gives_one_200_on_both() {
    one_of_three(Kind::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t05_t06_the_same_assertion_sent_at_once_to_three_server_processes_gives_one_200_on_a_cluster() {
    one_of_three(Kind::Cluster).await;
}
