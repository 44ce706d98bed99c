//! A key that somebody may have: its trust ends while servers run. And a rotation at once, which ends none.

use std::time::Duration;

use oauth2::reqwest::Client;
use oauth2::{AuthType, TokenIntrospectionResponse};
use serde_json::Value;

use super::seen::kids;
use crate::introspection::introspected;
use crate::program::{Program, between};
use crate::storage::issuer::{ISSUER, Issuer, Kind};
use crate::storage::request::until;
use crate::tokens::{http, token};

/// Each process reads the keys every 5 s; and a moment for the request that looks.
const KNOWN_WITHIN: Duration = Duration::from_millis(5500);

pub(super) async fn published(http: &Client, server: &Program) -> Vec<String> {
    let url = format!("http://{}/.well-known/jwks.json", server.address);
    kids(&http.get(url).send().await.expect("an answer").text().await.expect("text"))
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).expect("header").kid.expect("kid")
}

async fn ends(kind: Kind) {
    let issuer = Issuer::new(kind);
    let made = issuer.command(&["clients", "create", "--id", "shop", "--scope", "read"]);
    let secret = between(&made, "\nSHOP_SECRET=", "\n").to_owned();
    let mut servers = [issuer.server(), issuer.server(), issuer.server()];
    let (http, shop) = (http(), ("shop", secret.as_str()));
    let got =
        async |server: &Program| token(server, shop, AuthType::BasicAuth, "read").await.expect("a token");
    let is_active = async |server: &Program, token: &str| {
        introspected(&format!("{}/oauth2/introspect", server.issuer()), shop, token).await.active()
    };
    let first = got(&servers[0]).await;
    let stolen = kid(&first);

    // Rotation, even at once, loses no token.
    let said = issuer.command(&["keys", "rotate", "--now", "--issuer", ISSUER]);
    assert!(said.contains("signs at once") && said.contains("until they ask again"), "{said}");
    for server in &servers {
        until(KNOWN_WITHIN, "the next key signs", async || kid(&got(server).await) != stolen).await;
        assert!(is_active(server, &first).await, "signed with the key of before");
        assert!(published(&http, server).await.contains(&stolen));
    }
    let second = got(&servers[0]).await;

    let retire = [
        "keys",
        "rotate",
        "--now",
        "--retire",
        &stolen,
        "--because",
        "the disk of node 3 was sold",
        "--issuer",
        ISSUER,
    ];
    let said = issuer.command(&retire);
    assert!(said.contains(&stolen) && said.contains("trusted no more"), "{said}");
    for server in &servers {
        until(KNOWN_WITHIN, "gone from the published keys", async || {
            !published(&http, server).await.contains(&stolen)
        })
        .await;
        assert!(!is_active(server, &first).await, "of a key that is trusted no more");
        assert!(is_active(server, &second).await, "of another key");
        assert_eq!(kid(&got(server).await), kid(&second), "the key that signs is as it was");
    }
    for server in &mut servers {
        server.wait_for_log("signing key retired");
        let line = server.seen().lines().last().expect("a line");
        assert!(line.contains(&stolen) && line.contains("the disk of node 3 was sold"), "{line}");
    }

    // Of the one that signs another takes the place at once: the one of before was retired, so it is a new one.
    let current = kid(&second);
    let retire =
        ["keys", "rotate", "--now", "--retire", &current, "--because", "compromised", "--issuer", ISSUER];
    let said = issuer.command(&retire);
    assert!(said.contains("is new and signs from now on"), "{said}");
    for server in &servers {
        until(KNOWN_WITHIN, "another key signs", async || {
            let next = got(server).await;
            assert!(kid(&next) == current || is_active(server, &next).await);
            kid(&next) != current
        })
        .await;
        assert!(!is_active(server, &second).await);
    }
    let listed = issuer.command(&["keys", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let of =
        |kid: &str| listed.as_array().expect("a list").iter().find(|key| key["kid"] == kid).expect("listed");
    assert_eq!((&of(&stolen)["state"], &of(&current)["because"]), (&"retired".into(), &"compromised".into()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s7_a_retired_key_is_trusted_nowhere_within_5_seconds_on_postgresql() {
    ends(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s7_a_retired_key_is_trusted_nowhere_within_5_seconds_on_redis() {
    ends(Kind::Redis).await;
}
