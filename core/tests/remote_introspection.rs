//! Tokens that an API elsewhere cannot read: it asks their issuer (RFC 7662 §2), and believes no more than it needs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use grantor::event::Reason;
use grantor::resource::AccessTokenVerifier;
use serde_json::{Value, json};
use support::*;

const OPAQUE: &str = "2YotnFZFEjr1zCsicMWpAA";

/// What an issuer says of a good token.
fn good() -> Value {
    json!({
        "active": true, "iss": ELSEWHERE, "sub": "demo", "aud": API, "client_id": "demo", "scope": "read",
        "exp": NOW + 600, "iat": NOW, "tenant": "blue", "token_type": "Bearer",
    })
}

fn without(name: &str) -> Value {
    let mut said = good();
    said.as_object_mut().unwrap().remove(name).unwrap();
    said
}

struct Asking {
    verifier: AccessTokenVerifier,
    issuer: FakeIntrospector,
    sets: IssuerKeySets,
    clock: ManualClock,
}

fn asking(remember: u64) -> Asking {
    let (issuer, sets, clock) = (FakeIntrospector::default(), IssuerKeySets::default(), ManualClock::new());
    let builder = there(remote(&sets).clock(clock.clone()).introspection(issuer.clone()));
    let verifier = builder.remember_for(Duration::from_secs(remember)).build().unwrap();
    Asking { verifier, issuer, sets, clock }
}

async fn refusal(verifier: &AccessTokenVerifier, token: &str) -> Reason {
    let refused = verifier.verify(token).await.unwrap_err();
    assert_eq!(refused.status(), 401);
    refused.reason().unwrap()
}

#[tokio::test]
async fn s2_2_an_active_token_of_this_resource() {
    let Asking { verifier, issuer, sets, .. } = asking(0);
    issuer.say(Some(good()));
    let token = verifier.verify(OPAQUE).await.unwrap();
    assert_eq!((token.issuer(), token.client_id().as_str(), token.subject()), (ELSEWHERE, "demo", "demo"));
    assert_eq!((token.scope().as_str(), token.expires_at()), ("read", at(NOW + 600)));
    assert_eq!(token.claims::<Value>().unwrap()["tenant"], "blue");
    assert!(!format!("{token:?}").contains(OPAQUE) && !format!("{token:?}").contains("blue"));
    assert_eq!(sets.take(), 0, "no key is needed");
    // What the answer may leave out: the issuer is the one that was asked, and a client acts for itself.
    for name in ["iss", "sub", "iat", "scope", "token_type"] {
        issuer.say(Some(without(name)));
        let token = verifier.verify(OPAQUE).await.unwrap();
        assert_eq!((token.issuer(), token.subject()), (ELSEWHERE, "demo"), "{name}");
        assert_eq!(token.scope().is_empty(), name == "scope");
    }
}

#[tokio::test]
async fn s2_2_what_is_not_active_or_says_too_little_is_refused() {
    let Asking { verifier, issuer, .. } = asking(60);
    issuer.say(None);
    assert_eq!(refusal(&verifier, OPAQUE).await, Reason::TokenUnknown);
    for (name, reason) in [
        ("aud", Reason::TokenAudience),
        ("exp", Reason::JwtExpiryMissing),
        ("client_id", Reason::TokenIncomplete),
    ] {
        issuer.say(Some(without(name)));
        assert_eq!(refusal(&verifier, OPAQUE).await, reason, "{name}");
    }
    for (name, value, reason) in [
        ("iss", json!("https://other.example.com"), Reason::JwtIssuer),
        ("iss", json!("https://issuer.example.net/"), Reason::JwtIssuer),
        ("iss", json!(7), Reason::JwtClaimType),
        ("aud", json!("https://books.example.com"), Reason::TokenAudience),
        ("aud", json!([]), Reason::TokenAudience),
        ("aud", json!(7), Reason::JwtClaimType),
        ("exp", json!(NOW - 10), Reason::JwtExpired),
        ("exp", json!("never"), Reason::JwtClaimType),
        ("nbf", json!(NOW + 11), Reason::JwtNotYetValid),
        ("client_id", json!(""), Reason::JwtClaimType),
        ("token_type", json!("DPoP"), Reason::TokenBound),
        ("token_type", json!(7), Reason::TokenBound),
        ("scope", json!(["read"]), Reason::JwtClaimType),
        ("cnf", json!({"jkt": "x"}), Reason::TokenBound),
    ] {
        issuer.say(Some(merged(&good(), &json!({ name: value }))));
        assert_eq!(refusal(&verifier, OPAQUE).await, reason, "{name} {value}");
    }
    issuer.take();
    issuer.say(Some(good()));
    assert!(verifier.verify(OPAQUE).await.is_ok(), "no refusal was remembered");
    assert_eq!(issuer.take(), 1);
}

