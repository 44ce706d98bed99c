//! Trusted issuers (design §4, RFC 7521 §5.2): what their records say, how long it is kept, and where their keys are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use grantor::event::Reason;
use grantor::policy::{GrantAssertion, Issuance, IssuancePolicy, PolicyRefusal, StandardPolicy, Terms};
use grantor::store::{ClaimMatch, GrantType, IssuerKeys, TrustedIssuer};
use grantor::{KeySource, async_trait};
use serde_json::json;
use support::*;

/// Keys by URL and by discovery: fetched once, asked for again once, and away is an outage (T60, T61).
#[tokio::test]
async fn t60_t61_published_keys_of_an_issuer() {
    let world = World::new();
    let (old, new) = (Signing::es256(), Signing::es256());
    world.jwt_client("partner", |client| client.grant_types([GrantType::JWT_BEARER])).await;
    let at_url = KeySource::Url(jwks_uri());
    let by_name = KeySource::Issuer(grantor::Issuer::new(PARTNER).unwrap());
    for (keys, source) in [(IssuerKeys::Url(jwks_uri()), at_url), (IssuerKeys::Discovery, by_name)] {
        let trusted =
            TrustedIssuer::builder(issuer_name(PARTNER), keys, ClaimMatch::Any).scope(scope("read"));
        let trust =
            FakeTrust::of([trusted.without_client_authentication(client_id("partner")).build().unwrap()]);
        let fake = FakeKeySets::of(&[published(&old, "old")]);
        let server = world.trusting(&trust).key_sets(fake.clone()).build().await.unwrap();
        let say = |key: &Signing, kid: &str| vouched().header("kid", kid).sign(key);
        granted(&server, &say(&old, "old"), "first").await;
        assert_eq!(fake.asked(), [(source.clone(), false)]);
        fake.publish_newer(&[published(&new, "new")]);
        granted(&server, &say(&new, "new"), "rotated").await;
        assert_eq!(fake.asked(), [(source.clone(), false), (source.clone(), true)]);
        assert_eq!(denied(&world, &server, &say(&old, "old")).await, Reason::JwtKeyUnknown);
        fake.asked();
        // Nothing is fetched for what is wrong anyway.
        for wrong in [
            vouched().claim("exp", NOW - 60),
            vouched().claim("aud", API),
            vouched().claim("sub", ""),
            vouched().without("jti"),
        ] {
            denied(&world, &server, &wrong.header("kid", "x").sign(&new)).await;
        }
        assert_eq!(fake.asked(), []);
        fake.go_away();
        // The operator chose where they are: that they are away is no fault of who brings the assertion (design §12).
        refused(&bring(&server, &say(&new, "new")).await, 503, "temporarily_unavailable");
        let told = Kind::KeySetFetchFailed(source.to_string());
        assert_eq!(world.events.count(&told), 1, "{:?}", world.events.all());
    }
    // Without a fetcher such an issuer is refused, and the operator learns why.
    let trusted = TrustedIssuer::builder(issuer_name(PARTNER), IssuerKeys::Discovery, ClaimMatch::Any);
    let server = world.trusting(&FakeTrust::of([trusted.build().unwrap()])).build().await.unwrap();
    refused(&bring(&server, &vouched().sign(&old)).await, 500, "server_error");
}

