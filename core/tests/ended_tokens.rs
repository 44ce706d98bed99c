//! Tokens end with their client (design §6, T82): disabled, deleted, registered anew, or all ended at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use grantor::store::Client;
use grantor::{AuthorizationServer, SystemEntropy, TokenFormat};
use support::*;

/// A server, an introspector's secret and a token of `billing`.
async fn issued_one(world: &World, format: TokenFormat) -> (AuthorizationServer, String, String) {
    let server = world.with_format(format).await;
    let auditor = world.client_with("auditor", |client| client.introspector(true)).await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    lives(world, &server, &auditor, &token).await;
    (server, auditor, token)
}

async fn lives(_world: &World, server: &AuthorizationServer, auditor: &str, token: &str) {
    active(&introspect(server, "auditor", auditor, token).await, "it lives");
    assert!(server.access_token_verifier(API).build().unwrap().verify(token).await.is_ok());
}

/// Inactive to introspection, in both forms, and 401 in this process.
async fn has_ended(world: &World, server: &AuthorizationServer, auditor: &str, token: &str, reason: Reason) {
    let caller = Caller::Basic("auditor", auditor);
    inactive(&asked(server, caller, token).await, format!("{reason:?}"));
    assert_eq!(world.events.last().kind, Kind::Introspected(Some(reason)));
    let request = caller.asks(INTROSPECTION, &[("token", token)]).header("accept", AS_JWT);
    let jwt = decode(&at_path(server, INTROSPECTION, request).await.text());
    assert_eq!(jwt.claims["token_introspection"], serde_json::json!({ "active": false }));
    let refused = server.access_token_verifier(API).build().unwrap().verify(token).await.unwrap_err();
    assert_eq!((refused.status(), refused.reason()), (401, Some(reason)));
}

#[tokio::test]
async fn s6_a_disabled_client_has_no_tokens() {
    for format in FORMATS {
        let world = World::new();
        let (server, auditor, token) = issued_one(&world, format).await;
        world.change("billing", |client| client.enabled(false)).await;
        has_ended(&world, &server, &auditor, &token, Reason::ClientDisabled).await;
        // `clients disable` raises the epoch too, so that enabling brings nothing back.
        world.change("billing", |client| client.enabled(true).token_epoch(1)).await;
        has_ended(&world, &server, &auditor, &token, Reason::TokensEnded).await;
    }
}

#[tokio::test]
async fn s6_t82_a_deleted_client_has_no_tokens() {
    for format in FORMATS {
        let world = World::new();
        let (server, auditor, token) = issued_one(&world, format).await;
        world.delete("billing").await;
        has_ended(&world, &server, &auditor, &token, Reason::ClientUnknown).await;
    }
}

/// A client that is registered anew under the id has nothing of the old one: it begins with an epoch of its own.
#[tokio::test]
async fn s6_t82_a_client_registered_anew_has_nothing_of_the_old_one() {
    for format in FORMATS {
        let world = World::new();
        let (server, auditor, token) = issued_one(&world, format).await;
        world.delete("billing").await;
        let epoch = Client::first_token_epoch(&SystemEntropy::new()).unwrap();
        let secret = world.client_with("billing", |client| client.token_epoch(epoch)).await;
        has_ended(&world, &server, &auditor, &token, Reason::TokensEnded).await;
        let own = token_of(&server, "billing", &secret).await;
        lives(&world, &server, &auditor, &own).await;
        // Not even its new owner can see it.
        inactive(&introspect(&server, "billing", &secret, &token).await, "the namesake");
    }
}

/// When a client was registered is for people: clocks differ, and its tokens are no worse for it.
#[tokio::test]
async fn t103_the_clock_of_a_registration_ends_no_token() {
    for format in FORMATS {
        let world = World::new();
        let (server, auditor, _) = issued_one(&world, format).await;
        let secret = world.client_with("shop", |client| client.created_at(at(NOW + 7200))).await;
        let token = token_of(&server, "shop", &secret).await;
        lives(&world, &server, &auditor, &token).await;
    }
}

#[tokio::test]
async fn s6_a_raised_epoch_ends_all_tokens_and_none_that_come_after() {
    for format in FORMATS {
        let world = World::new();
        let (server, auditor, token) = issued_one(&world, format).await;
        let secret = world.client("shop").await;
        let unharmed = token_of(&server, "shop", &secret).await;
        for epoch in [1, 2, u64::from(u32::MAX)] {
            world.change("billing", |client| client.token_epoch(epoch)).await;
            has_ended(&world, &server, &auditor, &token, Reason::TokensEnded).await;
            lives(&world, &server, &auditor, &unharmed).await;
        }
        let (fresh, credential) = world.secret("billing");
        world.change("billing", |client| client.credential(credential)).await;
        let later = token_of(&server, "billing", fresh.expose()).await;
        lives(&world, &server, &auditor, &later).await;
        // An epoch that went back, by a restored backup, ends what was issued after it too.
        world.change("billing", |client| client.token_epoch(1)).await;
        has_ended(&world, &server, &auditor, &later, Reason::TokensEnded).await;
    }
}

/// Another server over the same stores sees it on its next look.
#[tokio::test]
async fn s6_every_server_of_the_store_sees_it_at_once() {
    for format in FORMATS {
        let world = World::new();
        let (server, auditor, token) = issued_one(&world, format).await;
        let other = world.with_format(format).await;
        lives(&world, &other, &auditor, &token).await;
        world.change("billing", |client| client.enabled(false)).await;
        for server in [&server, &other] {
            has_ended(&world, server, &auditor, &token, Reason::ClientDisabled).await;
        }
    }
}

/// What a client may and holds later changes nothing about a token that it has: the token says what it allows.
#[tokio::test]
async fn s6_rotating_a_secret_or_narrowing_a_scope_ends_no_token() {
    for format in FORMATS {
        let world = World::new();
        let (server, auditor, token) = issued_one(&world, format).await;
        let (_, credential) = world.secret("billing");
        world.change("billing", |client| client.credentials([credential]).scope(scope("read"))).await;
        lives(&world, &server, &auditor, &token).await;
    }
}
