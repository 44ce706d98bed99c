//! Tokens that come back to several server processes on one store: what one of them has revoked is over at each of them, also
//! when the server that did it is killed and when the store crashes (T76); while the store is away nothing is said (T77).

use std::time::Duration;

use oauth2::reqwest::Client;
use tokio::task::block_in_place;

use super::issuer::{Issuer, Kind, PASSWORD};
use super::request::{INACTIVE, posted, until};
use super::revocations::{introspection, revocation};
use super::signer::Signer;
use crate::program::Program;
use crate::tokens::http;

const JWT: &str = "https://api.example.com";
const OPAQUE: &str = "https://opaque.example.com";
const RESOURCES: &str = r#"
[[resources]]
uri = "https://api.example.com"
scopes = ["read"]
[[resources]]
uri = "https://opaque.example.com"
scopes = ["read"]
format = "opaque"
"#;
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// A client and its connections.
struct Owner {
    signer: Signer,
    http: Client,
}

impl Owner {
    async fn token(&self, server: &Program, resource: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("resource", resource)];
        posted(&self.http, &server.token_url(), &self.signer.assertion(), &form).await.token()
    }

    /// Whether a token is active, to its owner.
    async fn is_active(&self, server: &Program, token: &str) -> bool {
        let url = introspection(&server.token_url());
        let answer = posted(&self.http, &url, &self.signer.assertion(), &[("token", token)]).await;
        assert_eq!(answer.check(), 200, "{answer:?}");
        answer.body != INACTIVE
    }

    async fn revoke(&self, server: &Program, token: &str) -> u16 {
        let url = revocation(&server.token_url());
        posted(&self.http, &url, &self.signer.assertion(), &[("token", token)]).await.status
    }
}

/// `crashed` is the part of the store that holds tokens, where it can be crashed here.
async fn ends_everywhere(kind: Kind, crashed: Option<&str>) {
    let issuer = Issuer::with_config(kind, RESOURCES);
    let owner = Owner { signer: issuer.client_with_key("shop"), http: http() };
    let other = Owner { signer: issuer.client_with_key("other"), http: http() };
    let (first, second) = (issuer.server(), issuer.server());
    let (mut kept, mut revoked) = (Vec::new(), Vec::new());
    for resource in [JWT, OPAQUE] {
        kept.push(owner.token(&first, resource).await);
        revoked.push(owner.token(&first, resource).await);
    }
    assert!(kept[0].contains('.') && kept[1].starts_with("grantor_at_"));
    for token in kept.iter().chain(&revoked) {
        assert!(owner.is_active(&second, token).await, "known at the other server");
        assert_eq!(other.revoke(&second, token).await, 400, "by another client");
        assert!(!other.is_active(&first, token).await, "nor may that know of it");
    }
    for token in &revoked {
        assert_eq!(owner.revoke(&first, token).await, 200);
        assert!(!owner.is_active(&second, token).await, "revoked at one, over at the other at once");
        assert_eq!(owner.revoke(&second, token).await, 200, "and again");
    }

    // The server that has revoked them is killed, with nothing tidied up, and another one starts.
    first.signal("KILL");
    let killed = first.ended();
    assert_ne!(killed.code, Some(0));
    let third = issuer.server();
    let stands = async || {
        for server in [&second, &third] {
            for token in &revoked {
                assert!(!owner.is_active(server, token).await, "it lives again");
            }
            for token in &kept {
                assert!(owner.is_active(server, token).await, "and nothing else is over");
            }
        }
    };
    stands().await;

    if let Some(part) = crashed {
        block_in_place(|| issuer.servers.crash(part));
        for token in kept.iter().chain(&revoked) {
            for server in [&second, &third] {
                let url = server.token_url();
                for url in [introspection(&url), revocation(&url)] {
                    let answer =
                        posted(&owner.http, &url, &owner.signer.assertion(), &[("token", token)]).await;
                    assert_eq!(answer.check(), 503, "neither yes nor no: {answer:?}");
                }
            }
        }
        block_in_place(|| issuer.servers.resume(part));
        for server in [&second, &third] {
            let url = introspection(&server.token_url());
            until(BACK_WITHIN, "an answer", async || {
                let answer = posted(&owner.http, &url, &owner.signer.assertion(), &[("token", "x")]).await;
                answer.check() == 200
            })
            .await;
        }
        stands().await;
    }

    for token in &kept {
        assert_eq!(owner.revoke(&third, token).await, 200, "now it can be revoked");
        assert!(!owner.is_active(&second, token).await);
    }
    for server in [second, third] {
        let ended = server.stopped();
        assert_eq!(ended.code, Some(0));
        for said in kept.iter().chain(&revoked).map(String::as_str).chain([PASSWORD]) {
            assert!(!ended.written.contains(said), "{}", ended.written);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t76_t77_a_token_revoked_over_http_is_over_at_every_server_and_stays_so_on_postgresql() {
    ends_everywhere(Kind::Postgres, Some("postgres")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t76_t77_a_token_revoked_over_http_is_over_at_every_server_and_stays_so_on_redis() {
    ends_everywhere(Kind::Redis, Some("redis")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t76_t77_a_token_revoked_over_http_is_over_at_every_server_and_stays_so_on_both() {
    ends_everywhere(Kind::Both, Some("redis")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t76_a_token_revoked_over_http_is_over_at_every_server_and_stays_so_on_a_cluster() {
    ends_everywhere(Kind::Cluster, None).await;
}