/// T63, T77: an outage is no verdict.
#[tokio::test]
async fn s5_t77_an_outage_is_503_and_never_401() {
    let Asking { verifier, issuer, .. } = asking(0);
    issuer.say(Some(good()));
    issuer.away.store(true, Ordering::SeqCst);
    let refused = verifier.verify(OPAQUE).await.unwrap_err();
    assert_eq!((refused.status(), refused.reason()), (503, None));
    let answer = Answer::of(refused.into_response());
    assert!(!answer.text().contains("7f3") && answer.header("www-authenticate").is_none());
    issuer.away.store(false, Ordering::SeqCst);
    assert!(verifier.verify(OPAQUE).await.is_ok());
}

/// A JWT is judged by the keys; what is none is asked about. Without an introspector it is refused, and nobody is asked.
#[tokio::test]
async fn s4_a_jwt_is_checked_here_and_not_asked_about() {
    let key = Signing::es256();
    let (sets, issuer) = (IssuerKeySets::of(&[&key]), FakeIntrospector::default());
    issuer.say(Some(good()));
    let verifier = there(remote(&sets).introspection(issuer.clone())).build().unwrap();
    assert!(verifier.verify(&Foreign::token().sign(&key)).await.is_ok());
    let expired = Foreign::token().claim("exp", NOW - 60).sign(&key);
    assert_eq!(refusal(&verifier, &expired).await, Reason::JwtExpired);
    let forged = Foreign::token().sign(&Signing::es256());
    assert_eq!(refusal(&verifier, &forged).await, Reason::JwtSignature);
    assert_eq!(issuer.take(), 0, "what it says does not matter");
    let alone = there(remote(&sets)).build().unwrap();
    assert_eq!(refusal(&alone, OPAQUE).await, Reason::JwtMalformed);
}

/// Off by default: each request asks, so that a revocation is seen by the next one.
#[tokio::test]
async fn s4_nothing_is_remembered_by_default() {
    let Asking { verifier, issuer, .. } = asking(0);
    issuer.say(Some(good()));
    for _ in 0..3 {
        assert!(verifier.verify(OPAQUE).await.is_ok());
    }
    assert_eq!(issuer.take(), 3);
    issuer.say(None);
    assert_eq!(refusal(&verifier, OPAQUE).await, Reason::TokenUnknown);
}

/// Row 87: the answer is good for the span that the host chose and not a second longer, and never past `exp`.
#[tokio::test]
async fn s4_an_answer_is_kept_for_the_span_and_not_a_second_longer() {
    let Asking { verifier, issuer, clock, .. } = asking(30);
    issuer.say(Some(good()));
    assert!(verifier.verify(OPAQUE).await.is_ok());
    issuer.say(None);
    clock.advance(29);
    assert!(verifier.verify(OPAQUE).await.is_ok());
    assert_eq!(issuer.take(), 1);
    assert_eq!(refusal(&verifier, "another").await, Reason::TokenUnknown, "for this token alone");
    clock.advance(1);
    assert_eq!(refusal(&verifier, OPAQUE).await, Reason::TokenUnknown);
    issuer.say(Some(merged(&good(), &json!({ "exp": NOW + 35 }))));
    assert!(verifier.verify(OPAQUE).await.is_ok());
    issuer.take();
    clock.advance(5);
    assert!(verifier.verify(OPAQUE).await.is_ok(), "within the skew the issuer decides");
    assert_eq!(issuer.take(), 1, "and is asked: nothing is kept past exp");
}

/// Panics, as a host's own client may.
#[derive(Debug)]
struct Panics;

#[grantor::async_trait]
impl grantor::TokenIntrospector for Panics {
    async fn introspect(&self, _token: &str) -> Result<serde_json::Map<String, Value>, grantor::FetchError> {
        panic!("a host's mistake");
    }
}

/// A panic of a host's own introspector fails its check and nothing else.
#[tokio::test]
async fn t94_a_panic_of_an_introspector_is_500() {
    let issuer = remote(&IssuerKeySets::default()).introspection(Panics);
    let verifier = there(issuer).build().unwrap();
    assert_eq!(verifier.verify(OPAQUE).await.unwrap_err().status(), 500);
}
