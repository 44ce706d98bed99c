//! Tokens checked in the process of their server: what was revoked or ended is seen at once, unless the host chose to
//! remember.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::event::Reason;
use grantor::resource::AccessTokenVerifier;
use grantor::{AuthorizationServer, ConfigError, Resource, Stores, TokenFormat};
use serde::Deserialize;
use support::*;

const BOOKS: &str = "https://books.example.com";

/// A server of two resources over watched tokens, the client `billing`, and a verifier that remembers for a while.
async fn set_up(
    world: &World,
    format: TokenFormat,
    remember: u64,
) -> (AuthorizationServer, FakeTokens, String, AccessTokenVerifier) {
    let tokens = FakeTokens::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .clock(world.clock.clone())
        .events(world.events.clone())
        .resource(api(format))
        .resource(Resource::new(BOOKS).scopes(["read"]).format(format))
        .default_resource(API)
        .build()
        .await
        .unwrap();
    let secret = world.client("billing").await;
    let verifier =
        server.access_token_verifier(API).remember_for(Duration::from_secs(remember)).build().unwrap();
    (server, tokens, secret, verifier)
}

async fn refusal(verifier: &AccessTokenVerifier, token: &str) -> Reason {
    let refused = verifier.verify(token).await.unwrap_err();
    assert_eq!(refused.status(), 401);
    refused.reason().unwrap()
}

#[derive(Deserialize, PartialEq, Debug)]
struct Registered {
    iss: String,
    sub: String,
    aud: String,
    client_id: String,
    scope: String,
    iat: i64,
    exp: i64,
    jti: String,
}

/// RFC 9068 §2.2: an application reads the same claims, whatever the format of the token.
#[tokio::test]
async fn s4_a_good_token_says_who_may_do_what() {
    for format in FORMATS {
        let world = World::new();
        let (server, _, secret, verifier) = set_up(&world, format, 0).await;
        let answer = send(&server, grant("billing", &secret, &[("scope", "read"), ("resource", API)])).await;
        let token = verifier.verify(&answer.access_token()).await.unwrap();
        let claims: Registered = token.claims().unwrap();
        let jti = token.jti().unwrap().to_string();
        let expected = Registered {
            iss: ISSUER.into(),
            sub: "billing".into(),
            aud: API.into(),
            client_id: "billing".into(),
            scope: "read".into(),
            iat: NOW,
            exp: NOW + 600,
            jti,
        };
        assert_eq!(claims, expected, "{format:?}");
        assert_eq!((token.issued_at(), token.expires_at()), (Some(at(NOW)), at(NOW + 600)));
        assert!(token.require("read").is_ok());
        assert_eq!(token.require("write").unwrap_err().status(), 403);
        let unfit = token.claims::<Vec<String>>().unwrap_err();
        assert_eq!((unfit.status(), unfit.reason()), (401, Some(Reason::TokenClaims)));
    }
}

/// T69: a token is for its resource alone.
#[tokio::test]
async fn s4_t69_a_token_of_another_resource_is_refused() {
    for format in FORMATS {
        for remember in [0, 60] {
            let world = World::new();
            let (server, _, secret, verifier) = set_up(&world, format, remember).await;
            let token = send(&server, grant("billing", &secret, &[("resource", BOOKS)])).await.access_token();
            for _ in 0..2 {
                assert_eq!(refusal(&verifier, &token).await, Reason::TokenAudience, "{format:?}");
            }
            let books = server.access_token_verifier(BOOKS).build().unwrap();
            assert!(books.verify(&token).await.is_ok());
        }
    }
}

#[tokio::test]
async fn s4_a_token_ends_at_its_exp_to_the_second() {
    for format in FORMATS {
        for remember in [0, 60] {
            let world = World::new();
            let (server, _, secret, verifier) = set_up(&world, format, remember).await;
            let token = token_of(&server, "billing", &secret).await;
            world.clock.advance(599);
            assert!(verifier.verify(&token).await.is_ok());
            world.clock.advance(1);
            assert_eq!(refusal(&verifier, &token).await, Reason::JwtExpired, "{format:?} {remember}");
        }
    }
}

/// A verifier is for a declared resource: what nobody gets tokens for cannot be guarded.
#[tokio::test]
async fn s4_an_undeclared_resource_is_a_config_error() {
    let world = World::new();
    let server = world.server().await;
    for bad in ["https://undeclared.example.com", "https://api.example.com/"] {
        let error = server.access_token_verifier(bad).build().unwrap_err();
        assert!(matches!(&error, ConfigError::UndeclaredResource { uri } if uri == bad), "{error}");
    }
    assert!(server.access_token_verifier("no uri").build().is_err());
}

