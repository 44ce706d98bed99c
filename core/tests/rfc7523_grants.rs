//! The JWT as authorization grant (RFC 7523 §2.1, §3, §3.1 and §4): who brings it, whose it is, what it is judged by.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use grantor::event::Reason;
use grantor::policy::{GrantAssertion, Issuance, IssuancePolicy, PolicyRefusal, StandardPolicy, Terms};
use grantor::store::{ClaimMatch, GrantType, IssuerKeys, StoreError, TrustedIssuer};
use grantor::{KeySource, Stores, async_trait};
use serde_json::json;
use support::*;

const BOTH: [GrantType; 2] = [GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER];

/// §3.1, row 66: who authenticates beside a grant is checked, and is told `invalid_client` whatever the grant is worth.
#[tokio::test]
async fn s3_1_credentials_beside_a_grant_are_checked() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    let secret = world.client_with("demo", |client| client.grant_types(BOTH)).await;
    let good = vouched().sign(&key);
    for assertion in [good.as_str(), "x"] {
        for wrong in [basic("demo", "wrong"), basic("nobody", &secret), "Bearer x".to_owned()] {
            let request = bearer(assertion, &[]).header("authorization", wrong);
            refused(&send(&server, request).await, 401, "invalid_client");
        }
        let post = [("client_id", "demo"), ("client_secret", "wrong")];
        refused(&send(&server, bearer(assertion, &post)).await, 401, "invalid_client");
    }
    let right = || basic("demo", &secret);
    refused(&send(&server, bearer("x", &[]).header("authorization", right())).await, 400, "invalid_grant");
    let answer = send(&server, bearer(&good, &[]).header("authorization", right())).await;
    let token = decode(&answer.access_token());
    assert_eq!((token.text("sub"), token.text("client_id")), (SUBJECT, "demo"), "for who authenticates");
    let issued = world.events.last();
    assert_eq!((issued.client_id.as_deref(), issued.kind), (Some("demo"), Kind::Issued));
    // Two methods are two, with a grant too.
    let two = bearer(&vouched().sign(&key), &post_of("demo", &secret)).header("authorization", right());
    refused(&send(&server, two).await, 400, "invalid_request");
}

fn post_of<'a>(id: &'a str, secret: &'a str) -> [(&'a str, &'a str); 2] {
    [("client_id", id), ("client_secret", secret)]
}

/// Where the trust demands it no grant is good without a client; the grant is not spent by that.
#[tokio::test]
async fn s3_1_client_authentication_is_demanded_by_default() {
    let world = World::new();
    let key = Signing::es256();
    let server = world.trusting(&FakeTrust::of([partner(&key).build().unwrap()])).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.grant_types(BOTH)).await;
    let plain = world.client("plain").await;
    let good = vouched().sign(&key);
    refused(&bring(&server, &good).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::CredentialsMissing);
    refused(&send(&server, bearer(&good, &[("client_id", "demo")])).await, 401, "invalid_client");
    let unregistered = bearer(&good, &[]).header("authorization", basic("plain", &plain));
    refused(&send(&server, unregistered).await, 400, "unauthorized_client");
    assert_eq!(world.events.reason(), Reason::GrantNotRegistered);
    // A bad grant is `invalid_grant` whether or not somebody authenticates.
    refused(&bring(&server, &vouched().sign(&Signing::es256())).await, 400, "invalid_grant");
    let request = bearer(&good, &[]).header("authorization", basic("demo", &secret));
    assert_eq!(send(&server, request).await.status, 200, "none of that has spent it");
}

/// Identification without authentication: the name has to be that of the client that the token is for.
#[tokio::test]
async fn s3_1_a_client_id_beside_a_grant_is_the_one_that_it_is_for() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    world.service_account("robot", &key, |client| client).await;
    for (assertion, id) in [(vouched(), "partner"), (Assertion::of("robot"), "robot")] {
        let assertion = assertion.sign(&key);
        for other in ["demo", "Partner", "x\u{7f}"] {
            refused(&send(&server, bearer(&assertion, &[("client_id", other)])).await, 400, "invalid_grant");
            assert_eq!(world.events.reason(), Reason::ClientIdMismatch);
        }
        assert_eq!(send(&server, bearer(&assertion, &[("client_id", id)])).await.status, 200);
    }
}

