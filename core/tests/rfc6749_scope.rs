//! RFC 6749 §3.3: scope, by the rules of the built-in policy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use grantor::{AuthorizationServer, Resource};
use support::*;

const BOOKS: &str = "https://books.example.com";
const PLAIN: &str = "https://plain.example.com";

/// The scope of a token, which must be the one that the answer tells.
async fn granted(server: &AuthorizationServer, secret: &str, more: &[(&str, &str)]) -> String {
    let answer = send(server, grant("demo", secret, more)).await;
    assert_eq!(answer.status, 200, "{more:?}: {answer:?}");
    let (json, token) = (answer.json(), verified(server, &answer.access_token()).await);
    assert_eq!(json.get("scope"), token.claims.get("scope"), "the answer tells what the token says");
    json["scope"].as_str().unwrap_or_default().to_owned()
}

async fn scope_refused(world: &World, server: &AuthorizationServer, secret: &str, asked: &str, why: Reason) {
    let answer = send(server, grant("demo", secret, &[("scope", asked)])).await;
    refused(&answer, 400, "invalid_scope");
    assert_eq!(world.events.reason(), why, "{asked:?}");
}

#[tokio::test]
async fn s3_3_the_grammar_is_held() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for bad in
        [" ", " read", "read ", "read  write", "re\"ad", "re\\ad", "read\t", "read\n", "réad", "\u{7f}"]
    {
        scope_refused(&world, &server, &secret, bad, Reason::ScopeMalformed).await;
    }
}

#[tokio::test]
async fn s3_3_every_character_of_the_grammar_is_taken() {
    let world = World::new();
    let token: String =
        (0x21..0x7f_u8).filter(|byte| !matches!(byte, b'"' | b'\\')).map(char::from).collect();
    let server = world.bare().resource(Resource::new(API).scopes([token.as_str()])).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope(&token))).await;
    assert_eq!(granted(&server, &secret, &[("scope", &token)]).await, token);
}

#[tokio::test]
async fn s3_3_scope_is_case_sensitive() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    scope_refused(&world, &server, &secret, "READ", Reason::ScopeUnknown).await;
    scope_refused(&world, &server, &secret, "read Write", Reason::ScopeUnknown).await;
}

#[tokio::test]
async fn s3_3_order_and_repeats_mean_nothing() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for asked in ["read write", "write read", "write read write read"] {
        let mut tokens: Vec<_> =
            granted(&server, &secret, &[("scope", asked)]).await.split(' ').map(str::to_owned).collect();
        tokens.sort();
        assert_eq!(tokens, ["read", "write"], "{asked}");
    }
}

#[tokio::test]
async fn s3_3_the_granted_scope_is_always_told() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    assert_eq!(granted(&server, &secret, &[]).await, "read write");
    assert_eq!(granted(&server, &secret, &[("scope", "read")]).await, "read");
    assert_eq!(granted(&server, &secret, &[("scope", "read write")]).await, "read write");
}

#[tokio::test]
async fn s3_3_no_scope_is_the_whole_registered_scope() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.scope(scope("write"))).await;
    assert_eq!(granted(&server, &secret, &[]).await, "write");
}

#[tokio::test]
async fn s3_3_no_scope_is_the_default_scope_where_the_operator_narrowed_it() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.default_scope(scope("read"))).await;
    assert_eq!(granted(&server, &secret, &[]).await, "read");
    assert_eq!(granted(&server, &secret, &[("scope", "write")]).await, "write", "more must be asked for");
}

#[tokio::test]
async fn s3_3_no_scope_and_no_default_is_invalid_scope() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.default_scope(scope(""))).await;
    let answer = send(&server, grant("demo", &secret, &[])).await;
    refused(&answer, 400, "invalid_scope");
    assert_eq!(world.events.reason(), Reason::ScopeEmpty);
    assert_eq!(granted(&server, &secret, &[("scope", "read")]).await, "read");
}

#[tokio::test]
async fn s3_3_a_client_without_scope_gets_none_where_there_are_some() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.scope(scope(""))).await;
    refused(&send(&server, grant("demo", &secret, &[])).await, 400, "invalid_scope");
    scope_refused(&world, &server, &secret, "read", Reason::ScopeNotRegistered).await;
}

#[tokio::test]
async fn s3_3_a_resource_without_scopes_gives_tokens_without_scope() {
    let world = World::new();
    let server = world.bare().resource(Resource::new(PLAIN)).build().await.unwrap();
    let secret = world.client("demo").await;
    let answer = send(&server, grant("demo", &secret, &[])).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("scope").is_none(), "an empty scope is left out, since the grammar has none");
    assert!(verified(&server, &answer.access_token()).await.claims.get("scope").is_none());
    scope_refused(&world, &server, &secret, "read", Reason::ScopeUnknown).await;
}

