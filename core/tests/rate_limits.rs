//! Brakes on guessing (T55; RFC 6749 §2.3.1), by the limiter in memory and a clock that the test moves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use grantor::event::Reason;
use grantor::http::{Request, RequestBuilder};
use grantor::store::{InitialAccess, InitialAccessStore, Insert};
use grantor::{AuthorizationServer, Budget, RateLimits, SystemEntropy};
use grantor_storage_memory::MemoryRateLimiter;
use support::*;

const HERE: &str = "192.0.2.1";

/// A server with these limits, on the clock of the world.
async fn limited(world: &World, limits: RateLimits) -> AuthorizationServer {
    let limiter = MemoryRateLimiter::new(limits).clock(Arc::new(world.clock.clone()));
    world.builder().rate_limiter(limiter).build().await.unwrap()
}

fn from(address: &str, request: RequestBuilder) -> RequestBuilder {
    let address: IpAddr = address.parse().unwrap();
    request.peer(Some(SocketAddr::new(address, 40_000)))
}

async fn asked(server: &AuthorizationServer, address: &str, id: &str, secret: &str) -> Answer {
    send(server, from(address, grant(id, secret, &[]))).await
}

/// 429, and when to come back.
fn braked(world: &World, answer: &Answer) -> u64 {
    refused(answer, 429, "temporarily_unavailable");
    assert_eq!(world.events.reason(), Reason::RateLimited);
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1);
    seconds
}

#[tokio::test]
async fn t55_after_fifty_wrong_secrets_the_right_one_gets_in_within_8_seconds() {
    let world = World::new();
    let server = limited(&world, RateLimits::default()).await;
    let (secret, wrong) = (world.client("demo").await, world.secret("demo").0);
    for _ in 0..20 {
        refused(&asked(&server, HERE, "demo", wrong.expose()).await, 401, "invalid_client");
    }
    for _ in 20..50 {
        assert_eq!(braked(&world, &asked(&server, HERE, "demo", wrong.expose()).await), 1);
    }
    let wait = braked(&world, &asked(&server, HERE, "demo", &secret).await);
    world.clock.advance(i64::try_from(wait).unwrap());
    assert_eq!(asked(&server, HERE, "demo", &secret).await.status, 200, "when it was told to come back");
    assert_eq!(asked(&server, HERE, "demo", &secret).await.status, 200, "who gets it right is not braked");
    refused(&asked(&server, HERE, "demo", wrong.expose()).await, 401, "invalid_client");
    braked(&world, &asked(&server, HERE, "demo", &secret).await);
    world.clock.advance(8);
    assert_eq!(asked(&server, HERE, "demo", &secret).await.status, 200);
}

#[tokio::test]
async fn t55_who_fails_as_a_client_from_elsewhere_keeps_neither_it_nor_others_out() {
    let world = World::new();
    let server = limited(&world, RateLimits::default()).await;
    let (demo, other) = (world.client("demo").await, world.client("other").await);
    let wrong = world.secret("demo").0;
    for attacker in [HERE, "2001:db8::1"] {
        for _ in 0..50 {
            asked(&server, attacker, "demo", wrong.expose()).await;
        }
        braked(&world, &asked(&server, attacker, "demo", wrong.expose()).await);
        assert_eq!(asked(&server, attacker, "other", &other).await.status, 200, "another client from there");
    }
    for peer in ["192.0.2.2", "2001:db8:0:1::1", "127.0.0.1"] {
        assert_eq!(asked(&server, peer, "demo", &demo).await.status, 200, "{peer}");
    }
    // One network takes turns with its addresses.
    for same in ["2001:db8::2", "2001:db8::ffff:ffff:ffff:ffff", "::ffff:192.0.2.1"] {
        braked(&world, &asked(&server, same, "demo", wrong.expose()).await);
    }
}

#[tokio::test]
async fn t55_failures_count_at_every_endpoint_that_authenticates() {
    let world = World::new();
    let server =
        limited(&world, RateLimits::default().with_failures(Budget::new(4, Duration::from_secs(60)))).await;
    let secret = world.client("demo").await;
    for _ in 0..2 {
        let asks = from(HERE, introspection("demo", "wrong", &[("token", "x")]));
        refused(&Answer::of(server.introspect(asks.build()).await), 401, "invalid_client");
        let ends = from(HERE, revocation("demo", "wrong", &[("token", "x")]));
        refused(&Answer::of(server.revoke(ends.build()).await), 401, "invalid_client");
    }
    assert_eq!(braked(&world, &asked(&server, HERE, "demo", &secret).await), 60);
    let asks = from(HERE, introspection("demo", &secret, &[("token", "x")]));
    refused(&Answer::of(server.introspect(asks.build()).await), 429, "temporarily_unavailable");
    let ends = from(HERE, revocation("demo", &secret, &[("token", "x")]));
    refused(&Answer::of(server.revoke(ends.build()).await), 429, "temporarily_unavailable");
}