/// What one client says about itself is no grant for another.
#[tokio::test]
async fn s3_1_t47_a_self_issued_grant_in_the_hands_of_another_client() {
    let world = World::new();
    let key = Signing::es256();
    let server = world.server().await;
    world.service_account("robot", &key, |client| client).await;
    let secret = world.client_with("demo", |client| client.grant_types(BOTH)).await;
    let assertion = Assertion::of("robot").sign(&key);
    let stolen = bearer(&assertion, &[]).header("authorization", basic("demo", &secret));
    refused(&send(&server, stolen).await, 400, "invalid_grant");
    assert_eq!(world.events.reason(), Reason::ClientIdMismatch);
    granted(&server, &assertion, "not spent").await;
}

/// design §4: a client's JWT is spent once, whichever it came as; equal proofs in one request spend nothing.
#[tokio::test]
async fn s3_7_one_jwt_is_one_proof_as_client_assertion_and_as_grant() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let twice = Assertion::of("demo").sign(&key);
    let both = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", twice.as_str())];
    refused(&send(&server, bearer(&twice, &both)).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::ProofsEqual);
    granted(&server, &twice, "nothing was spent").await;
    assert_eq!(unauthenticated(&world, &server, &twice).await, Reason::ProofReplayed);
    let other = Assertion::of("demo").sign(&key);
    accepted(&server, &other, "as client assertion").await;
    assert_eq!(denied(&world, &server, &other).await, Reason::ProofReplayed);
    // Two different ones are both spent, and the second of two is told what it is.
    let (client, grant) = (Assertion::of("demo").sign(&key), Assertion::of("demo").sign(&key));
    let request = |client: &str, grant: &str| {
        bearer(grant, &[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", client)])
    };
    assert_eq!(send(&server, request(&client, &grant)).await.status, 200);
    let fresh = Assertion::of("demo").sign(&key);
    refused(&send(&server, request(&client, &fresh)).await, 401, "invalid_client");
    refused(&send(&server, request(&fresh, &grant)).await, 400, "invalid_grant");
    assert_eq!(world.events.reason(), Reason::ProofReplayed);
    // The one trace of a refusal: what was presented before it stays spent.
    assert_eq!(unauthenticated(&world, &server, &fresh).await, Reason::ProofReplayed);
}

/// T10: two issuers may use one `jti`, and so may an issuer and a client.
#[tokio::test]
async fn s3_7_t10_a_jti_belongs_to_its_issuer() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    world.service_account("robot", &key, |client| client).await;
    let other =
        TrustedIssuer::builder(issuer_name("https://other.example"), inline(&[&key]), ClaimMatch::Any);
    trust
        .put(other.scope(scope("read")).without_client_authentication(client_id("partner")).build().unwrap());
    for assertion in [vouched(), vouched().claim("iss", "https://other.example"), Assertion::of("robot")] {
        let assertion = assertion.claim("jti", "one").sign(&key);
        granted(&server, &assertion, "first").await;
        assert_eq!(denied(&world, &server, &assertion).await, Reason::ProofReplayed);
    }
}

/// §3 (3), rfc7523bis §4 (a): issuer or token endpoint, alone.
#[tokio::test]
async fn s3_3_the_audience_is_the_issuer_or_the_token_endpoint() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    for aud in [json!(ISSUER), json!([ISSUER]), json!(TOKEN_ENDPOINT), json!([TOKEN_ENDPOINT])] {
        granted(&server, &vouched().claim("aud", aud.clone()).sign(&key), aud).await;
    }
    for aud in [
        json!([ISSUER, TOKEN_ENDPOINT]),
        json!([ISSUER, "https://evil.example"]),
        json!([]),
        json!(API),
        json!("https://auth.example.com/"),
        json!("https://auth.example.com/oauth2/introspect"),
        json!("https://auth.example.com/oauth2/token/"),
        json!("https://AUTH.example.com/oauth2/token"),
        json!("partner"),
    ] {
        let assertion = vouched().claim("aud", aud.clone()).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, Reason::JwtAudience, "{aud}");
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

