//! RFC 7523 §3 (7), OIDC Core §9: an assertion is spent once, and by nothing but a token.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use grantor::event::{ErrorCode, FaultKind, Reason};
use grantor::policy::PolicyRefusal;
use grantor::store::GrantType;
use grantor::{AuthorizationServer, Jti, ProofId, ProofNamespace, Resource, Stores};
use serde_json::json;
use support::*;

/// A server whose claims are watched, and the client `demo`.
async fn watched(world: &World, skew: u64) -> (AuthorizationServer, FakeTokens, Signing) {
    let key = Signing::es256();
    world.key_client("demo", &[&key]).await;
    let tokens = FakeTokens::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .clock(world.clock.clone())
        .events(world.events.clone())
        .clock_skew(Duration::from_secs(skew))
        .resource(Resource::new(API).scopes(["read", "write"]))
        .build()
        .await
        .unwrap();
    (server, tokens, key)
}

/// Row 63.
#[tokio::test]
async fn t04_twice_is_200_and_then_401() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let assertion = Assertion::of("demo").sign(&key);
    accepted(&server, &assertion, "first").await;
    for _ in 0..3 {
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed);
    }
    assert_eq!(world.events.count(&Kind::Issued), 1);
    assert_eq!(world.events.count(&Kind::Rejected(ErrorCode::InvalidClient, Reason::ProofReplayed)), 3);
}

/// It is the `jti` that is spent, whatever else the assertion says and whichever key of the client signs it.
#[tokio::test]
async fn s3_7_the_jti_is_spent_and_not_the_text() {
    let world = World::new();
    let server = world.server().await;
    let (a, b) = (Signing::es256(), Signing::new("EdDSA"));
    world.key_client("demo", &[&a, &b]).await;
    let one = Assertion::of("demo");
    accepted(&server, &one.sign(&a), "first").await;
    for again in [
        one.clone().sign(&a),
        one.clone().sign(&b),
        one.clone().claim("exp", NOW + 120).sign(&a),
        one.clone().claim("nonce", "x").header("typ", "JWT").sign(&a),
    ] {
        assert_eq!(rejected(&world, &server, &again).await, Reason::ProofReplayed);
    }
}

/// T10: by client.
#[tokio::test]
async fn t10_two_clients_may_use_one_jti() {
    let world = World::new();
    let server = world.server().await;
    let key = Signing::es256();
    for id in ["demo", "other", "dem"] {
        world.key_client(id, &[&key]).await;
    }
    for (id, jti) in [("demo", "x"), ("other", "x"), ("dem", "ox")] {
        let assertion = Assertion::of(id).claim("jti", jti).sign(&key);
        accepted(&server, &assertion, id).await;
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed);
    }
}

/// T05: of 24 at the same time on several threads exactly one is first, and one token is issued.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t05_twenty_four_at_once_are_one_token() {
    const AT_ONCE: usize = 24;
    for round in 0..10 {
        let world = World::new();
        let (server, key) = world.demo().await;
        let assertion = Arc::new(Assertion::of("demo").sign(&key));
        world.events.clear();
        let start = Arc::new(Barrier::new(AT_ONCE));
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (server, assertion, start) = (server.clone(), Arc::clone(&assertion), Arc::clone(&start));
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    start.wait();
                    runtime.block_on(present(&server, &assertion))
                })
            })
            .collect();
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "round {round}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            refused(answer, 401, "invalid_client");
        }
        assert_eq!(world.events.count(&Kind::Issued), 1);
        let replayed = Kind::Rejected(ErrorCode::InvalidClient, Reason::ProofReplayed);
        assert_eq!(world.events.count(&replayed), AT_ONCE - 1);
    }
}

/// T06: nodes with one store are one server.
#[tokio::test]
async fn t06_another_node_with_the_same_store_sees_it() {
    let world = World::new();
    let (one, key) = world.demo().await;
    let two = world.server().await;
    let assertion = Assertion::of("demo").sign(&key);
    accepted(&one, &assertion, "first").await;
    assert_eq!(rejected(&world, &two, &assertion).await, Reason::ProofReplayed);
}

