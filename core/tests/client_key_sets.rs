//! Clients that publish their keys at a `jwks_uri` (RFC 7591 §2): when it is fetched, what of it counts, what a failure is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use grantor::store::{AuthMethod, Client, Credential, CredentialKind};
use grantor::{AuthorizationServer, CredentialId, KeySource};
use serde_json::{Value, json};
use support::*;

fn key_set() -> Credential {
    Credential::key_set(jwks_uri()).unwrap()
}

/// A server that fetches, and the client `demo` that publishes these keys.
async fn publishing(world: &World, keys: &[Value]) -> (AuthorizationServer, FakeKeySets) {
    let fake = FakeKeySets::of(keys);
    world.jwt_client("demo", |client| client.credential(key_set())).await;
    (world.builder().key_sets(fake.clone()).build().await.unwrap(), fake)
}

fn asked(seen: &[bool]) -> Vec<(KeySource, bool)> {
    seen.iter().map(|seen| (KeySource::Url(jwks_uri()), *seen)).collect()
}

#[tokio::test]
async fn rfc7591_s2_a_published_key_gets_a_token_and_the_event_names_the_place() {
    let world = World::new();
    let (key, other) = (Signing::es256(), Signing::new("EdDSA"));
    let (server, fake) = publishing(&world, &[published(&key, "a"), published(&other, "b")]).await;
    for assertion in [
        Assertion::of("demo").sign(&key),
        Assertion::of("demo").header("kid", "a").sign(&key),
        Assertion::of("demo").header("kid", "b").sign(&other),
    ] {
        accepted(&server, &assertion, "published").await;
        assert_eq!(world.events.credential(), "jwks_uri");
        assert_eq!(fake.asked(), asked(&[false]), "once, and what was kept will do");
    }
}

/// T60: where no key fits a newer set is asked for once; in core there is no way to ask more often.
#[tokio::test]
async fn t60_a_newer_set_is_asked_for_once_in_a_request() {
    let world = World::new();
    let (old, new, stranger) = (Signing::es256(), Signing::es256(), Signing::es256());
    let (server, fake) = publishing(&world, &[published(&old, "old")]).await;
    fake.publish_newer(&[published(&new, "new")]);
    accepted(&server, &Assertion::of("demo").header("kid", "new").sign(&new), "rotated").await;
    assert_eq!(fake.asked(), asked(&[false, true]));
    // T61: the old one went with the set that it was in.
    let assertion = Assertion::of("demo").header("kid", "old").sign(&old);
    assert_eq!(unauthenticated(&world, &server, &assertion).await, Reason::JwtKeyUnknown);
    assert_eq!(fake.asked(), asked(&[false, true]));
    let assertion = Assertion::of("demo").header("kid", "new").sign(&stranger);
    assert_eq!(unauthenticated(&world, &server, &assertion).await, Reason::JwtSignature);
    assert_eq!(fake.asked(), asked(&[false, true]));
    // A key that came under the same kid, or under none, is found in the newer set too.
    fake.publish_newer(&[published(&stranger, "new")]);
    accepted(&server, &Assertion::of("demo").header("kid", "new").sign(&stranger), "same kid").await;
    fake.publish_newer(std::slice::from_ref(&old.jwk));
    accepted(&server, &Assertion::of("demo").header("kid", "any").sign(&old), "no kid in the set").await;
}

#[tokio::test]
async fn t14_t35_the_algorithm_is_the_keys_and_an_encryption_key_signs_nothing() {
    let world = World::new();
    let (key, other) = (Signing::es256(), Signing::new("ES384"));
    let encrypts = merged(&published(&key, "a"), &json!({"use": "enc"}));
    let (server, _) = publishing(&world, &[encrypts, published(&other, "b")]).await;
    for (assertion, reason) in [
        (Assertion::of("demo").header("kid", "a").sign(&key), Reason::JwtKeyUnknown),
        (Assertion::of("demo").header("kid", "b").header("alg", "ES256").sign(&other), Reason::JwtKeyUnknown),
        (Assertion::of("demo").sign(&Signing::new("HS256")), Reason::MethodNotRegistered),
    ] {
        assert_eq!(rejected(&world, &server, &assertion).await, reason);
    }
}

/// T63: whatever is wrong with a source, its client gets the one answer; the operator is told what it is.
#[tokio::test]
async fn t63_a_source_that_is_away_is_invalid_client_and_told_to_the_operator_alone() {
    let world = World::new();
    let key = Signing::es256();
    let (server, fake) = publishing(&world, &[]).await;
    fake.go_away();
    let answer = present(&server, &Assertion::of("demo").sign(&key)).await;
    let unknown = present(&server, &Assertion::of("nobody").sign(&key)).await;
    assert_eq!(answer, unknown, "byte for byte");
    assert!(!answer.text().contains("7f3"));
    let reason = unauthenticated(&world, &server, &Assertion::of("demo").sign(&key)).await;
    assert_eq!(reason, Reason::KeySetUnavailable);
    let told: Vec<_> = world
        .events
        .all()
        .into_iter()
        .filter(|seen| matches!(seen.kind, Kind::KeySetFetchFailed(_)))
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].kind, Kind::KeySetFetchFailed(JWKS_URI.to_owned()));
    assert_eq!(told[0].client_id.as_deref(), Some("demo"));
    assert!(told[0].source.contains("key-set-away-7f3"), "{told:?}");
    // Back again, and the jti of a refused assertion is not spent.
    let assertion = Assertion::of("demo").sign(&key);
    unauthenticated(&world, &server, &assertion).await;
    fake.publish(&[published(&key, "a")]);
    accepted(&server, &assertion, "the same one").await;
}

