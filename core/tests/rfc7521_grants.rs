//! Assertions as authorization grants (RFC 7521 §4.1, §5.2 and §8).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::event::Reason;
use grantor::store::{ClaimMatch, CompatibilitySwitch, GrantType, TokenState, TokenStore};
use grantor::{Reach, Resource, Stores, TokenFormat, TokenId};
use support::*;

/// Row 47.
#[tokio::test]
async fn s4_1_the_assertion_is_needed_once() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    let assertion = vouched().sign(&key);
    for pairs in [vec![("grant_type", JWT_BEARER)], vec![("grant_type", JWT_BEARER), ("assertion", "")]] {
        refused(&send(&server, post(&pairs)).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::GrantAssertionMissing, "{pairs:?}");
    }
    for again in [assertion.as_str(), "x"] {
        refused(&send(&server, bearer(&assertion, &[("assertion", again)])).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::FormRepeatedParameter);
    }
    // It is read from the body alone, and only for its own grant.
    let url = format!("/oauth2/token?assertion={assertion}");
    let in_url = Caller::Nobody.asks(&url, &[("grant_type", JWT_BEARER)]);
    refused(&send(&server, in_url).await, 400, "invalid_request");
    let elsewhere = [("grant_type", "client_credentials"), ("assertion", &assertion)];
    refused(&send(&server, post(&elsewhere)).await, 401, "invalid_client");
    granted(&server, &assertion, "none of that has spent it").await;
}

/// Row 48: scope granted ⊆ trust ∩ client ∩ resource, whatever is asked.
#[tokio::test]
async fn s4_1_no_scope_beyond_what_the_issuer_may_give() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let ask = async |scope: &str| send(&server, bearer(&vouched().sign(&key), &[("scope", scope)])).await;
    let answer = granted(&server, &vouched().sign(&key), "without").await;
    assert_eq!(answer.json()["scope"], "read", "the client holds `read write`, the trust reaches `read`");
    assert_eq!(ask("read").await.json()["scope"], "read");
    for (beyond, reason) in [
        ("write", Reason::ScopeNotOfIssuer),
        ("read write", Reason::ScopeNotOfIssuer),
        ("other", Reason::ScopeUnknown),
    ] {
        refused(&ask(beyond).await, 400, "invalid_scope");
        assert_eq!(world.events.reason(), reason);
    }
    // The client bounds it as well.
    world.change("partner", |client| client.scope(scope("write"))).await;
    refused(&ask("read").await, 400, "invalid_scope");
    assert_eq!(world.events.reason(), Reason::ScopeNotRegistered);
    refused(&bring(&server, &vouched().sign(&key)).await, 400, "invalid_scope");
    assert_eq!(world.events.reason(), Reason::ScopeEmpty);
    // And nothing is given where nothing is said.
    world.change("partner", |client| client.scope(scope("read write"))).await;
    let mute =
        partner(&key).scope(grantor::Scope::empty()).without_client_authentication(client_id("partner"));
    trust.put(mute.build().unwrap());
    refused(&bring(&server, &vouched().sign(&key)).await, 400, "invalid_scope");
}

/// The resources that the operator listed for an issuer.
#[tokio::test]
async fn s4_1_no_resource_beyond_those_of_the_issuer() {
    const OTHER: &str = "https://other.example.com";
    let world = World::new();
    let key = Signing::es256();
    world.jwt_client("partner", |client| client.grant_types([GrantType::JWT_BEARER])).await;
    let trusted = partner(&key).without_client_authentication(client_id("partner"));
    let trust = FakeTrust::of([trusted.resources(vec![uri(OTHER)]).build().unwrap()]);
    let other = Resource::new(OTHER).scopes(["read"]);
    let server = world.trusting(&trust).resource(other).build().await.unwrap();
    let answer = granted(&server, &vouched().sign(&key), "the only one").await;
    assert_eq!(decode(&answer.access_token()).text("aud"), OTHER);
    let at = |uri: &'static str| bearer(&vouched().sign(&key), &[("resource", uri)]);
    assert_eq!(send(&server, at(OTHER)).await.status, 200);
    refused(&send(&server, at(API)).await, 400, "invalid_target");
    assert_eq!(world.events.reason(), Reason::ResourceNotAllowed);
}