/// T70, RFC 9700 §4.15: an API that goes by `sub` must not take a subject for a client.
#[tokio::test]
async fn t70_nobody_speaks_about_a_client_but_itself() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    world.client("billing").await;
    for sub in ["billing", "partner"] {
        let assertion = vouched().claim("sub", sub).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, Reason::SubjectIsClient, "{sub}");
    }
    granted(&server, &vouched().claim("sub", "Billing").sign(&key), "another name").await;
}

/// A trusted issuer of the name of a client is not asked about what the client says of itself.
#[tokio::test]
async fn t19_a_client_is_never_spoken_for_by_an_issuer_of_its_name() {
    let world = World::new();
    let (own, foreign) = (Signing::es256(), Signing::es256());
    let (server, trust) = world.partnered(&foreign).await;
    world.service_account("robot", &own, |client| client).await;
    let namesake = TrustedIssuer::builder(issuer_name("robot"), inline(&[&foreign]), ClaimMatch::Any);
    trust.put(
        namesake
            .scope(scope("read"))
            .subject_optional(true)
            .without_client_authentication(client_id("partner"))
            .build()
            .unwrap(),
    );
    assert_eq!(denied(&world, &server, &Assertion::of("robot").sign(&foreign)).await, Reason::JwtSignature);
    let nameless = Assertion::of("robot").without("sub").sign(&foreign);
    assert_eq!(denied(&world, &server, &nameless).await, Reason::JwtSubject);
    granted(&server, &Assertion::of("robot").sign(&own), "itself").await;
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

/// §3 (9): by the issuer's own keys and no others, whatever the header says; never by a secret.
#[tokio::test]
async fn s3_9_t12_t15_t19_only_the_issuers_keys_verify() {
    let world = World::new();
    let (key, other) = (Signing::es256(), Signing::es256());
    let (server, trust) = world.partnered(&key).await;
    let stranger =
        TrustedIssuer::builder(issuer_name("https://other.example"), inline(&[&other]), ClaimMatch::Any);
    trust.put(stranger.scope(scope("read")).build().unwrap());
    world.key_client("demo", &[&other]).await;
    assert_eq!(
        denied(&world, &server, &vouched().sign(&other)).await,
        Reason::JwtSignature,
        "a key of others"
    );
    let jwk = vouched().header("jwk", other.jwk.clone()).sign(&other);
    assert_eq!(denied(&world, &server, &jwk).await, Reason::JwtSignature);
    for header in
        [json!({"jku": "http://127.0.0.1/"}), json!({"x5u": "http://127.0.0.1/"}), json!({"x5c": ["AA=="]})]
    {
        let (name, value) = header.as_object().unwrap().iter().next().unwrap();
        let assertion = vouched().header(name, value.clone()).sign(&other);
        assert_eq!(denied(&world, &server, &assertion).await, Reason::JwtSignature, "{name}");
    }
    let public = serde_json::to_vec(&key.jwk).unwrap();
    for alg in ["HS256", "HS512"] {
        let assertion = vouched().sign(&Signing::secret(alg, &public));
        assert_eq!(denied(&world, &server, &assertion).await, Reason::JwtAlgorithm, "{alg}");
    }
    for alg in ["none", "None", "ES384", "RS256"] {
        let assertion = vouched().header("alg", alg).sign(&key);
        let reason = denied(&world, &server, &assertion).await;
        assert!([Reason::JwtAlgorithm, Reason::JwtKeyUnknown].contains(&reason), "{alg} {reason:?}");
    }
    let crit = vouched().header("crit", json!(["exp"])).sign(&key);
    assert_eq!(denied(&world, &server, &crit).await, Reason::JwtCritical, "T22");
    for typ in ["at+jwt", "client-authentication+jwt", "dpop+jwt", "JOSE"] {
        assert_eq!(
            denied(&world, &server, &vouched().header("typ", typ).sign(&key)).await,
            Reason::JwtType,
            "{typ}"
        );
    }
    for typ in ["JWT", "jwt", "application/jwt"] {
        granted(&server, &vouched().header("typ", typ).sign(&key), typ).await;
    }
}

/// Keys by URL and by discovery: fetched once, asked for again once, and away is `invalid_grant` (T60, T61, T63).
#[tokio::test]
async fn t60_t61_t63_published_keys_of_an_issuer() {
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
        assert_eq!(denied(&world, &server, &say(&new, "new")).await, Reason::KeySetUnavailable);
        let told = Kind::KeySetFetchFailed(source.to_string());
        assert_eq!(world.events.count(&told), 1, "{:?}", world.events.all());
    }
    // Without a fetcher such an issuer is refused, and the operator learns why.
    let trusted = TrustedIssuer::builder(issuer_name(PARTNER), IssuerKeys::Discovery, ClaimMatch::Any);
    let server = world.trusting(&FakeTrust::of([trusted.build().unwrap()])).build().await.unwrap();
    assert_eq!(denied(&world, &server, &vouched().sign(&old)).await, Reason::KeySetsOff);
}

