//! Bearer tokens at an API (RFC 6750): how one comes in, and what a request without a good one gets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use grantor::resource::{AccessToken, AccessTokenVerifier, Refused};
use grantor::{AuthorizationServer, Stores};
use support::*;

struct Set {
    world: World,
    server: AuthorizationServer,
    secret: String,
    verifier: AccessTokenVerifier,
    token: String,
}

async fn set_up() -> Set {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let verifier = server.access_token_verifier(API).build().unwrap();
    let token = send(&server, grant("billing", &secret, &[("scope", "read")])).await.access_token();
    Set { world, server, secret, verifier, token }
}

/// What an API does with the `Authorization` headers of a request.
async fn with(verifier: &AccessTokenVerifier, headers: &[&[u8]]) -> Result<AccessToken, Refused> {
    verifier.authorize(headers.iter().copied()).await
}

#[track_caller]
fn challenge(refused: Refused, status: u16, error: &str) -> String {
    let answer = Answer::of(refused.into_response());
    assert_eq!(answer.status, status, "{}", answer.text());
    let header = answer.header("www-authenticate").unwrap().to_owned();
    assert!(header.starts_with(&format!("Bearer error=\"{error}\", error_description=\"")), "{header}");
    assert_eq!(answer.json()["error"], error);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    // §3: characters of a quoted string that needs no escapes.
    let values: Vec<_> = header.split('"').skip(1).step_by(2).collect();
    let plain = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(values.iter().all(|value| value.bytes().all(plain)), "{header}");
    header
}

/// Row 35: the scheme in any case (RFC 9110 §11.1), any number of spaces behind it.
#[tokio::test]
async fn s2_1_the_authorization_header() {
    let Set { verifier, token, .. } = set_up().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let header = format!("{scheme} {token}");
        let checked = with(&verifier, &[header.as_bytes()]).await.unwrap();
        assert_eq!(checked.client_id().as_str(), "billing", "{scheme}");
    }
    let spaced = format!("Bearer   {token} ");
    assert!(with(&verifier, &[spaced.as_bytes()]).await.is_ok());
}

/// Rows 36 and 40: more than one, or one that is no token at all, is 400.
#[tokio::test]
async fn s3_1_a_malformed_request_is_400() {
    let Set { verifier, token, .. } = set_up().await;
    let good = format!("Bearer {token}");
    let twice: [&[u8]; 2] = [good.as_bytes(), good.as_bytes()];
    challenge(with(&verifier, &twice).await.unwrap_err(), 400, "invalid_request");
    let beside: [&[u8]; 2] = [b"Basic eDp5", good.as_bytes()];
    challenge(with(&verifier, &beside).await.unwrap_err(), 400, "invalid_request");
    for bad in [
        "Bearer",
        "Bearer ",
        "Bearer \t",
        "Bearer a b",
        "Bearer a,b",
        "Bearer \"a\"",
        "Bearer a\r\nb",
        "Bearer a;b",
        "Bearer token=a",
        "Bearer \u{1f512}",
        "Bearer a\0",
        "Bearer *",
    ] {
        match with(&verifier, &[bad.as_bytes()]).await {
            Ok(_) => panic!("{bad:?}"),
            // `=` is a letter of b64token.
            Err(refused) if bad == "Bearer token=a" => drop(challenge(refused, 401, "invalid_token")),
            Err(refused) => drop(challenge(refused, 400, "invalid_request")),
        }
    }
    challenge(with(&verifier, &[b"Bearer \xff\xfe"]).await.unwrap_err(), 400, "invalid_request");
    let listed = format!("Bearer {token}, Bearer {token}");
    challenge(with(&verifier, &[listed.as_bytes()]).await.unwrap_err(), 400, "invalid_request");
}

