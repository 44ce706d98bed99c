//! RFC 7521: assertions for client authentication, with the numbers of the conformance checklist.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use support::*;

/// Row 43.
#[tokio::test]
async fn s4_2_assertion_and_type_are_both_needed() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let assertion = Assertion::of("demo").sign(&key);
    let grant = ("grant_type", "client_credentials");
    for pairs in [
        vec![grant, ("client_assertion", assertion.as_str())],
        vec![grant, ("client_assertion_type", ASSERTION_TYPE)],
        vec![grant, ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", "")],
        vec![grant, ("client_assertion_type", ""), ("client_assertion", assertion.as_str())],
    ] {
        refused(&send(&server, post(&pairs)).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::AssertionMissing, "{pairs:?}");
    }
    let neither = [grant, ("client_assertion_type", ""), ("client_assertion", "")];
    refused(&send(&server, post(&neither)).await, 401, "invalid_client");
    accepted(&server, &assertion, "none of that has spent it").await;
}

/// Row 43.
#[tokio::test]
async fn s4_2_the_type_is_the_urn_byte_for_byte() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let assertion = Assertion::of("demo").sign(&key);
    for kind in [
        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "URN:IETF:PARAMS:OAUTH:CLIENT-ASSERTION-TYPE:JWT-BEARER",
        "urn:ietf:params:oauth:client-assertion-type:JWT-bearer",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer ",
        " urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer",
        "jwt-bearer",
        "x",
    ] {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", kind),
            ("client_assertion", assertion.as_str()),
        ];
        refused(&send(&server, post(&pairs)).await, 401, "invalid_client");
        assert_eq!(world.events.reason(), Reason::AssertionTypeUnknown, "{kind}");
    }
    accepted(&server, &assertion, "none of that has spent it").await;
}

/// Rows 44 and 45.
#[tokio::test]
async fn s4_2_client_id_is_left_out_or_the_subject() {
    let world = World::new();
    let (server, key) = world.demo().await;
    world.key_client("other", &[&Signing::es256()]).await;
    let sign = || Assertion::of("demo").sign(&key);
    assert_eq!(send(&server, assert_with(&sign(), &[])).await.status, 200);
    assert_eq!(send(&server, assert_with(&sign(), &[("client_id", "")])).await.status, 200, "as if left out");
    assert_eq!(send(&server, assert_with(&sign(), &[("client_id", "demo")])).await.status, 200);
    for other in ["other", "nobody", "Demo", "demo ", "dem", "demo\u{200b}"] {
        let assertion = sign();
        let answer = send(&server, assert_with(&assertion, &[("client_id", other)])).await;
        refused(&answer, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::ClientIdMismatch, "{other}");
        accepted(&server, &assertion, "the mismatch has not spent it").await;
    }
}

/// Rows 43 and 48 of T48: a parameter that comes twice.
#[tokio::test]
async fn s4_2_each_parameter_once() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let (one, two) = (Assertion::of("demo").sign(&key), Assertion::of("demo").sign(&key));
    for more in [("client_assertion", two.as_str()), ("client_assertion_type", ASSERTION_TYPE)] {
        refused(&send(&server, assert_with(&one, &[more])).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::FormRepeatedParameter);
    }
}

/// Row 46: each broken one is `invalid_client`, and always the same answer.
#[tokio::test]
async fn s4_2_1_a_bad_assertion_is_invalid_client() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let good = || Assertion::of("demo");
    for (assertion, reason) in [
        ("x".to_owned(), Reason::JwtMalformed),
        (good().sign(&Signing::es256()), Reason::JwtSignature),
        (good().sign(&Signing::new("ES384")), Reason::JwtKeyUnknown),
        (good().claim("aud", "https://other.example.com").sign(&key), Reason::JwtAudience),
        (good().claim("exp", NOW - 60).sign(&key), Reason::JwtExpired),
        (good().header("crit", serde_json::json!(["x"])).sign(&key), Reason::JwtCritical),
        (Assertion::of("nobody").sign(&key), Reason::ClientUnknown),
    ] {
        assert_eq!(rejected(&world, &server, &assertion).await, reason, "{assertion}");
    }
    assert_eq!(world.events.count(&Kind::Issued), 0);
}

/// Row 51: issuer, subject, audience and expiry are there; the issuer is known; the signature is valid.
#[tokio::test]
async fn s5_2_what_every_assertion_holds() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for (claim, reason) in [
        ("iss", Reason::JwtIssuer),
        ("sub", Reason::JwtSubject),
        ("aud", Reason::JwtAudience),
        ("exp", Reason::JwtExpiryMissing),
        ("jti", Reason::JwtJti),
    ] {
        let assertion = Assertion::of("demo").without(claim).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, reason, "without {claim}");
    }
    for optional in ["iat"] {
        accepted(&server, &Assertion::of("demo").without(optional).sign(&key), optional).await;
    }
}

/// Row 52: a self-issued assertion names its client twice.
#[tokio::test]
async fn s5_2_issuer_and_subject_are_both_the_client() {
    let world = World::new();
    let (server, key) = world.demo().await;
    world.key_client("other", &[&Signing::es256()]).await;
    for (iss, sub, reason) in [
        ("other", "demo", Reason::JwtIssuer),
        ("demo", "other", Reason::JwtIssuer),
        (ISSUER, "demo", Reason::JwtIssuer),
        ("demo", ISSUER, Reason::JwtIssuer),
        ("", "demo", Reason::JwtIssuer),
        ("demo", "", Reason::JwtSubject),
        ("other", "other", Reason::JwtSignature),
    ] {
        let assertion = Assertion::of("demo").claim("iss", iss).claim("sub", sub).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, reason, "iss {iss} sub {sub}");
    }
}

/// Row 48, for client authentication: an assertion gives no more than the client has.
#[tokio::test]
async fn s4_1_the_scope_is_the_clients_own() {
    let world = World::new();
    let key = Signing::es256();
    world.jwt_client("demo", |client| client.credential(key.credential()).scope(scope("read"))).await;
    let server = world.server().await;
    let assertion = Assertion::of("demo").claim("scope", "read write").claim("scp", "write").sign(&key);
    let answer = send(&server, assert_with(&assertion, &[])).await;
    assert_eq!(answer.json()["scope"], "read", "claims of an assertion grant nothing");
    let assertion = Assertion::of("demo").sign(&key);
    let answer = send(&server, assert_with(&assertion, &[("scope", "read write")])).await;
    refused(&answer, 400, "invalid_scope");
}