/// design §3: every check that can refuse comes before the claim.
#[tokio::test]
async fn a11_2_a_refused_request_spends_nothing() {
    let world = World::new();
    let (server, tokens, key) = watched(&world, 10).await;
    let jti = fresh_jti();
    let same = || Assertion::of("demo").claim("jti", jti.clone());
    let good = same().sign(&key);
    let mut cut = good.clone();
    cut.pop();
    for bad in [
        same().claim("aud", "https://other.example.com").sign(&key),
        same().claim("aud", json!([ISSUER, "x"])).sign(&key),
        same().sign(&Signing::es256()),
        same().claim("exp", NOW - 60).sign(&key),
        same().claim("exp", NOW + 7200).sign(&key),
        same().claim("nbf", NOW + 60).sign(&key),
        same().without("exp").sign(&key),
        same().claim("iss", "other").sign(&key),
        same().header("typ", "at+jwt").sign(&key),
        same().header("crit", json!([])).sign(&key),
        same().header("alg", "ES384").sign(&key),
        cut,
    ] {
        rejected(&world, &server, &bad).await;
    }
    for (more, status, error) in [
        (&[("scope", "unknown")][..], 400, "invalid_scope"),
        (&[("scope", "\"")], 400, "invalid_scope"),
        (&[("resource", "https://nowhere.example.com")], 400, "invalid_target"),
        (&[("resource", API), ("resource", "https://b.example.com")], 400, "invalid_target"),
        (&[("client_id", "other")], 400, "invalid_request"),
        (&[("client_secret", "x")], 400, "invalid_request"),
        (&[("x", "1"), ("x", "2")], 400, "invalid_request"),
    ] {
        refused(&send(&server, assert_with(&good, more)).await, status, error);
    }
    let beside_basic = assert_with(&good, &[]).header("authorization", basic("demo", "x"));
    refused(&send(&server, beside_basic).await, 400, "invalid_request");
    for grant_type in ["authorization_code", "urn:ietf:params:oauth:grant-type:saml2-bearer", "password"] {
        let pairs = [
            ("grant_type", grant_type),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", good.as_str()),
        ];
        refused(&send(&server, post(&pairs)).await, 400, "unsupported_grant_type");
    }
    assert_eq!(tokens.take(), []);
    accepted(&server, &good, "unspent").await;
    assert_eq!(tokens.take().len(), 1);
}

#[tokio::test]
async fn a11_2_a_client_without_the_grant_spends_nothing() {
    let world = World::new();
    let (server, tokens, key) = watched(&world, 10).await;
    let other = GrantType::JWT_BEARER;
    world.jwt_client("bearer", |client| client.credential(key.credential()).grant_types([other])).await;
    let answer = present(&server, &Assertion::of("bearer").sign(&key)).await;
    refused(&answer, 400, "unauthorized_client");
    assert_eq!(world.events.reason(), Reason::GrantNotRegistered);
    assert_eq!(tokens.take(), []);
}

#[tokio::test]
async fn a11_2_a_refusal_of_the_policy_spends_nothing() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let assertion = Assertion::of("demo").sign(&key);
    let refusals = [
        (FixedPolicy(|_| Err(PolicyRefusal::unauthorized_client())), 400, "unauthorized_client"),
        (FixedPolicy(|_| Err(PolicyRefusal::invalid_scope())), 400, "invalid_scope"),
        (FixedPolicy(|_| Err(PolicyRefusal::unavailable("policy-down"))), 503, "temporarily_unavailable"),
    ];
    for (policy, status, error) in refusals {
        let strict = world.builder().policy(policy).build().await.unwrap();
        refused(&present(&strict, &assertion).await, status, error);
    }
    accepted(&server, &assertion, "unspent").await;
}

/// design §4: the namespace is the client's, whatever an assertion was presented as.
#[tokio::test]
async fn a11_2_what_is_claimed_is_of_the_client_and_the_jti() {
    let world = World::new();
    let (server, tokens, key) = watched(&world, 10).await;
    accepted(&server, &Assertion::of("demo").claim("jti", "a").sign(&key), "a").await;
    let expected = ProofId::new(ProofNamespace::Client, "demo", &Jti::new("a").unwrap());
    assert_eq!(tokens.take()[0].0, expected);
}