/// design §9: terms are one decision, and a policy knows the assertion; what that is not good for no policy can give.
#[tokio::test]
async fn s9_a_policy_sees_the_assertion_and_is_held_to_it() {
    #[derive(Debug)]
    struct Telling(Arc<std::sync::Mutex<Vec<String>>>);
    #[async_trait]
    impl IssuancePolicy for Telling {
        async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal> {
            let grant: &GrantAssertion = issuance.assertion.expect("the grant");
            self.0.lock().unwrap().push(format!(
                "{} {} {}",
                grant.issuer(),
                grant.subject(),
                grant.trusted().is_some()
            ));
            let tenant = grant.claims()["tenant"].clone();
            Ok(StandardPolicy.decide(issuance).await?.claim("tenant", tenant))
        }
    }
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    let told = Arc::default();
    let server = world.trusting(&trust).policy(Telling(Arc::clone(&told))).build().await.unwrap();
    let answer = granted(&server, &vouched().claim("tenant", "t-1").sign(&key), "told").await;
    assert_eq!(decode(&answer.access_token()).text("tenant"), "t-1");
    world.service_account("robot", &key, |client| client).await;
    granted(&server, &Assertion::of("robot").claim("tenant", 1).sign(&key), "told").await;
    assert_eq!(*told.lock().unwrap(), [format!("{PARTNER} {SUBJECT} true"), "robot robot false".to_owned()]);
    let generous = FixedPolicy(|issuance| {
        Ok(Terms::new(uri(API), issuance.client.scope().clone(), Duration::from_secs(600)))
    });
    let server = world.trusting(&trust).policy(generous).build().await.unwrap();
    refused(&bring(&server, &vouched().sign(&key)).await, 500, "server_error");
    assert!(
        world.events.last().source.contains("scope that client and resource do not share"),
        "beyond the trust"
    );
}

/// The record of an issuer survives being kept, with what a later release adds.
#[test]
fn s4_a_trusted_issuer_survives_being_kept() {
    let key = Signing::es256();
    let full = partner(&key)
        .name("Partner")
        .audience("api://grantor".to_owned())
        .clients(vec![client_id("partner")])
        .without_client_authentication(client_id("partner"))
        .resources(vec![uri(API)])
        .subject(ClaimMatch::from_pattern("robot/*").unwrap())
        .subject_optional(true)
        .scope_claim(true)
        .reusable(true)
        .longest_life(Duration::from_secs(60))
        .token_lifetime(Duration::from_secs(90))
        .created_at(at(NOW))
        .build()
        .unwrap();
    let document = full.to_document().unwrap();
    assert_eq!(TrustedIssuer::from_document(&document).unwrap(), full);
    let mut newer: serde_json::Value = serde_json::from_str(&document).unwrap();
    newer["later"] = json!({"x": 1});
    newer["keys"]["jwks"]["later"] = json!(1);
    let read = TrustedIssuer::from_document(&newer.to_string()).unwrap();
    let again: serde_json::Value =
        serde_json::from_str(&read.to_builder().name("N").build().unwrap().to_document().unwrap()).unwrap();
    assert_eq!(
        (&again["later"], &again["keys"]["jwks"]["later"], &again["name"]),
        (&json!({"x": 1}), &json!(1), &json!("N"))
    );
    newer["crit"] = json!(["later"]);
    assert!(TrustedIssuer::from_document(&newer.to_string()).is_err());
    for (name, bad) in [
        ("v", json!(2)),
        ("iss", json!("a b")),
        ("longest_life", json!(0)),
        ("keys", json!({"jwks": {}})),
        ("scope", json!("a\"b")),
    ] {
        let mut damaged: serde_json::Value = serde_json::from_str(&document).unwrap();
        damaged[name] = bad;
        assert!(TrustedIssuer::from_document(&damaged.to_string()).is_err(), "{name}");
    }
    // Without an https URL there is nothing to discover.
    assert!(
        TrustedIssuer::builder(issuer_name("partner@example.com"), IssuerKeys::Discovery, ClaimMatch::Any)
            .build()
            .is_err()
    );
    for bad in [
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","k":"AA"}]}"#,
        "{}",
        "x",
        r#"{"keys":[{"kty":"EC","d":"x"}]}"#,
    ] {
        assert!(IssuerKeys::inline(bad).is_err(), "{bad}");
    }
}

