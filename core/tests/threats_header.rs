//! Attacks on the header of client assertions and on the choice of key, by their number in the threat record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::net::TcpListener;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use grantor::event::Reason;
use grantor::store::Credential;
use ring::digest::{SHA256, digest};
use serde_json::json;
use support::*;

#[tokio::test]
async fn t15_a_key_in_the_header() {
    let world = World::new();
    let server = world.server().await;
    let (victim, attacker) = (Signing::es256(), Signing::es256());
    let held = Credential::key(victim.public_with(&json!({"kid": "k"}))).unwrap();
    world.jwt_client("demo", |client| client.credential(held)).await;
    for embedded in
        [attacker.jwk.clone(), merged(&attacker.jwk, &json!({"kid": "k"})), json!({"keys": [attacker.jwk]})]
    {
        for kid in [None, Some("k"), Some("other")] {
            let assertion =
                Assertion::of("demo").header("jwk", embedded.clone()).header("jwks", embedded.clone());
            let assertion = kid.map_or_else(|| assertion.clone(), |kid| assertion.clone().header("kid", kid));
            let reason = rejected(&world, &server, &assertion.sign(&attacker)).await;
            assert!(matches!(reason, Reason::JwtSignature | Reason::JwtKeyUnknown), "{reason:?}");
        }
    }
    let ignored = Assertion::of("demo").header("jwk", attacker.jwk.clone()).sign(&victim);
    accepted(&server, &ignored, "an embedded key is not looked at").await;
    let ignored = Assertion::of("demo").header("jwk", "no object at all").sign(&victim);
    accepted(&server, &ignored, "an embedded key is not looked at").await;
}

/// No URL of a token is fetched: nobody knocks at the listener.
#[tokio::test]
async fn t16_jku_and_x5u_are_not_fetched() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let at = listener.local_addr().unwrap();
    let attacker = Signing::es256();
    for name in ["jku", "x5u", "jwks_uri", "iss"] {
        for url in
            [format!("http://{at}/keys"), format!("https://{at}/keys"), "file:///etc/passwd".to_owned()]
        {
            let forged = Assertion::of("demo").header(name, url.clone()).header("kid", "k").sign(&attacker);
            assert_eq!(rejected(&world, &server, &forged).await, Reason::JwtSignature, "{name} {url}");
            let ignored = Assertion::of("demo").header(name, url).sign(&key);
            accepted(&server, &ignored, name).await;
        }
    }
    server.maintain().await;
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody knocked");
}

#[tokio::test]
async fn t17_a_certificate_in_the_header() {
    let world = World::new();
    let server = world.server().await;
    let (victim, attacker) = (Signing::es256(), Signing::es256());
    let certificate = victim.certificate();
    let held = Credential::key(victim.public_with(&json!({"x5c": [BASE64.encode(&certificate)]}))).unwrap();
    world.jwt_client("demo", |client| client.credential(held)).await;
    let chain = json!([BASE64.encode(b"a self-made one")]);
    let own = json!([format!("{}\r\n", BASE64.encode(&certificate))]);
    let thumbprint = BASE64URL_NOPAD.encode(digest(&SHA256, &certificate).as_ref());
    let strange = BASE64URL_NOPAD.encode(digest(&SHA256, b"a self-made one").as_ref());
    for x5c in [chain.clone(), own.clone(), json!([]), json!("x"), json!(null)] {
        let assertion = Assertion::of("demo").header("x5c", x5c.clone());
        assert_eq!(
            rejected(&world, &server, &assertion.sign(&attacker)).await,
            Reason::JwtSignature,
            "{x5c}"
        );
        let named = assertion.header("x5t#S256", thumbprint.clone());
        assert_eq!(rejected(&world, &server, &named.sign(&attacker)).await, Reason::JwtSignature, "{x5c}");
        accepted(&server, &named.claim("jti", fresh_jti()).sign(&victim), "x5c is not looked at").await;
    }
    let wrong = Assertion::of("demo").header("x5c", chain).header("x5t#S256", strange);
    assert_eq!(rejected(&world, &server, &wrong.sign(&attacker)).await, Reason::JwtKeyUnknown);
}