/// Rows 38 and 39: without credentials, or with those of another scheme, nothing but the scheme.
#[tokio::test]
async fn s3_1_without_a_token_there_is_nothing_but_the_scheme() {
    let Set { verifier, token, .. } = set_up().await;
    let dpop = format!("DPoP {token}");
    let glued = format!("Bearer{token}");
    let none: [&[&[u8]]; 6] =
        [&[], &[b""], &[b"Basic eDp5"], &[dpop.as_bytes()], &[token.as_bytes()], &[glued.as_bytes()]];
    for headers in none {
        let refused = with(&verifier, headers).await.unwrap_err();
        assert_eq!(refused.reason(), Some(Reason::TokenMissing));
        let answer = Answer::of(refused.into_response());
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
        assert_eq!(answer.text(), "");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

/// Rows 38 and 40: a token that is not good is 401, and the caller does not learn why.
#[tokio::test]
async fn s3_1_an_invalid_token_is_401_whatever_is_wrong_with_it() {
    let Set { world, server, secret, verifier, token } = set_up().await;
    let revoked = token_of(&server, "billing", &secret).await;
    assert_eq!(revoke(&server, "billing", &secret, &revoked).await.status, 200);
    let forged =
        Signing::es256().sign_raw(decode(&token).header.to_string(), decode(&token).claims.to_string());
    let mut answers = Vec::new();
    for bad in ["x", "a.b.c", &revoked, &forged] {
        let header = format!("Bearer {bad}");
        let refused = with(&verifier, &[header.as_bytes()]).await.unwrap_err();
        challenge(refused.clone(), 401, "invalid_token");
        answers.push(Answer::of(refused.into_response()));
    }
    world.clock.advance(600);
    let header = format!("Bearer {token}");
    let refused = with(&verifier, &[header.as_bytes()]).await.unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::JwtExpired), "the host does");
    answers.push(Answer::of(refused.into_response()));
    answers.dedup();
    assert_eq!(answers.len(), 1, "byte for byte the same");
}

/// Row 40: what the token lacks is said, and what it has is not.
#[tokio::test]
async fn s3_1_insufficient_scope_is_403_and_names_what_is_needed() {
    let Set { verifier, token, .. } = set_up().await;
    let header = format!("Bearer {token}");
    let token = with(&verifier, &[header.as_bytes()]).await.unwrap();
    assert!(token.require("read").is_ok());
    assert!(token.require("read read").is_ok());
    for needed in ["write", "read write", "Read", "rea", "admin"] {
        let refused = token.require(needed).unwrap_err();
        assert_eq!(refused.reason(), Some(Reason::ScopeInsufficient));
        let header = challenge(refused, 403, "insufficient_scope");
        assert!(header.ends_with(&format!(", scope=\"{needed}\"")), "{header}");
    }
    // A requirement that is none is the application's mistake: it lets no token through, and breaks no header.
    for broken in ["", " ", "\"", "a\"b", "a\r\nX-Injected: 1", "read  write"] {
        let answer = Answer::of(token.require(broken).unwrap_err().into_response());
        assert_eq!((answer.status, answer.header("www-authenticate")), (500, None), "{broken:?}");
    }
}

/// An outage is neither 401 nor 403, and has no challenge: a client would throw its good token away.
#[tokio::test]
async fn s3_an_outage_is_503_without_a_challenge() {
    let world = World::new();
    let tokens = FakeTokens::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
    let server = world.over(stores).build().await.unwrap();
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let verifier = server.access_token_verifier(API).build().unwrap();
    tokens.break_call("find", FakeClaim::Unavailable);
    let header = format!("Bearer {token}");
    let refused = with(&verifier, &[header.as_bytes()]).await.unwrap_err();
    assert_eq!(refused.reason(), None);
    let answer = Answer::of(refused.into_response());
    assert_eq!((answer.status, answer.header("www-authenticate")), (503, None));
    assert!(answer.header("retry-after").is_some());
    tokens.break_call("find", FakeClaim::Corrupt);
    assert_eq!(with(&verifier, &[header.as_bytes()]).await.unwrap_err().status(), 500);
}
