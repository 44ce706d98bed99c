//! The JWT as authorization grant (RFC 7523 §2.1, §3, §3.1 and §4): who brings it, whose it is, what it is judged by.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::event::Reason;
use grantor::store::{AuthMethod, Client, Credential};
use grantor::store::{ClaimMatch, GrantType, StoreError, TrustedIssuer, WorkloadIdentity};
use grantor::{CredentialId, Stores};
use serde_json::json;
use support::*;

const BOTH: [GrantType; 2] = [GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER];

/// §3.1, row 66: who authenticates beside a grant is checked, and is told `invalid_client` whatever the grant is worth.
#[tokio::test]
async fn s3_1_credentials_beside_a_grant_are_checked() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    trust.put(partner(&key).build().unwrap());
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
    let (server, trust) = world.partnered(&key).await;
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
    // What the operator agreed with an issuer that cannot name this server stands in their place.
    let trusted = partner(&key).without_client_authentication(client_id("partner"));
    trust.put(trusted.audience("api://grantor".to_owned()).build().unwrap());
    granted(&server, &vouched().claim("aud", "api://grantor").sign(&key), "agreed").await;
    for aud in [json!(ISSUER), json!(TOKEN_ENDPOINT), json!(["api://grantor", ISSUER])] {
        let assertion = vouched().claim("aud", aud.clone()).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, Reason::JwtAudience, "{aud}");
    }
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
    // A client's own grant, and what is no JWT, ask no trust store.
    world.service_account("robot", &key, |client| client).await;
    granted(&server, &Assertion::of("robot").sign(&key), "robot").await;
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

/// Rows 52 and T01: what a client signs for itself could authenticate it too, and names the issuer; the token endpoint only under
/// a switch.
#[tokio::test]
async fn s3_3_t01_a_self_issued_grant_is_for_the_issuer() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let say = || Assertion::of("demo").claim("aud", TOKEN_ENDPOINT).sign(&key);
    assert_eq!(denied(&world, &server, &say()).await, Reason::JwtAudience);
    let switch = grantor::store::CompatibilitySwitch::TOKEN_ENDPOINT_AUDIENCE;
    let builder = world.builder().dangerous().compatibility(switch, grantor::Reach::EveryClient);
    granted(&builder.build().await.unwrap(), &say(), "under its switch").await;
    assert_eq!(world.events.count(&Kind::Compatibility("token_endpoint_audience".to_owned())), 1);
}

/// One bearer token is not two credentials, where neither is spent either, and however its signature is spelled.
#[tokio::test]
async fn s3_1_one_jwt_is_not_client_assertion_and_grant_at_once() {
    let world = World::new();
    let key = Signing::es256();
    let trusted = partner(&key).reusable(true).build().unwrap();
    let server = world.trusting(&FakeTrust::of([trusted])).build().await.unwrap();
    let identity = WorkloadIdentity::builder(issuer_name(PARTNER), ClaimMatch::Is(SUBJECT.to_owned()));
    let identity = identity.keys(inline(&[&key])).reusable(true).build().unwrap();
    let held = Credential::workload(CredentialId::new("w").unwrap(), identity);
    let client = Client::builder(client_id("workload"), AuthMethod::WORKLOAD_JWT).credential(held);
    world.insert(&client.scope(scope("read")).grant_types(BOTH).build().unwrap()).await;
    let beside = |client: &str| {
        [("client_id", "workload"), ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", client)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let send_both = async |client: &str, grant: &str| {
        let pairs = beside(client);
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        send(&server, bearer(grant, &pairs)).await
    };
    let (one, other) = (vouched().sign(&key), vouched().sign(&key));
    for same in [one.clone(), flipped(&one)] {
        refused(&send_both(&one, &same).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::ProofsEqual);
    }
    assert_eq!(send_both(&one, &other).await.status, 200);
}

/// One assertion is one proof, whether it came as a workload's token or as a grant.
#[tokio::test]
async fn s3_7_one_assertion_is_one_proof_for_federation_and_for_trust() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    for (id, issuer) in [("named", Some(PARTNER)), ("spiffe", None)] {
        let sub = "spiffe://partner.example/robot";
        let identity = match issuer {
            Some(name) => WorkloadIdentity::builder(issuer_name(name), ClaimMatch::Is(sub.to_owned()))
                .keys(inline(&[&key])),
            None => WorkloadIdentity::spiffe(sub, inline(&[&key])).unwrap(),
        };
        let held =
            Credential::workload(CredentialId::new("w").unwrap(), identity.reusable(false).build().unwrap());
        let client =
            Client::builder(client_id(id), AuthMethod::WORKLOAD_JWT).credential(held).scope(scope("read"));
        world.insert(&client.build().unwrap()).await;
        let token = vouched().claim("sub", sub).sign(&key);
        let as_client = || assert_with(&token, &[("client_id", id)]);
        assert_eq!(send(&server, as_client()).await.status, 200, "{id}");
        assert_eq!(denied(&world, &server, &token).await, Reason::ProofReplayed, "{id}");
        refused(&send(&server, as_client()).await, 401, "invalid_client");
    }
}

/// Who may bring the assertions of an issuer.
#[tokio::test]
async fn s3_1_only_the_listed_clients_bring_its_assertions() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let mut secrets = Vec::new();
    for id in ["demo", "mallory"] {
        secrets.push((id, world.client_with(id, |client| client.grant_types(BOTH)).await));
    }
    let with = async |at: usize| {
        let (id, secret) = &secrets[at];
        send(&server, bearer(&vouched().sign(&key), &[]).header("authorization", basic(id, secret))).await
    };
    // It names the client that it is for, so it is for no other.
    refused(&with(1).await, 400, "invalid_grant");
    assert_eq!(world.events.reason(), Reason::ClientIdMismatch);
    trust.put(partner(&key).build().unwrap());
    assert_eq!(with(1).await.status, 200, "any client for this grant");
    trust.put(partner(&key).clients(vec![client_id("demo")]).build().unwrap());
    assert_eq!(with(0).await.status, 200);
    refused(&with(1).await, 400, "invalid_grant");
}

/// RFC 9493 §3.2.4: two issuers may give one name to different subjects, and a token says whose it is.
#[tokio::test]
async fn t70_a_token_says_whose_subject_it_is_about() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    let token = decode(&granted(&server, &vouched().sign(&key), "of the partner").await.access_token());
    assert_eq!(token.claims["sub_id"], json!({"format": "iss_sub", "iss": PARTNER, "sub": SUBJECT}));
    world.service_account("robot", &key, |client| client).await;
    let token =
        decode(&granted(&server, &Assertion::of("robot").sign(&key), "of itself").await.access_token());
    assert!(token.claims.get("sub_id").is_none());
}
