//! RFC 7523 §3 and draft rfc7523bis: what the claims of a client assertion have to say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::ConfigError;
use grantor::event::Reason;
use serde_json::{Value, json};
use support::*;

/// Row 53: present, and compared as strings without normalization.
#[tokio::test]
async fn s3_1_iss_is_the_client_byte_for_byte() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for iss in ["Demo", "demo ", " demo", "demo/", "de\u{301}mo", "demo\u{0}", "d", ""] {
        let assertion = Assertion::of("demo").claim("iss", iss).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtIssuer, "{iss:?}");
    }
    let assertion = Assertion::of("demo").without("iss").sign(&key);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtIssuer);
}

/// Row 54.
#[tokio::test]
async fn s3_2_sub_is_a_client_id() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let long = "s".repeat(256);
    for sub in ["", "d\u{e9}mo", "demo\u{0}", "de\nmo", long.as_str()] {
        let assertion = Assertion::of("demo").claim("iss", sub).claim("sub", sub).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtSubject, "{sub:?}");
    }
    for sub in ["Demo", "DEMO", "demo ", " demo"] {
        let assertion = Assertion::of(sub).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::ClientUnknown, "{sub:?}");
    }
    let assertion = Assertion::of("demo").without("sub").sign(&key);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtSubject);
}

/// Row 55.
#[tokio::test]
async fn s3_3_aud_is_the_issuer_as_text_or_alone_in_an_array() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for good in [json!(ISSUER), json!([ISSUER])] {
        accepted(&server, &Assertion::of("demo").claim("aud", good).sign(&key), "the issuer").await;
    }
    for bad in [
        json!(""),
        json!([]),
        json!([""]),
        json!(format!("{ISSUER}/")),
        json!([ISSUER, ISSUER]),
        json!([ISSUER, "https://other.example.com"]),
        json!("auth.example.com"),
    ] {
        let assertion = Assertion::of("demo").claim("aud", bad.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAudience, "{bad}");
    }
    let assertion = Assertion::of("demo").without("aud").sign(&key);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAudience);
}

/// Row 57 and row 55: an issuer with a path or a trailing slash is compared as it is.
#[tokio::test]
async fn bis_s4_the_audience_is_the_configured_issuer() {
    for issuer in
        ["https://auth.example.com/tenant", "https://auth.example.com/", "https://auth.example.com:8443"]
    {
        let world = World::new();
        let key = Signing::es256();
        world.key_client("demo", &[&key]).await;
        let resource = grantor::Resource::new(API).scopes(["read", "write"]);
        let server =
            grantor::AuthorizationServer::builder(issuer, world.store.clone(), world.host_keys.clone())
                .clock(world.clock.clone())
                .events(world.events.clone())
                .resource(resource)
                .build()
                .await
                .unwrap();
        accepted(&server, &Assertion::of("demo").claim("aud", issuer).sign(&key), issuer).await;
        let other = Assertion::of("demo").sign(&key);
        assert_eq!(rejected(&world, &server, &other).await, Reason::JwtAudience, "{issuer}");
    }
}

/// Row 58.
#[tokio::test]
async fn bis_s4_typ_is_absent_or_that_of_a_client_assertion() {
    let world = World::new();
    let (server, key) = world.demo().await;
    accepted(&server, &Assertion::of("demo").sign(&key), "untyped").await;
    for typ in [
        "JWT",
        "jwt",
        "Jwt",
        "application/jwt",
        "client-authentication+jwt",
        "application/Client-Authentication+JWT",
    ] {
        accepted(&server, &Assertion::of("demo").header("typ", typ).sign(&key), typ).await;
    }
    for typ in ["", "JOSE", "at+jwt", "application/", "JWT ", "jwt+json", "authorization-grant+jwt"] {
        let assertion = Assertion::of("demo").header("typ", typ).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtType, "{typ}");
    }
}

/// Rows 59 to 62: the numbers for one skew.
async fn times_hold(skew: Option<u64>) {
    let world = World::new();
    let key = Signing::es256();
    world.key_client("demo", &[&key]).await;
    let builder = world.builder();
    let server = match skew {
        Some(skew) => builder.clock_skew(Duration::from_secs(skew)),
        None => builder,
    };
    let server = server.build().await.unwrap();
    let skew = i64::try_from(skew.unwrap_or(10)).unwrap();
    let good: [(&str, Value); 8] = [
        ("exp", json!(NOW - skew + 1)),
        ("exp", json!(NOW + 3600 + skew)),
        ("exp", json!(NOW as f64 + 59.25)),
        ("nbf", json!(NOW + skew)),
        ("nbf", json!(NOW as f64 - 0.5)),
        ("nbf", json!(0)),
        ("iat", json!(NOW + skew)),
        ("iat", json!(0)),
    ];
    for (name, value) in good {
        let assertion = Assertion::of("demo").claim(name, value.clone()).sign(&key);
        accepted(&server, &assertion, format!("skew {skew}: {name} {value}")).await;
    }
    for (name, value, reason) in [
        ("exp", NOW - skew, Reason::JwtExpired),
        ("exp", NOW - skew - 1, Reason::JwtExpired),
        ("exp", 0, Reason::JwtExpired),
        ("exp", NOW + 3600 + skew + 1, Reason::JwtExpiryTooFar),
        ("exp", NOW + 315_360_000, Reason::JwtExpiryTooFar),
        ("nbf", NOW + skew + 1, Reason::JwtNotYetValid),
        ("nbf", NOW + 3600, Reason::JwtNotYetValid),
        ("iat", NOW + skew + 1, Reason::JwtNotYetValid),
    ] {
        let assertion = Assertion::of("demo").claim(name, value).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, reason, "skew {skew}: {name} {value}");
    }
}