#[tokio::test]
async fn s3_3_unknown_scopes_are_refused_never_dropped() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.scope(scope("read write admin"))).await;
    scope_refused(&world, &server, &secret, "admin", Reason::ScopeUnknown).await;
    scope_refused(&world, &server, &secret, "read admin", Reason::ScopeUnknown).await;
    assert_eq!(granted(&server, &secret, &[]).await, "read write", "what no resource knows is not granted");
}

#[tokio::test]
async fn s3_3_unregistered_scopes_are_refused_never_dropped() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.scope(scope("read"))).await;
    scope_refused(&world, &server, &secret, "write", Reason::ScopeNotRegistered).await;
    scope_refused(&world, &server, &secret, "read write", Reason::ScopeNotRegistered).await;
    assert_eq!(granted(&server, &secret, &[]).await, "read");
}

#[tokio::test]
async fn s3_3_scopes_that_span_resources_are_invalid_scope() {
    let world = World::new();
    let server = world
        .builder()
        .resource(Resource::new(BOOKS).scopes(["borrow", "read"]))
        .default_resource(API)
        .build()
        .await
        .unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope("read write borrow"))).await;
    scope_refused(&world, &server, &secret, "write borrow", Reason::ScopeSpansResources).await;
    let more = [("scope", "borrow"), ("resource", API)];
    refused(&send(&server, grant("demo", &secret, &more)).await, 400, "invalid_scope");
    assert_eq!(world.events.reason(), Reason::ScopeNotOfResource);
    assert_eq!(granted(&server, &secret, &[]).await, "read write", "of the default what the resource knows");
}

async fn with_default_scopes(world: &World) -> AuthorizationServer {
    world
        .builder()
        .resource(Resource::new(BOOKS).scopes(["borrow"]))
        .default_resource(BOOKS)
        .resource_default_scope(true)
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn s3_3_dot_default_is_all_that_the_client_holds_there() {
    let world = World::new();
    let server = with_default_scopes(&world).await;
    let change = |client: grantor::store::ClientBuilder| {
        client.scope(scope("read write borrow")).default_scope(scope("read"))
    };
    let secret = world.client_with("demo", change).await;
    let all = format!("{API}/.default");
    assert_eq!(granted(&server, &secret, &[("scope", &all)]).await, "read write");
    assert_eq!(issued(&server, "demo", &secret, &[("scope", &all)]).await.text("aud"), API);
    let both = [("scope", all.as_str()), ("resource", API)];
    assert_eq!(granted(&server, &secret, &both).await, "read write");
    let twice = format!("{all} {all}");
    assert_eq!(granted(&server, &secret, &[("scope", &twice)]).await, "read write");
}

#[tokio::test]
async fn s3_3_dot_default_of_another_resource_than_asked_is_invalid_target() {
    let world = World::new();
    let server = with_default_scopes(&world).await;
    let secret = world.client_with("demo", |client| client.scope(scope("read borrow"))).await;
    for (asked, resource) in
        [(format!("{API}/.default"), Some(BOOKS)), ("https://other.example.com/.default".to_owned(), None)]
    {
        let mut more = vec![("scope", asked.as_str())];
        more.extend(resource.map(|uri| ("resource", uri)));
        refused(&send(&server, grant("demo", &secret, &more)).await, 400, "invalid_target");
    }
}

#[tokio::test]
async fn s3_3_dot_default_beside_other_scopes_is_invalid_scope_in_any_order() {
    let world = World::new();
    let server = with_default_scopes(&world).await;
    let secret = world.client("demo").await;
    for asked in [format!("{API}/.default read"), format!("read {API}/.default")] {
        scope_refused(&world, &server, &secret, &asked, Reason::ScopeUnknown).await;
    }
}

#[tokio::test]
async fn s3_3_dot_default_where_the_client_holds_nothing_is_invalid_scope() {
    let world = World::new();
    let server = with_default_scopes(&world).await;
    let secret = world.client("demo").await;
    let asked = format!("{BOOKS}/.default");
    scope_refused(&world, &server, &secret, &asked, Reason::ScopeEmpty).await;
}

#[tokio::test]
async fn s3_3_dot_default_means_nothing_unless_switched_on() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let asked = format!("{API}/.default");
    scope_refused(&world, &server, &secret, &asked, Reason::ScopeUnknown).await;
}

#[tokio::test]
async fn s3_3_a_scope_of_a_resource_that_is_not_the_clients_is_refused_and_named_so() {
    let world = World::new();
    let server = world.builder().resource(Resource::new(BOOKS).scopes(["borrow"])).build().await.unwrap();
    let change =
        |client: grantor::store::ClientBuilder| client.scope(scope("read borrow")).resources(vec![uri(API)]);
    let secret = world.client_with("demo", change).await;
    scope_refused(&world, &server, &secret, "borrow", Reason::ResourceNotAllowed).await;
    scope_refused(&world, &server, &secret, "read borrow", Reason::ScopeSpansResources).await;
    assert_eq!(granted(&server, &secret, &[]).await, "read");
}
