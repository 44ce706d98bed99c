//! All tokens of a client, ended by a command while servers run.

use oauth2::{AuthType, TokenIntrospectionResponse};
use serde_json::Value;

use super::administration::known_within;
use super::issuer::{Issuer, Kind};
use super::request::until;
use crate::introspection::introspected;
use crate::program::{Program, between};
use crate::tokens::token;

struct Shop<'a> {
    issuer: &'a Issuer,
    servers: [Program; 2],
    secret: String,
}

impl Shop<'_> {
    async fn token(&self) -> String {
        let client = ("shop", &*self.secret);
        token(&self.servers[0], client, AuthType::BasicAuth, "read").await.expect("a token")
    }

    /// Until every server gives it tokens, and so knows it as it is now.
    async fn works(&self, kind: Kind) {
        for server in &self.servers {
            let works =
                async || token(server, ("shop", &self.secret), AuthType::BasicAuth, "read").await.is_ok();
            until(known_within(kind), "tokens", works).await;
        }
    }

    /// Whether `token` is active, as an introspector sees it, at every server and in time.
    async fn is_active(&self, kind: Kind, (auditor, token): (&str, &str), wanted: bool, what: &str) {
        for server in &self.servers {
            let url = format!("{}/oauth2/introspect", server.issuer());
            let is_so = async || introspected(&url, ("auditor", auditor), token).await.active() == wanted;
            until(known_within(kind), what, is_so).await;
        }
    }
}

async fn ended(kind: Kind, format: &str) {
    let config = format!("{}format = \"{format}\"\n", crate::keys::RESOURCE);
    let issuer = Issuer::with_config(kind, &config);
    let create = ["clients", "create", "--id"];
    let secret = |id: &str, more: &[&str]| {
        let printed = issuer.command(&[&create[..], &[id], more].concat());
        between(&printed, "_SECRET=", "\n").to_owned()
    };
    let auditor = secret("auditor", &["--introspector"]);
    let own = secret("shop", &["--scope", "read"]);
    let epoch = |id: &str| {
        let shown = issuer.command(&["clients", "show", id, "--json"]);
        serde_json::from_str::<Value>(&shown).expect("JSON")["token_epoch"].as_u64().expect("a number")
    };
    let begun = epoch("shop");
    let servers = [issuer.server(), issuer.server()];
    let mut shop = Shop { issuer: &issuer, servers, secret: own };

    let first = shop.token().await;
    shop.is_active(kind, (&auditor, &first), true, "issued").await;
    let said = shop.issuer.command(&["clients", "revoke-tokens", "shop"]);
    assert!(said.contains("All tokens that shop has are ended"), "{said}");
    shop.is_active(kind, (&auditor, &first), false, "ended by revoke-tokens").await;

    let second = shop.token().await;
    shop.is_active(kind, (&auditor, &second), true, "issued afterwards").await;
    shop.issuer.command(&["clients", "disable", "shop"]);
    shop.is_active(kind, (&auditor, &second), false, "ended by disable").await;
    shop.issuer.command(&["clients", "enable", "shop"]);
    shop.works(kind).await;
    for old in [&first, &second] {
        shop.is_active(kind, (&auditor, old), false, "not revived by enable").await;
    }
    assert_eq!(epoch("shop"), begun + 2);

    // Another client of that id has nothing of the old one.
    let third = shop.token().await;
    shop.issuer.command(&["clients", "delete", "shop", "--yes"]);
    shop.secret = secret("shop", &["--scope", "read"]);
    shop.works(kind).await;
    shop.is_active(kind, (&auditor, &third), false, "not revived by another client of the id").await;
    assert_ne!(epoch("shop"), begun);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_revoke_tokens_and_disable_end_what_a_client_has_on_postgresql() {
    ended(Kind::Postgres, "jwt").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_revoke_tokens_and_disable_end_what_a_client_has_on_redis() {
    ended(Kind::Redis, "opaque").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_revoke_tokens_and_disable_end_what_a_client_has_on_both() {
    ended(Kind::Both, "opaque").await;
}