#[tokio::test]
async fn s3_4_to_s3_6_times_with_ten_seconds_of_skew_by_default() {
    times_hold(None).await;
}

#[tokio::test]
async fn s3_4_to_s3_6_times_without_skew_and_with_the_most() {
    times_hold(Some(0)).await;
    times_hold(Some(60)).await;
}

#[tokio::test]
async fn s3_4_more_than_a_minute_of_skew_is_no_configuration() {
    let world = World::new();
    for skew in [Duration::from_secs(61), Duration::from_millis(60_001), Duration::MAX] {
        let error = world.builder().clock_skew(skew).build().await.unwrap_err();
        assert!(matches!(error, ConfigError::Limits { .. }), "{error}");
        assert!(error.to_string().contains("skew"), "{error}");
    }
}

/// The moment at which an assertion begins and ends to count, by the clock alone.
#[tokio::test]
async fn s3_4_and_s3_5_by_the_clock() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let early = Assertion::of("demo").claim("nbf", NOW + 100).claim("exp", NOW + 200);
    assert_eq!(rejected(&world, &server, &early.sign(&key)).await, Reason::JwtNotYetValid);
    world.clock.advance(89);
    assert_eq!(rejected(&world, &server, &early.sign(&key)).await, Reason::JwtNotYetValid);
    world.clock.advance(1);
    accepted(&server, &early.sign(&key), "nbf - 10").await;
    let late = Assertion::of("demo").claim("exp", NOW + 200);
    world.clock.advance(119);
    accepted(&server, &late.sign(&key), "exp + 9").await;
    let late = Assertion::of("demo").claim("exp", NOW + 200);
    world.clock.advance(1);
    assert_eq!(rejected(&world, &server, &late.sign(&key)).await, Reason::JwtExpired);
}

/// Row 63: a `jti` is there, text of 1 to 256 bytes.
#[tokio::test]
async fn s3_7_jti_is_text_of_bounded_length() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for good in ["1".to_owned(), "j".repeat(256), "\u{20ac}".repeat(85), fresh_jti()] {
        accepted(&server, &Assertion::of("demo").claim("jti", good.clone()).sign(&key), good).await;
    }
    for bad in
        [String::new(), "j".repeat(257), "\u{20ac}".repeat(86), "a\u{0}b".to_owned(), "a\nb".to_owned()]
    {
        let assertion = Assertion::of("demo").claim("jti", bad.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtJti, "{bad:?}");
    }
}

/// Row 65 and row 109 of T09: what means nothing here is ignored.
#[tokio::test]
async fn s3_8_other_claims_and_header_parameters_are_ignored() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let assertion = Assertion::of("demo")
        .claim("azp", json!({"deep": [1, null, true]}))
        .claim("scope", 7)
        .claim("client_id", "other")
        .header("cty", "text/plain")
        .header("nonce", "x")
        .header("future", json!([1, {"a": null}]));
    accepted(&server, &assertion.sign(&key), "further members").await;
}

/// Row 65.
#[tokio::test]
async fn s3_10_the_payload_is_one_json_object() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let good = Assertion::of("demo").payload();
    for payload in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        format!("[{good}]"),
        format!("\"{}\"", good.replace('"', "\\\"")),
        format!("{good}{good}"),
        format!("{good} x"),
        format!("\u{feff}{good}"),
        good.replace('}', ",}"),
        good.replace('"', "'"),
        good[..good.len() - 1].to_owned(),
    ] {
        let assertion = key.sign_raw(r#"{"alg":"ES256"}"#, &payload);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtMalformed, "{payload}");
    }
    let mut latin1 = Assertion::of("demo").claim("x", "#").payload().into_bytes();
    let at = latin1.iter().position(|byte| *byte == b'#').unwrap();
    latin1[at] = 0xe9;
    let assertion = key.sign_raw(r#"{"alg":"ES256"}"#, latin1);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtMalformed, "row 118: UTF-8");
    accepted(&server, &key.sign_raw(" {\"alg\" : \"ES256\"}\n", format!(" {good}\n")), "white space is JSON")
        .await;
}
