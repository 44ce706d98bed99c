//! The host's keys and a database that was made with others.

use std::path::Path;

use super::issuer::{Issuer, Kind};
use super::request::sent;
use crate::program::Program;
use crate::tokens::http;

async fn refuses_others(kind: Kind) {
    let mut issuer = Issuer::new(kind);
    let signer = issuer.client_with_key("shop");
    let first = issuer.server();
    let published = async |server: &Program| {
        let url = format!("http://{}/.well-known/jwks.json", server.address);
        http().get(url).send().await.expect("an answer").text().await.expect("text")
    };
    let keys = published(&first).await;
    let (own, id) = (issuer.host_keys().to_owned(), first_id(issuer.host_keys()));
    issuer.change_host_keys();

    let ended = Program::refused(&issuer.flags(), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.written);
    assert!(ended.written.contains(&id), "the missing key {id}: {}", ended.written);

    // With the newer one in front and the old one behind it all is well, and the keys are those of before.
    let both = [issuer.host_keys(), &own].map(|path| std::fs::read_to_string(path).expect("read"));
    std::fs::write(issuer.host_keys(), both.concat()).expect("write");
    let second = issuer.server();
    assert_eq!(published(&second).await, keys, "no key was made by a server that had to refuse");
    for server in [&first, &second] {
        assert_eq!(sent(&http(), &server.token_url(), &signer.assertion()).await.check(), 200);
    }
}

fn first_id(path: impl AsRef<Path>) -> String {
    let text = std::fs::read_to_string(path).expect("read");
    text.split(' ').next().expect("an id").to_owned()
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t95_other_host_keys_are_refused_and_no_keys_made_on_postgresql() {
    refuses_others(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t95_other_host_keys_are_refused_and_no_keys_made_on_redis() {
    refuses_others(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t95_other_host_keys_are_refused_and_no_keys_made_on_both() {
    refuses_others(Kind::Both).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t95_other_host_keys_are_refused_and_no_keys_made_on_a_cluster() {
    refuses_others(Kind::Cluster).await;
}