#[tokio::test]
async fn without_a_fetcher_such_a_client_is_refused() {
    let world = World::new();
    world.jwt_client("demo", |client| client.credential(key_set())).await;
    let server = world.server().await;
    let reason = rejected(&world, &server, &Assertion::of("demo").sign(&Signing::es256())).await;
    assert_eq!(reason, Reason::KeySetsOff);
}

/// T58, T60: what can be refused without keys costs no fetch.
#[tokio::test]
async fn t58_nothing_is_fetched_before_all_else_is_right() {
    let world = World::new();
    let key = Signing::es256();
    let (server, fake) = publishing(&world, &[published(&key, "a")]).await;
    let expired = key_set().valid_until(at(NOW));
    world.jwt_client("ended", |client| client.credential(expired)).await;
    world.jwt_client("disabled", |client| client.credential(key_set()).enabled(false)).await;
    world
        .jwt_client("basic", |client| {
            client.credential(key_set()).auth_method(AuthMethod::CLIENT_SECRET_BASIC)
        })
        .await;
    world
        .jwt_client("mac", |client| client.credential(key_set()).auth_method(AuthMethod::CLIENT_SECRET_JWT))
        .await;
    world.key_client("inline", &[&Signing::es256()]).await;
    let good = || Assertion::of("demo");
    for (assertion, reason) in [
        (good().claim("aud", "https://other.example"), Reason::JwtAudience),
        (good().claim("iss", "other"), Reason::JwtIssuer),
        (good().claim("exp", NOW - 60), Reason::JwtExpired),
        (good().claim("exp", NOW + 9999), Reason::JwtExpiryTooFar),
        (good().claim("nbf", NOW + 60), Reason::JwtNotYetValid),
        (good().without("jti"), Reason::JwtJti),
        (good().without("exp"), Reason::JwtExpiryMissing),
        (good().header("typ", "at+jwt"), Reason::JwtType),
        (good().header("crit", json!(["x"])), Reason::JwtCritical),
        (good().header("alg", "none"), Reason::JwtAlgorithm),
        (Assertion::of("nobody"), Reason::ClientUnknown),
        (Assertion::of("disabled"), Reason::ClientDisabled),
        (Assertion::of("basic"), Reason::MethodNotRegistered),
        (Assertion::of("mac"), Reason::MethodNotRegistered),
        (Assertion::of("ended"), Reason::JwtKeyUnknown),
        (Assertion::of("inline"), Reason::JwtSignature),
    ] {
        assert_eq!(rejected(&world, &server, &assertion.sign(&key)).await, reason);
    }
    // A symmetric algorithm is another method, also for a client whose record holds both.
    let mac = Assertion::of("mac").sign(&Signing::new("HS256"));
    assert_eq!(rejected(&world, &server, &mac).await, Reason::JwtKeyUnknown);
    assert_eq!(fake.asked(), []);
}

/// T16: a URL in the token is not looked at, whoever has a registered one.
#[tokio::test]
async fn t16_only_the_registered_url_is_fetched() {
    let world = World::new();
    let key = Signing::es256();
    let (server, fake) = publishing(&world, &[published(&key, "a")]).await;
    for name in ["jku", "x5u", "jwks_uri", "iss"] {
        let assertion = Assertion::of("demo").header(name, "https://attacker.example/jwks").sign(&key);
        accepted(&server, &assertion, name).await;
    }
    assert_eq!(fake.asked(), asked(&[false; 4]));
}

/// RFC 7591 §2: `jwks` and `jwks_uri` are not both given.
#[test]
fn rfc7591_s2_one_place_of_keys_or_keys_but_not_both() {
    let client = |held: Vec<Credential>| {
        Client::builder(client_id("demo"), AuthMethod::PRIVATE_KEY_JWT).credentials(held).build()
    };
    let second = Credential::new(CredentialId::new("other").unwrap(), CredentialKind::KeySet(jwks_uri()));
    let inline = Signing::es256().credential();
    let unknown = Credential::new(
        CredentialId::new("future").unwrap(),
        CredentialKind::Unknown(serde_json::Map::new()),
    );
    assert!(client(vec![key_set()]).is_ok());
    assert!(client(vec![key_set(), unknown]).is_ok());
    assert!(client(vec![key_set(), second.clone()]).is_err());
    assert!(client(vec![key_set(), second.valid_from(at(NOW))]).is_err());
    assert!(client(vec![key_set(), inline.clone()]).is_err());
    assert!(client(vec![inline, Signing::es256().credential()]).is_ok());
}
