//! When a secret was last used, so that the old one of two can end.

use std::time::Duration;

use oauth2::AuthType;
use serde_json::Value;

use crate::program::between;
use crate::storage::issuer::{Issuer, Kind};
use crate::storage::request::until;
use crate::tokens::token;

/// A use is told to the store when the keys are read, every 5 s.
const TOLD_WITHIN: Duration = Duration::from_secs(6);

async fn is_told(kind: Kind) {
    let issuer = Issuer::new(kind);
    let secret = |printed: &str| between(printed, "\nSHOP_SECRET=", "\n").to_owned();
    let old = secret(&issuer.command(&["clients", "create", "--id", "shop", "--scope", "read"]));
    let rotated = issuer.command(&["clients", "rotate-secret", "shop", "--overlap", "7d"]);
    assert!(rotated.contains("clients show shop") && rotated.contains("in 7 days"), "{rotated}");
    let new = secret(&rotated);
    let server = issuer.server();
    let name = |secret: &str| secret.split('_').nth(1).expect("an id").to_owned();
    let last_used = |secret: &str| {
        let shown = issuer.command(&["clients", "show", "shop", "--json"]);
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        let held = shown["credentials"].as_array().expect("a list").iter();
        held.into_iter().find(|held| held["id"] == name(secret)).expect("held")["last_used_at"].clone()
    };
    let gets = async |secret: &str| token(&server, ("shop", secret), AuthType::BasicAuth, "read").await;
    gets(&new).await.expect("a token");
    until(TOLD_WITHIN, "the use is told", async || {
        gets(&new).await.expect("a token");
        last_used(&new) != Value::Null
    })
    .await;
    assert_eq!(last_used(&old), Value::Null);
    let shown = issuer.command(&["clients", "show", "shop"]);
    for (secret, used) in [(&old, "never seen"), (&new, " ago")] {
        let line = shown.lines().find(|line| line.starts_with(&name(secret))).expect("a line");
        assert!(line.trim_end().ends_with(used), "{line}");
    }
    // A wrong secret that names a credential is no use of it.
    let wrong = format!("{}{}", &old[..old.len() - 4], if old.ends_with("0000") { "1111" } else { "0000" });
    gets(&wrong).await.expect_err("not the secret");
    gets(&new).await.expect("a token");
    assert_eq!(last_used(&old), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_show_tells_when_a_secret_was_last_used_on_postgresql() {
    is_told(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_show_tells_when_a_secret_was_last_used_on_redis() {
    is_told(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_show_tells_when_a_secret_was_last_used_on_both() {
    is_told(Kind::Both).await;
}