#[tokio::test]
async fn t55_an_assertion_that_is_shown_again_and_again_is_braked() {
    let world = World::new();
    let server =
        limited(&world, RateLimits::default().with_failures(Budget::new(3, Duration::from_secs(1)))).await;
    let key = Signing::es256();
    world.key_client("demo", &[&key]).await;
    let once = Assertion::of("demo").sign(&key);
    let show = async |assertion: &str| send(&server, from(HERE, assert_with(assertion, &[]))).await;
    assert_eq!(show(&once).await.status, 200);
    for _ in 0..3 {
        refused(&show(&once).await, 401, "invalid_client");
    }
    braked(&world, &show(&once).await);
    let fresh = Assertion::of("demo").claim("jti", "another").sign(&key);
    braked(&world, &show(&fresh).await);
    world.clock.advance(1);
    assert_eq!(show(&fresh).await.status, 200, "what was braked was not spent");
}

#[tokio::test]
async fn t55_whom_the_adapter_cannot_tell_apart_nobody_limits() {
    let world = World::new();
    let server = limited(&world, RateLimits::default()).await;
    let secret = world.client("demo").await;
    for _ in 0..50 {
        refused(&send(&server, grant("demo", "wrong", &[])).await, 401, "invalid_client");
    }
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
}

#[tokio::test]
async fn t55_successes_are_limited_only_where_attempts_are() {
    let world = World::new();
    let secret = world.client("demo").await;
    let server = limited(&world, RateLimits::default()).await;
    for _ in 0..100 {
        assert_eq!(asked(&server, HERE, "demo", &secret).await.status, 200);
    }
    let attempts = Budget::new(5, Duration::from_secs(2));
    let server = limited(&world, RateLimits::default().with_attempts(attempts)).await;
    for _ in 0..5 {
        assert_eq!(asked(&server, HERE, "demo", &secret).await.status, 200);
    }
    for _ in 0..10 {
        assert_eq!(braked(&world, &asked(&server, HERE, "demo", &secret).await), 2);
    }
    world.clock.advance(2);
    assert_eq!(asked(&server, HERE, "demo", &secret).await.status, 200);
    braked(&world, &asked(&server, HERE, "demo", &secret).await);
}

/// What others get wrong behind one address keeps nobody from registering, and is no reason to keep out who shows nothing at all.
#[tokio::test]
async fn t55_behind_one_address_a_stored_initial_access_token_is_a_source_of_its_own() {
    let world = World::new();
    let limits = RateLimits::default().with_failures(Budget::new(3, Duration::from_secs(1)));
    let limiter = MemoryRateLimiter::new(limits).clock(Arc::new(world.clock.clone()));
    let server = world.open().rate_limiter(limiter).build().await.unwrap();
    let (token, access) = InitialAccess::issue(&SystemEntropy::new()).unwrap();
    assert_eq!(
        InitialAccessStore::insert(&world.store, &access.build().unwrap()).await.unwrap(),
        Insert::Done
    );
    let register = async |bearer: Option<&str>| {
        let request = Request::builder("POST", REGISTER).header("content-type", "application/json");
        let request = from(HERE, request);
        let request = bearer
            .into_iter()
            .fold(request, |request, bearer| request.header("authorization", format!("Bearer {bearer}")));
        Answer::of(server.register(request.body("{}").build()).await).status
    };
    for _ in 0..10 {
        assert_eq!(register(None).await, 401, "nothing was guessed");
    }
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(register(Some("wrong")).await);
    }
    assert_eq!(answers, [401, 401, 401, 429, 429]);
    assert_eq!(register(Some(token.expose())).await, 201, "whose failures those were");
    assert_eq!(
        register(Some(INITIAL)).await,
        429,
        "the token of the configuration shares its source with them"
    );
    world.clock.advance(1);
    assert_eq!(register(Some(INITIAL)).await, 201);
}