/// Row 49: no refresh token, and no token outlives its assertion unless the trust says so.
#[tokio::test]
async fn s4_1_the_token_ends_with_the_assertion() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    // The clock may be 10 s off, and so long an assertion is taken.
    for (exp, lifetime) in [(60, 70), (300, 310), (3600, 600), (-9, 1)] {
        let answer = granted(&server, &vouched().claim("exp", NOW + exp).sign(&key), exp).await;
        assert_eq!(answer.json()["expires_in"], lifetime, "{exp}");
        assert!(answer.json().get("refresh_token").is_none());
        let token = decode(&answer.access_token());
        assert_eq!((token.number("iat"), token.number("exp")), (NOW, NOW + lifetime), "{exp}");
    }
    let trusted = || partner(&key).without_client_authentication(client_id("partner"));
    trust.put(trusted().token_lifetime(Duration::from_secs(240)).build().unwrap());
    let answer = granted(&server, &vouched().sign(&key), "longer").await;
    assert_eq!(answer.json()["expires_in"], 240);
    trust.put(trusted().token_lifetime(Duration::from_secs(24 * 3600)).build().unwrap());
    let answer = granted(&server, &vouched().sign(&key), "never beyond the policy").await;
    assert_eq!(answer.json()["expires_in"], 600);
    world.service_account("robot", &key, |client| client).await;
    let answer = granted(&server, &Assertion::of("robot").sign(&key), "of the client itself").await;
    assert_eq!(answer.json()["expires_in"], 70);
}

/// An opaque token ends with its assertion too, and says whom it is about.
#[tokio::test]
async fn s4_1_an_opaque_token_is_bound_by_the_same() {
    let world = World::new();
    let key = Signing::es256();
    world.jwt_client("partner", |client| client.grant_types([GrantType::JWT_BEARER])).await;
    let trust =
        FakeTrust::of([partner(&key).without_client_authentication(client_id("partner")).build().unwrap()]);
    let stores = Stores::from(world.store.clone()).with_trust(trust);
    let builder = grantor::AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone());
    let resource = Resource::new(API).scopes(["read"]).format(TokenFormat::Opaque);
    let server = builder.clock(world.clock.clone()).resource(resource).build().await.unwrap();
    let answer = granted(&server, &vouched().sign(&key), "opaque").await;
    assert_eq!(answer.json()["expires_in"], 70);
    let id = TokenId::of_opaque(answer.access_token().as_bytes());
    let TokenState::Live(record) = world.store.find(&id).await.unwrap() else { panic!("not stored") };
    assert_eq!((record.subject(), record.client_id().as_str()), (SUBJECT, "partner"));
    assert_eq!(record.expires_at(), at(NOW + 70));
}

/// Row 51, for grants; `rejected` holds self-issued ones to every rule of a client assertion.
#[tokio::test]
async fn s5_2_issuer_subject_audience_and_expiry_are_there() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = world.partnered(&key).await;
    for (claim, reason) in [
        ("iss", Reason::JwtIssuer),
        ("sub", Reason::JwtSubject),
        ("aud", Reason::JwtAudience),
        ("exp", Reason::JwtExpiryMissing),
        ("jti", Reason::JwtJti),
    ] {
        assert_eq!(denied(&world, &server, &vouched().without(claim).sign(&key)).await, reason, "{claim}");
    }
    granted(&server, &vouched().without("iat").sign(&key), "without iat").await;
    for unknown in
        ["https://partner.example/", "https://PARTNER.example", "https://stranger.example", "partner"]
    {
        let assertion = vouched().claim("iss", unknown).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, Reason::IssuerNotTrusted, "{unknown}");
    }
    let forged = vouched().sign(&Signing::es256());
    assert_eq!(denied(&world, &server, &forged).await, Reason::JwtSignature);
}

/// Row 52: who speaks about itself is the client of that name.
#[tokio::test]
async fn s5_2_self_issued_is_by_the_client_about_itself() {
    let world = World::new();
    let key = Signing::es256();
    let server = world.server().await;
    world.service_account("robot", &key, |client| client).await;
    let answer = granted(&server, &Assertion::of("robot").sign(&key), "robot").await;
    let token = decode(&answer.access_token());
    assert_eq!(
        (token.text("sub"), token.text("client_id"), token.text("scope")),
        ("robot", "robot", "read write")
    );
    for (claim, other, reason) in [
        ("sub", "alice", Reason::IssuerNotTrusted),
        ("iss", "alice", Reason::IssuerNotTrusted),
        ("iss", "Robot", Reason::IssuerNotTrusted),
    ] {
        let assertion = Assertion::of("robot").claim(claim, other).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, reason, "{claim} {other}");
    }
    assert_eq!(
        denied(&world, &server, &Assertion::of("robot").without("sub").sign(&key)).await,
        Reason::JwtSubject
    );
    assert_eq!(denied(&world, &server, &Assertion::of("nobody").sign(&key)).await, Reason::IssuerNotTrusted);
}