#[tokio::test]
async fn t18_a_hostile_kid() {
    let world = World::new();
    let server = world.server().await;
    let key = Signing::es256();
    let held = Credential::key(key.public_with(&json!({"kid": "k"}))).unwrap();
    world.jwt_client("demo", |client| client.credential(held)).await;
    let (path, tail) = ("../".repeat(60), "%00".repeat(60));
    for kid in [
        "../../../../../../dev/null",
        "/dev/null",
        path.as_str(),
        tail.as_str(),
        "' OR '1'='1",
        "k'; DROP TABLE clients; --",
        "k\u{0}",
        "k\r\nDEL x",
        "*",
        "*)(uid=*))(|(uid=*",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/a}",
        "K",
        "",
        "\u{202e}k",
    ] {
        let assertion = Assertion::of("demo").header("kid", kid).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtKeyUnknown, "{kid:?}");
    }
    for kid in [
        json!("k".repeat(257)),
        json!("k".repeat(8192)),
        json!(7),
        json!(null),
        json!(["k"]),
        json!({"k": 1}),
    ] {
        let assertion = Assertion::of("demo").header("kid", kid.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtMalformed, "{kid}");
    }
    let huge = Assertion::of("demo").header("kid", "k".repeat(100 * 1024)).sign(&key);
    refused(&present(&server, &huge).await, 413, "invalid_request");
}

/// Row 119: the client comes first, then only its keys.
#[tokio::test]
async fn t19_a_foreign_kid() {
    let world = World::new();
    let (a, b) = (Signing::es256(), Signing::es256());
    for (id, key) in [("a", &a), ("b", &b)] {
        let held = Credential::key(key.public_with(&json!({"kid": format!("{id}-key")}))).unwrap();
        world.jwt_client(id, |client| client.credential(held)).await;
    }
    let server = world.server().await;
    let own = jwks(&server).await[0].clone();
    for (kid, reason) in [
        ("b-key", Reason::JwtKeyUnknown),
        ("a-key", Reason::JwtSignature),
        (own["kid"].as_str().unwrap(), Reason::JwtKeyUnknown),
    ] {
        let assertion = Assertion::of("a").header("kid", kid).sign(&b);
        assert_eq!(rejected(&world, &server, &assertion).await, reason, "{kid}");
    }
    for (iss, sub) in [("a", "b"), ("b", "a")] {
        let mixed = Assertion::of("a").claim("iss", iss).claim("sub", sub);
        for key in [&a, &b] {
            assert_eq!(rejected(&world, &server, &mixed.sign(key)).await, Reason::JwtIssuer);
        }
    }
    let b_for_a = assert_with(&Assertion::of("b").sign(&b), &[("client_id", "a")]);
    refused(&send(&server, b_for_a).await, 400, "invalid_request");
}

/// Row 126.
#[tokio::test]
async fn t22_crit() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for crit in [
        json!(["exp"]),
        json!(["x"]),
        json!([]),
        json!(["alg"]),
        json!(["b64"]),
        json!("exp"),
        json!(null),
        json!([7]),
        json!({}),
        json!(true),
        json!(["x", "x"]),
    ] {
        let assertion =
            Assertion::of("demo").header("crit", crit.clone()).header("x", 1).header("exp", NOW + 60);
        assert_eq!(rejected(&world, &server, &assertion.sign(&key)).await, Reason::JwtCritical, "{crit}");
    }
}

/// Row 129.
#[tokio::test]
async fn t23_b64() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for b64 in [json!(false), json!(0), json!("false"), json!(null), json!([]), json!("true")] {
        for crit in [None, Some(json!(["b64"]))] {
            let assertion = Assertion::of("demo").header("b64", b64.clone());
            let assertion =
                crit.map_or_else(|| assertion.clone(), |crit| assertion.clone().header("crit", crit));
            assert_eq!(rejected(&world, &server, &assertion.sign(&key)).await, Reason::JwtCritical, "{b64}");
        }
    }
    // The payload as it is, signed so (RFC 7797 §3): no compact form of this server.
    let payload = Assertion::of("demo").payload();
    let header = BASE64URL_NOPAD.encode(br#"{"alg":"ES256","b64":false,"crit":["b64"]}"#);
    let signature = key.sign_bytes(format!("{header}.{payload}").as_bytes());
    let raw = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&signature));
    assert_eq!(rejected(&world, &server, &raw).await, Reason::JwtCritical);
}

/// T49 for JWT clients: no way down to a secret, or to nothing.
#[tokio::test]
async fn t49_a_jwt_client_comes_with_a_secret_or_with_nothing() {
    let world = World::new();
    let (server, _) = world.demo().await;
    world.mac_client("mac", "HS256").await;
    let generated = world.secret("demo").0;
    for id in ["demo", "mac"] {
        for secret in ["", SECRET, "hunter2", "none", generated.expose(), id] {
            refused(&send(&server, grant(id, secret, &[])).await, 401, "invalid_client");
            refused(&send(&server, grant_post(id, secret, &[])).await, 401, "invalid_client");
        }
        let nothing = post(&[("grant_type", "client_credentials"), ("client_id", id)]);
        refused(&send(&server, nothing).await, 401, "invalid_client");
    }
}