/// Off by default: a revocation, or the end of the client, is seen by the next check.
#[tokio::test]
async fn s6_nothing_is_remembered_by_default() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, secret, verifier) = set_up(&world, format, 0).await;
        let token = token_of(&server, "billing", &secret).await;
        tokens.take_calls();
        for _ in 0..3 {
            assert!(verifier.verify(&token).await.is_ok());
        }
        assert_eq!(tokens.take_calls(), ["find"; 3]);
        assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
        assert_eq!(refusal(&verifier, &token).await, Reason::TokenRevoked);
    }
}

/// The staleness is what was asked for: a revoked token works on until the span ends and not a second longer.
#[tokio::test]
async fn s6_a_revoked_token_works_on_for_the_span_and_not_a_second_longer() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, secret, verifier) = set_up(&world, format, 30).await;
        let token = token_of(&server, "billing", &secret).await;
        tokens.take_calls();
        assert!(verifier.verify(&token).await.is_ok());
        assert_eq!(tokens.take_calls(), ["find"], "{format:?}");
        assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
        tokens.take_calls();
        world.clock.advance(29);
        assert!(verifier.verify(&token).await.is_ok(), "{format:?}: as documented");
        assert_eq!(tokens.take_calls(), Vec::<&str>::new(), "no store is asked");
        inactive(&introspect(&server, "billing", &secret, &token).await, "introspection remembers nothing");
        let other = server.access_token_verifier(API).build().unwrap();
        assert_eq!(refusal(&other, &token).await, Reason::TokenRevoked, "nor does another verifier");
        world.clock.advance(1);
        assert_eq!(refusal(&verifier, &token).await, Reason::TokenRevoked, "{format:?}");
    }
}

/// The span runs from the look into the store and is not drawn out by use.
#[tokio::test]
async fn s6_using_a_token_does_not_draw_the_span_out() {
    for format in FORMATS {
        let world = World::new();
        let (server, _, secret, verifier) = set_up(&world, format, 30).await;
        let token = token_of(&server, "billing", &secret).await;
        assert!(verifier.verify(&token).await.is_ok());
        world.change("billing", |client| client.enabled(false)).await;
        for _ in 0..29 {
            world.clock.advance(1);
            assert!(verifier.verify(&token).await.is_ok());
        }
        world.clock.advance(1);
        assert_eq!(refusal(&verifier, &token).await, Reason::ClientDisabled, "{format:?}");
    }
}

/// A refusal is not remembered, and a clock that goes back ends what was.
#[tokio::test]
async fn s6_refusals_are_not_remembered_and_a_clock_that_goes_back_ends_what_was() {
    for format in FORMATS {
        let world = World::new();
        let (server, tokens, secret, verifier) = set_up(&world, format, 60).await;
        let token = token_of(&server, "billing", &secret).await;
        world.change("billing", |client| client.enabled(false)).await;
        assert_eq!(refusal(&verifier, &token).await, Reason::ClientDisabled);
        world.change("billing", |client| client.enabled(true)).await;
        assert!(verifier.verify(&token).await.is_ok());
        tokens.take_calls();
        world.clock.advance(-1);
        assert!(verifier.verify(&token).await.is_ok());
        assert_eq!(tokens.take_calls(), ["find"], "{format:?}");
    }
}

/// What is remembered says that a token lives and nothing more: signature and audience are judged each time.
#[tokio::test]
async fn s6_a_remembered_token_is_checked_all_the_same() {
    for format in FORMATS {
        let world = World::new();
        let (server, _, secret, verifier) = set_up(&world, format, 60).await;
        let token = token_of(&server, "billing", &secret).await;
        assert!(verifier.verify(&token).await.is_ok());
        for text in misspelled(&token) {
            assert_eq!(verifier.verify(&text).await.unwrap_err().status(), 401, "{text}");
        }
        if format == TokenFormat::Jwt {
            let other = token_of(&server, "billing", &secret).await;
            let mixed =
                format!("{}.{}", token.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
            assert_eq!(refusal(&verifier, &mixed).await, Reason::JwtSignature);
        }
        assert!(verifier.verify(&token).await.is_ok());
    }
}

#[tokio::test]
async fn s6_no_more_than_a_minute_is_remembered() {
    let world = World::new();
    let server = world.server().await;
    for good in [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(60)] {
        assert!(server.access_token_verifier(API).remember_for(good).build().is_ok());
    }
    for bad in
        [Duration::from_secs(61), Duration::from_millis(500), Duration::from_millis(59_999), Duration::MAX]
    {
        let error = server.access_token_verifier(API).remember_for(bad).build().unwrap_err();
        assert!(matches!(error, ConfigError::Limits { .. }) && error.to_string().contains("60"), "{error}");
    }
}