/// Only where it is registered for it, and by the one method that it is registered with.
#[tokio::test]
async fn s5_2_a_client_is_its_own_issuer_only_where_it_is_registered_so() {
    let world = World::new();
    let key = Signing::es256();
    let server = world.server().await;
    world.service_account("robot", &key, |client| client).await;
    world
        .jwt_client("plain", |client| {
            client.credential(key.credential()).grant_types([GrantType::CLIENT_CREDENTIALS])
        })
        .await;
    refused(&bring(&server, &Assertion::of("plain").sign(&key)).await, 400, "unauthorized_client");
    assert_eq!(world.events.reason(), Reason::GrantNotRegistered);
    // A service account gets no token by the other grant.
    refused(&present(&server, &Assertion::of("robot").sign(&key)).await, 400, "unauthorized_client");
    let secret = world.client_with("secret", |client| client.grant_types([GrantType::JWT_BEARER])).await;
    let mac = Assertion::of("secret").sign(&Signing::secret("HS256", secret.as_bytes()));
    assert_eq!(denied(&world, &server, &mac).await, Reason::MethodNotRegistered);
    world.change("robot", |client| client.enabled(false)).await;
    assert_eq!(denied(&world, &server, &Assertion::of("robot").sign(&key)).await, Reason::ClientDisabled);
    world.delete("robot").await;
    assert_eq!(denied(&world, &server, &Assertion::of("robot").sign(&key)).await, Reason::IssuerNotTrusted);
}

/// Row 68: once, on every node, however many come at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s8_t05_a_grant_is_spent_once_by_whoever_is_first() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    world.service_account("robot", &key, |client| client).await;
    let node = world.trusting(&trust).build().await.unwrap();
    for assertion in [vouched().sign(&key), Assertion::of("robot").sign(&key)] {
        let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(24));
        let tasks: Vec<_> = (0..24)
            .map(|n| {
                let (server, assertion) =
                    (if n % 2 == 0 { server.clone() } else { node.clone() }, assertion.clone());
                let barrier = barrier.clone();
                tokio::spawn(async move {
                    barrier.wait().await;
                    bring(&server, &assertion).await.status
                })
            })
            .collect();
        let mut statuses = Vec::new();
        for task in tasks {
            statuses.push(task.await.unwrap());
        }
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 400].contains(status)));
        assert_eq!(denied(&world, &node, &assertion).await, Reason::ProofReplayed);
    }
}

/// Row 68: it is remembered for as long as it could be presented, on a node whose clock is behind too.
#[tokio::test]
async fn s8_t11_a_spent_grant_is_remembered_while_it_could_be_presented() {
    let world = World::new();
    let key = Signing::es256();
    let (_, trust) = world.partnered(&key).await;
    let tokens = FakeTokens::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_trust(trust).with_tokens(tokens.clone());
    let server = world.over(stores).build().await.unwrap();
    granted(&server, &vouched().sign(&key), "once").await;
    let claimed = tokens.take();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].1, at(NOW + 60 + 20), "twice the skew");
}

/// What is reusable is taken until it expires, with or without `jti`; nothing is kept of it.
#[tokio::test]
async fn s8_a_reusable_assertion_is_taken_until_it_expires() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let trusted = partner(&key).without_client_authentication(client_id("partner")).reusable(true);
    trust.put(trusted.build().unwrap());
    let before = world.store.usage();
    for assertion in [vouched().without("jti").sign(&key), vouched().sign(&key)] {
        for _ in 0..3 {
            granted(&server, &assertion, "again").await;
        }
    }
    assert_eq!(world.store.usage(), before, "nothing is stored");
    let assertion = vouched().without("jti").sign(&key);
    world.clock.advance(69);
    granted(&server, &assertion, "to the last second").await;
    world.clock.advance(1);
    assert_eq!(denied(&world, &server, &assertion).await, Reason::JwtExpired);
}

