//! An assertion is a credential while it lives: it goes down every path, and shows up nowhere (T95).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::http::RequestBuilder;
use grantor::store::CompatibilitySwitch;
use grantor::{AuthorizationServer, Reach};
use support::*;

/// Every way to present it, rightly and wrongly.
fn presentations(jwt: &str) -> Vec<RequestBuilder> {
    let as_grant = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", jwt)];
    vec![
        assert_with(jwt, &[("scope", "unknown")]),
        assert_with(jwt, &[("client_id", "other")]),
        assert_with(jwt, &[("assertion", jwt)]),
        assert_with(jwt, &[("client_assertion", jwt)]),
        assert_with(jwt, &[(jwt, jwt)]),
        assert_with(jwt, &[("client_secret", jwt)]),
        assert_with(&format!("{jwt}="), &[]),
        assert_with(jwt, &[]).header("authorization", format!("Bearer {jwt}")),
        post(&[("grant_type", "client_credentials"), ("client_assertion", jwt)]),
        post(&[("grant_type", jwt)]).header("authorization", basic("demo", jwt)),
        assert_with(jwt, &[]),
        assert_with(jwt, &[]),
        post(&as_grant),
    ]
}

/// Sends every presentation of `jwt`; gives how many were let in.
async fn walk(world: &World, log: &Log, server: &AuthorizationServer, jwt: &str) -> usize {
    shown_nowhere(world, log, server, (presentations(jwt), jwt)).await
}

#[tokio::test]
async fn t95_an_assertion_shows_up_nowhere() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let server = world.server().await;
    let (own, other) = (Signing::es256(), Signing::es256());
    world.jwt_client("demo", |client| client.credential(own.credential())).await;
    let demo = || Assertion::of("demo");
    assert_eq!(walk(&world, &log, &server, &demo().sign(&own)).await, 1, "spent by the first that is right");
    for (refused, key) in [
        (demo(), &other),
        (demo().claim("aud", "https://elsewhere.example"), &own),
        (demo().claim("exp", 1), &own),
        (demo().header("crit", serde_json::json!(["x"])), &own),
        (demo().header("typ", "at+jwt"), &own),
        (demo().without("jti"), &own),
        (Assertion::of("nobody"), &own),
    ] {
        assert_eq!(walk(&world, &log, &server, &refused.sign(key)).await, 0);
    }
    for expected in ["token issued", "request refused", "jwt_signature", "jwt_audience", "proof_replayed"] {
        assert!(log.text().contains(expected), "the log was captured, and says {expected}");
    }
}

#[tokio::test]
async fn t95_an_assertion_by_a_secret_and_one_that_is_reused_show_up_nowhere() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let switch = CompatibilitySwitch::ASSERTION_REUSE;
    let server = world.builder().dangerous().compatibility(switch, Reach::EveryClient).build().await.unwrap();
    world.mac_client("demo", "HS256").await;
    let jwt = Assertion::of("demo").sign(&Signing::secret("HS256", SECRET.as_bytes()));
    assert!(walk(&world, &log, &server, &jwt).await >= 2, "taken again");
    clean(&log.text(), SECRET, "the log");
    assert!(log.text().contains("assertion_reuse"));
}