/// design §5: an outage is never a rejection, and nothing is spent by it.
#[tokio::test]
async fn t77_a_trust_store_that_is_away_is_503_and_a_wrong_answer_500() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let assertion = vouched().sign(&key);
    trust.fail_next(StoreError::unavailable("trust-table-down-7f3"));
    refused(&bring(&server, &assertion).await, 503, "temporarily_unavailable");
    assert!(world.events.last().source.contains("trust-table-down-7f3"));
    trust.fail_next(StoreError::corrupt("trust-row-broken-7f3"));
    refused(&bring(&server, &assertion).await, 500, "server_error");
    trust.put_as("https://other.example", partner(&key).build().unwrap());
    let other = vouched().claim("iss", "https://other.example").sign(&key);
    refused(&bring(&server, &other).await, 500, "server_error");
    trust.asked();
    granted(&server, &assertion, "and then it goes on").await;
    assert_eq!(trust.asked(), [PARTNER], "asked once");
    // A client's own grant, and what can be refused without it, ask no trust store.
    world.service_account("robot", &key, |client| client).await;
    granted(&server, &Assertion::of("robot").sign(&key), "robot").await;
    denied(&world, &server, &vouched().claim("aud", API).sign(&key)).await;
    denied(&world, &server, "x").await;
    assert_eq!(trust.asked(), [""; 0]);
    // No trust store at all.
    let server = world
        .over(Stores::new(world.store.clone(), world.store.clone(), world.store.clone()))
        .build()
        .await
        .unwrap();
    assert_eq!(denied(&world, &server, &vouched().sign(&key)).await, Reason::IssuerNotTrusted);
}

#[tokio::test]
async fn t77_a_client_store_or_token_store_that_is_away_is_503() {
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    let (clients, tokens) = (FakeClients::new(&world.store), FakeTokens::new(&world.store));
    let stores = Stores::from(world.store.clone()).with_trust(trust);
    let server =
        world.over(stores.with_clients(clients.clone()).with_tokens(tokens.clone())).build().await.unwrap();
    let assertion = vouched().sign(&key);
    clients.say(FakeAnswer::Unavailable);
    refused(&bring(&server, &assertion).await, 503, "temporarily_unavailable");
    refused(&bring(&server, &Assertion::of("robot").sign(&key)).await, 503, "temporarily_unavailable");
    clients.say(FakeAnswer::PassOn);
    tokens.say(FakeClaim::Unavailable);
    refused(&bring(&server, &assertion).await, 503, "temporarily_unavailable");
    tokens.say(FakeClaim::PassOn);
    granted(&server, &assertion, "and then it goes on").await;
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

/// T55: the grant is the only credential, and is braked before anything is looked up.
#[tokio::test]
async fn t55_a_grant_without_client_authentication_is_braked() {
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    let limiter = Limiter::new(Verdict::Admit);
    let server = world.trusting(&trust).rate_limiter(limiter.clone()).build().await.unwrap();
    trust.asked();
    granted(&server, &vouched().sign(&key), "admitted").await;
    assert_eq!(limiter.take(), ["admit"]);
    denied(&world, &server, &vouched().sign(&Signing::es256())).await;
    assert_eq!(limiter.take(), ["admit", "penalise"]);
    trust.asked();
    limiter.say(Verdict::Limit(Duration::from_secs(7)));
    let answer = bring(&server, &vouched().sign(&key)).await;
    refused(&answer, 429, "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(trust.asked(), [""; 0]);
}

/// The record of an issuer survives being kept, with what a later release adds.
#[test]
fn s4_a_trusted_issuer_survives_being_kept() {
    let key = Signing::es256();
    let full = partner(&key)
        .name("Partner")
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
