//! RFC 8707: which resource a token is for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use grantor::{Builder, Resource};
use support::*;

const BOOKS: &str = "https://books.example.com";
const PLAIN: &str = "https://plain.example.com";

/// Two resources that share the scope `read`, and one without scopes.
fn three(world: &World) -> Builder {
    world.builder().resource(Resource::new(BOOKS).scopes(["borrow", "read"])).resource(Resource::new(PLAIN))
}

async fn target_refused(
    world: &World,
    server: &grantor::AuthorizationServer,
    secret: &str,
    more: &[(&str, &str)],
    why: Reason,
) {
    refused(&send(server, grant("demo", secret, more)).await, 400, "invalid_target");
    assert_eq!(world.events.reason(), why, "{more:?}");
}

#[tokio::test]
async fn s2_a_resource_is_an_absolute_uri_without_fragment() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let long = format!("https://{}", "a".repeat(1024));
    for bad in [
        "api.example.com",
        "/api",
        "//api.example.com",
        "https:",
        "https://api.example.com#x",
        "https://api.example.com#",
        "https://api.example.com/ x",
        "https://api.example.com/é",
        "https://api.example.com/%zz",
        "https://api.example.com/\"",
        "https://api.example.com\\",
        ":x",
        long.as_str(),
    ] {
        target_refused(&world, &server, &secret, &[("resource", bad)], Reason::ResourceMalformed).await;
    }
}

#[tokio::test]
async fn s2_an_unknown_resource_is_invalid_target() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for unknown in [
        "https://other.example.com",
        "https://api.example.com/",
        "https://api.example.com?",
        "https://API.example.com",
        "HTTPS://api.example.com",
        "https://api.example.com:443",
        "https://api.example%2Ecom",
        "http://api.example.com",
    ] {
        target_refused(&world, &server, &secret, &[("resource", unknown)], Reason::ResourceUnknown).await;
    }
}

#[tokio::test]
async fn s2_several_resources_are_refused_never_narrowed() {
    let world = World::new();
    let server = three(&world).build().await.unwrap();
    let secret = world.client("demo").await;
    for pair in [[API, BOOKS], [API, API], [API, "https://other.example.com"]] {
        let more = pair.map(|uri| ("resource", uri));
        target_refused(&world, &server, &secret, &more, Reason::ResourceRepeated).await;
    }
    let one_and_an_empty_one = [("resource", ""), ("resource", API)];
    assert_eq!(send(&server, grant("demo", &secret, &one_and_an_empty_one)).await.status, 200);
}

#[tokio::test]
async fn s2_a_resource_that_the_client_may_not_access_is_invalid_target() {
    let world = World::new();
    let server = three(&world).default_resource(BOOKS).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.resources(vec![uri(API)])).await;
    for other in [BOOKS, PLAIN] {
        let more = [("resource", other)];
        target_refused(&world, &server, &secret, &more, Reason::ResourceNotAllowed).await;
    }
    assert_eq!(issued(&server, "demo", &secret, &[]).await.text("aud"), API, "the only one that is its own");
    assert_eq!(issued(&server, "demo", &secret, &[("scope", "read")]).await.text("aud"), API);
}

#[tokio::test]
async fn s2_a_client_without_any_resource_gets_no_token() {
    let world = World::new();
    let server = three(&world).default_resource(API).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.resources(Vec::new())).await;
    target_refused(&world, &server, &secret, &[("resource", API)], Reason::ResourceNotAllowed).await;
    target_refused(&world, &server, &secret, &[], Reason::ResourceUndecided).await;
    let answer = send(&server, grant("demo", &secret, &[("scope", "read")])).await;
    refused(&answer, 400, "invalid_scope");
}

#[tokio::test]
async fn s2_the_resource_asked_for_comes_before_all_else() {
    let world = World::new();
    let server = three(&world).default_resource(BOOKS).build().await.unwrap();
    let secret = world.client("demo").await;
    assert_eq!(issued(&server, "demo", &secret, &[("resource", API)]).await.text("aud"), API);
    let more = [("resource", API), ("scope", "read")];
    assert_eq!(issued(&server, "demo", &secret, &more).await.text("aud"), API);
}

#[tokio::test]
async fn s2_the_scopes_imply_the_resource() {
    let world = World::new();
    let server = three(&world).default_resource(PLAIN).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope("read write borrow"))).await;
    assert_eq!(issued(&server, "demo", &secret, &[("scope", "write")]).await.text("aud"), API);
    assert_eq!(issued(&server, "demo", &secret, &[("scope", "read write")]).await.text("aud"), API);
    assert_eq!(issued(&server, "demo", &secret, &[("scope", "borrow read")]).await.text("aud"), BOOKS);
}

#[tokio::test]
async fn s2_the_default_scope_implies_the_resource() {
    let world = World::new();
    let server = three(&world).default_resource(PLAIN).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope("write"))).await;
    assert_eq!(issued(&server, "demo", &secret, &[]).await.text("aud"), API);
}

#[tokio::test]
async fn s2_the_declared_default_decides_where_scopes_imply_several_or_none() {
    let world = World::new();
    let server = three(&world).default_resource(BOOKS).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope("read write borrow"))).await;
    assert_eq!(issued(&server, "demo", &secret, &[("scope", "read")]).await.text("aud"), BOOKS);
    let token = issued(&server, "demo", &secret, &[]).await;
    assert_eq!((token.text("aud"), token.text("scope")), (BOOKS, "read borrow"));
}

#[tokio::test]
async fn s2_the_only_resource_needs_no_naming() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    assert_eq!(issued(&server, "demo", &secret, &[]).await.text("aud"), API);
}

#[tokio::test]
async fn s2_nothing_that_decides_is_invalid_target() {
    let world = World::new();
    let server = three(&world).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope("read write borrow"))).await;
    target_refused(&world, &server, &secret, &[], Reason::ResourceUndecided).await;
    target_refused(&world, &server, &secret, &[("scope", "read")], Reason::ResourceUndecided).await;
}

#[tokio::test]
async fn s2_2_scope_is_reduced_to_what_the_resource_knows_only_where_none_was_asked() {
    let world = World::new();
    let server = three(&world).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope("read write borrow"))).await;
    let token = issued(&server, "demo", &secret, &[("resource", BOOKS)]).await;
    assert_eq!(token.text("scope"), "read borrow");
    assert!(issued(&server, "demo", &secret, &[("resource", PLAIN)]).await.claims.get("scope").is_none());
    let more = [("resource", BOOKS), ("scope", "read write")];
    refused(&send(&server, grant("demo", &secret, &more)).await, 400, "invalid_scope");
    assert_eq!(world.events.reason(), Reason::ScopeNotOfResource);
    let more = [("resource", PLAIN), ("scope", "read")];
    refused(&send(&server, grant("demo", &secret, &more)).await, 400, "invalid_scope");
}