/// Google's libraries: no `sub`, no `jti`, `scope` as a claim, the token endpoint as audience, and no client authentication
/// (`clients.md`), under the switch of the client.
#[tokio::test]
async fn clients_md_google_service_accounts_under_their_switch() {
    let world = World::new();
    let key = Signing::es256();
    let google = |scope: &str| {
        let assertion = Assertion::of("robot@example.com").without("sub").without("jti");
        assertion.claim("aud", TOKEN_ENDPOINT).claim("exp", NOW + 3600).claim("scope", scope).sign(&key)
    };
    world
        .service_account("robot@example.com", &key, |client| {
            client.compatibility([CompatibilitySwitch::GOOGLE_SERVICE_ACCOUNT])
        })
        .await;
    let server = world.server().await;
    assert_eq!(denied(&world, &server, &google("read")).await, Reason::JwtSubject, "off by default");
    let switch = CompatibilitySwitch::GOOGLE_SERVICE_ACCOUNT;
    let server =
        world.builder().dangerous().compatibility(switch, Reach::ListedClients).build().await.unwrap();
    let assertion = google("read");
    for _ in 0..2 {
        let answer = granted(&server, &assertion, "google").await;
        let body = answer.json();
        assert_eq!((&body["scope"], &body["expires_in"]), (&"read".into(), &600.into()));
        assert_eq!(decode(&answer.access_token()).text("sub"), "robot@example.com");
    }
    let told = Kind::Compatibility("google_service_account".to_owned());
    assert_eq!(world.events.count(&told), 2);
    // The claim bounds the request, and is no more than the client holds.
    refused(&send(&server, bearer(&google("read"), &[("scope", "write")])).await, 400, "invalid_scope");
    assert_eq!(world.events.reason(), Reason::ScopeNotOfAssertion);
    refused(&bring(&server, &google("read admin")).await, 400, "invalid_scope");
    refused(&bring(&server, &google("")).await, 400, "invalid_scope");
    for malformed in ["a\"b", "a  b"] {
        assert_eq!(
            denied(&world, &server, &google(malformed)).await,
            Reason::ScopeMalformed,
            "{malformed:?}"
        );
    }
    // T01: no other server's audience, Google's own least of all.
    for aud in
        ["https://evil.example/", "https://oauth2.googleapis.com/token", "https://auth.example.com/", ""]
    {
        let assertion =
            Assertion::of("robot@example.com").without("sub").without("jti").claim("aud", aud).sign(&key);
        assert_eq!(denied(&world, &server, &assertion).await, Reason::JwtAudience, "{aud}");
        let whole = Assertion::of("robot@example.com").claim("aud", aud).sign(&key);
        assert_eq!(denied(&world, &server, &whole).await, Reason::JwtAudience, "{aud}");
    }
    // One with a `jti` is spent all the same, and another client has no switch.
    let with_jti = Assertion::of("robot@example.com").sign(&key);
    granted(&server, &with_jti, "with jti").await;
    assert_eq!(denied(&world, &server, &with_jti).await, Reason::ProofReplayed);
    world.service_account("other", &key, |client| client).await;
    let other = Assertion::of("other").without("sub").sign(&key);
    assert_eq!(denied(&world, &server, &other).await, Reason::JwtSubject);
    assert_eq!(
        denied(&world, &server, &Assertion::of("other").without("jti").sign(&key)).await,
        Reason::JwtJti
    );
}

/// The same by a trusted issuer that is no client.
#[tokio::test]
async fn clients_md_google_service_accounts_of_a_trusted_issuer() {
    let world = World::new();
    let key = Signing::es256();
    let (server, trust) = world.partnered(&key).await;
    let trusted = grantor::store::TrustedIssuer::builder(
        issuer_name("robot@example.com"),
        inline(&[&key]),
        ClaimMatch::Any,
    )
    .scope(scope("read write"))
    .without_client_authentication(client_id("partner"))
    .subject_optional(true)
    .scope_claim(true)
    .reusable(true);
    trust.put(trusted.build().unwrap());
    let google =
        Assertion::of("robot@example.com").without("sub").without("jti").claim("scope", "write").sign(&key);
    for _ in 0..2 {
        let answer = granted(&server, &google, "google").await;
        assert_eq!(answer.json()["scope"], "write");
        let token = decode(&answer.access_token());
        assert_eq!((token.text("sub"), token.text("client_id")), ("robot@example.com", "partner"));
    }
    // Where it is not heeded the claim says nothing.
    let answer = granted(&server, &vouched().claim("scope", "write").sign(&key), "not heeded").await;
    assert_eq!(answer.json()["scope"], "read");
}