/// Remembered for as long as it could be presented: until `exp` and the skew, and so through pruning.
#[tokio::test]
async fn s3_7_kept_for_the_whole_validity() {
    for skew in [0, 10, 60] {
        let world = World::new();
        let (server, tokens, key) = watched(&world, skew).await;
        let skew = i64::try_from(skew).unwrap();
        let assertion = Assertion::of("demo").claim("exp", NOW + 3600).sign(&key);
        accepted(&server, &assertion, "first").await;
        let until = tokens.take()[0].1.as_unix();
        assert!(until >= NOW + 3600 + skew, "skew {skew}: {until}");
        for step in [1, 600, 2990, 8] {
            world.clock.advance(step);
            server.maintain().await;
            assert_eq!(
                rejected(&world, &server, &assertion).await,
                Reason::ProofReplayed,
                "skew {skew} {step}"
            );
        }
        // From 3599 to the last second in which it counts.
        world.clock.advance(skew);
        server.maintain().await;
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed, "skew {skew}");
        world.clock.advance(1);
        server.maintain().await;
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtExpired, "skew {skew}");
    }
}

/// After its life the store may let go of it, and the assertion is of no use.
#[tokio::test]
async fn s3_7_pruned_after_its_life() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let assertion = Assertion::of("demo").sign(&key);
    accepted(&server, &assertion, "first").await;
    let kept = world.store.usage().claims;
    assert_eq!(kept, 1);
    world.clock.advance(60 + 900);
    server.maintain().await;
    assert_eq!(world.store.usage().claims, 1, "15 minutes past its end at the least");
    world.clock.advance(60);
    server.maintain().await;
    assert_eq!(world.store.usage().claims, 0);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtExpired);
}

/// An assertion that came in the seconds after its `exp` is remembered as well.
#[tokio::test]
async fn s3_7_within_the_skew_after_exp() {
    let world = World::new();
    let (server, key) = world.demo().await;
    world.clock.advance(69);
    let assertion = Assertion::of("demo").sign(&key);
    accepted(&server, &assertion, "exp + 9").await;
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed);
}

/// T77: an error of the store is ours; nothing is issued, and it never counts as first.
#[tokio::test]
async fn s3_7_a_failing_claim_issues_nothing() {
    let world = World::new();
    let (server, tokens, key) = watched(&world, 10).await;
    for (failure, status, error, kind) in [
        (FakeClaim::Unavailable, 503, "temporarily_unavailable", FaultKind::Unavailable),
        (FakeClaim::Corrupt, 500, "server_error", FaultKind::Internal),
    ] {
        tokens.say(failure);
        let assertion = Assertion::of("demo").sign(&key);
        let answer = present(&server, &assertion).await;
        refused(&answer, status, error);
        assert!(!answer.text().contains("7f3"), "nothing of the inside is told");
        let last = world.events.last();
        assert_eq!(last.kind, Kind::Failed(kind));
        assert!(last.source.contains("7f3"), "{}", last.source);
        tokens.say(FakeClaim::PassOn);
        accepted(&server, &assertion, "it had not been taken").await;
        world.events.clear();
    }
    // Taken, and the answer got lost: a fresh assertion is needed, and no token came of the first.
    tokens.lost_answer.store(true, Ordering::SeqCst);
    tokens.say(FakeClaim::Unavailable);
    let assertion = Assertion::of("demo").sign(&key);
    refused(&present(&server, &assertion).await, 503, "temporarily_unavailable");
    tokens.lost_answer.store(false, Ordering::SeqCst);
    tokens.say(FakeClaim::PassOn);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed);
    assert_eq!(world.events.count(&Kind::Issued), 0);
}

/// A store that is full refuses, and forgets nothing that was spent.
#[tokio::test]
async fn t11_a_full_store_is_503_and_forgets_nothing() {
    let world =
        World { store: grantor_storage_memory::MemoryStore::builder().max_claims(3).build(), ..World::new() };
    let (server, key) = world.demo().await;
    let spent: Vec<_> = (0..3).map(|_| Assertion::of("demo").sign(&key)).collect();
    for assertion in &spent {
        accepted(&server, assertion, "there is room").await;
    }
    let one_more = Assertion::of("demo").sign(&key);
    refused(&present(&server, &one_more).await, 503, "temporarily_unavailable");
    for assertion in &spent {
        assert_eq!(rejected(&world, &server, assertion).await, Reason::ProofReplayed);
    }
}