/// §3 (4) to (6), for the trust's own bound.
#[tokio::test]
async fn s3_4_the_life_is_within_what_the_trust_allows() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let far = |ahead: i64| vouched().claim("exp", NOW + ahead).sign(&key);
    granted(&server, &far(3610), "an hour by default").await;
    assert_eq!(denied(&world, &server, &far(3611)).await, Reason::JwtExpiryTooFar);
    let trusted = || partner(&key).without_client_authentication(client_id("partner"));
    trust.put(trusted().longest_life(Duration::from_secs(120)).build().unwrap());
    granted(&server, &far(130), "as long as that").await;
    assert_eq!(denied(&world, &server, &far(131)).await, Reason::JwtExpiryTooFar);
    for (claim, value, reason) in [
        ("exp", NOW - 10, Reason::JwtExpired),
        ("nbf", NOW + 11, Reason::JwtNotYetValid),
        ("iat", NOW + 11, Reason::JwtNotYetValid),
    ] {
        let assertion = vouched().claim(claim, value).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, reason, "{claim}");
    }
    granted(
        &server,
        &vouched().claim("exp", NOW as f64 + 59.5).claim("iat", NOW as f64 - 0.5).sign(&key),
        "fractions",
    )
    .await;
    for lives in [
        trusted().longest_life(Duration::ZERO),
        trusted().longest_life(Duration::from_secs(86_401)),
        trusted().token_lifetime(Duration::ZERO),
    ] {
        assert!(lives.build().is_err());
    }
}

/// About whom an issuer may speak.
#[tokio::test]
async fn s3_2_the_subject_is_one_that_the_issuer_may_speak_about() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let trusted = partner(&key).without_client_authentication(client_id("partner"));
    trust.put(trusted.subject(ClaimMatch::from_pattern("robot/*").unwrap()).build().unwrap());
    granted(&server, &vouched().claim("sub", "robot/7").sign(&key), "fits").await;
    for sub in ["robot/", "robot-7", "Robot/7", "x/robot/7", ""] {
        let reason = if sub.is_empty() { Reason::JwtSubject } else { Reason::SubjectNotTrusted };
        assert_eq!(denied(&world, &server, &vouched().claim("sub", sub).sign(&key)).await, reason, "{sub:?}");
    }
    let trusted = partner(&key).without_client_authentication(client_id("partner"));
    trust.put(trusted.build().unwrap());
    for hostile in ["a\nb".to_owned(), "a\u{0}".to_owned(), "a\u{85}b".to_owned(), "s".repeat(1025)] {
        let assertion = vouched().claim("sub", hostile.as_str()).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, Reason::JwtSubject, "T96");
    }
    let answer =
        granted(&server, &vouched().claim("sub", "Zoë <zoe@example.com>").sign(&key), "any text").await;
    assert_eq!(decode(&answer.access_token()).text("sub"), "Zoë <zoe@example.com>");
}

#[tokio::test]
async fn a_disabled_issuer_is_refused_and_so_is_what_its_client_may_not_do() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let trusted = partner(&key).without_client_authentication(client_id("partner")).build().unwrap();
    let answer = granted(&server, &vouched().sign(&key), "enabled").await;
    trust.put(trusted.to_builder().enabled(false).build().unwrap());
    assert_eq!(denied(&world, &server, &vouched().sign(&key)).await, Reason::IssuerDisabled);
    trust.put(trusted.to_builder().without_client_authentication(client_id("nobody")).build().unwrap());
    assert_eq!(denied(&world, &server, &vouched().sign(&key)).await, Reason::ClientUnknown);
    trust.put(trusted);
    let secret = world.client_with("reader", |client| client.introspector(true)).await;
    active(&introspect(&server, "reader", &secret, &answer.access_token()).await, "it lives");
    world.change("partner", |client| client.enabled(false).token_epoch(1)).await;
    assert_eq!(denied(&world, &server, &vouched().sign(&key)).await, Reason::ClientDisabled);
    inactive(
        &introspect(&server, "reader", &secret, &answer.access_token()).await,
        "it ended with its client",
    );
    world.change("partner", |client| client.enabled(true).grant_types([GrantType::CLIENT_CREDENTIALS])).await;
    refused(&bring(&server, &vouched().sign(&key)).await, 400, "unauthorized_client");
}
