//! A Redis that may lose what it has acknowledged is taken only by somebody who says so.

use super::issuer::{Issuer, Kind, PASSWORD};
use super::request::sent;
use crate::keys::RESOURCE;
use crate::program::{Program, config};
use crate::tokens::http;

fn without_append_only(issuer: &Issuer) {
    let client = redis::Client::open(issuer.servers.url("REDIS")).expect("a URL");
    let mut connection = client.get_connection().expect("a connection");
    let set = redis::cmd("CONFIG").arg("SET").arg("appendonly").arg("no").query(&mut connection);
    let () = set.expect("set");
}

async fn needs_a_word(kind: Kind) {
    let issuer = Issuer::new(kind);
    let signer = issuer.client_with_key("shop");
    without_append_only(&issuer);

    let ended = Program::refused(&issuer.flags(), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.written);
    for said in ["Redis", "appendonly", "yes"] {
        assert!(ended.written.contains(said), "{said}: {}", ended.written);
    }
    assert!(!ended.written.contains(PASSWORD), "{}", ended.written);

    let accepting = config(&format!("{RESOURCE}[dangerous]\nredis_accept_loss = [\"since_snapshot\"]\n"));
    let mut flags = issuer.flags();
    let at = flags.iter().position(|flag| *flag == "--config").expect("there");
    flags[at + 1] = &accepting;
    let server = Program::start(&flags, &[]);
    assert!(server.printed.contains("since its last snapshot"), "{}", server.printed);
    assert_eq!(sent(&http(), &server.token_url(), &signer.assertion()).await.check(), 200);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_redis_without_append_only_is_refused_until_the_loss_is_accepted() {
    needs_a_word(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t77_of_both_redis_without_append_only_is_refused_until_the_loss_is_accepted() {
    needs_a_word(Kind::Both).await;
}
