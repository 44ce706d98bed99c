//! What the extractors, the guard and the metadata route promise, over real sockets. Shared with `grantor-actix`, which serves the
//! same routes.

use std::sync::atomic::Ordering;

use crate::world::{API, Log, OTHER, World, bearer};

/// Every route that takes a token: each extractor, and the guard before a handler that takes none.
const GUARDED: [&str; 6] = ["/token", "/required", "/scoped", "/claims", "/together", "/guarded"];
const METADATA: &str = "https://api.example.com/.well-known/oauth-protected-resource/v1";

#[tokio::test]
async fn rfc6750_s2_1_a_token_in_the_authorization_header_opens_every_route() {
    let world = World::new().await;
    let token = world.token("read write").await;
    for path in GUARDED {
        let answer = world.get(path, &token).await;
        assert_eq!((answer.status, &answer.challenges[..]), (200, &[][..]), "{path}: {answer:?}");
    }
    assert_eq!(world.get("/token", &token).await.body, "billing: read write");
    // RFC 9110 §11.1: the scheme is compared without case.
    assert_eq!(world.send("GET", "/token", &format!("authorization: bEARER {token}\r\n")).await.status, 200);
}

#[tokio::test]
async fn rfc6750_s3_1_without_a_token_nothing_but_the_scheme_and_the_place_of_the_metadata() {
    let world = World::new().await;
    for path in GUARDED {
        for headers in ["", "Authorization: Basic eDp5\r\n", "Authorization: DPoP abc\r\n"] {
            let answer = world.send("GET", path, headers).await;
            assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{path} {headers}: {answer:?}");
            assert_eq!(answer.challenge(), format!("Bearer resource_metadata=\"{METADATA}\""));
        }
    }
    assert_eq!(world.send("GET", "/crossed", "").await.status, 401);
    assert_eq!(world.api.handled.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn rfc6750_s2_3_a_token_in_url_or_body_is_not_looked_at() {
    let world = World::new().await;
    let token = world.token("read write").await;
    for path in GUARDED {
        let answer = world.send("GET", &format!("{path}?access_token={token}"), "").await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{path}: {answer:?}");
    }
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = world.send_with("POST", "/guarded", form, &format!("access_token={token}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{answer:?}");
}

#[tokio::test]
async fn rfc6750_s3_1_what_is_malformed_or_came_twice_is_400() {
    let world = World::new().await;
    let token = world.token("read write").await;
    let twice = bearer(&token).repeat(2);
    let beside = format!("{}Authorization: Basic eDp5\r\n", bearer(&token));
    let malformed =
        ["Authorization: Bearer\r\n", "Authorization: Bearer a b\r\n", "Authorization: Bearer a,b\r\n"];
    for headers in malformed.into_iter().chain([twice.as_str(), beside.as_str()]) {
        for path in GUARDED.into_iter().chain(["/optional"]) {
            let answer = world.send("GET", path, headers).await;
            assert_eq!(answer.status, 400, "{path} {headers}: {answer:?}");
            assert!(answer.challenge().starts_with("Bearer error=\"invalid_request\""), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn rfc9068_s4_t69_t74_what_is_not_valid_here_is_401_everywhere() {
    let world = World::new().await;
    let revoked = world.token("read write").await;
    world.revoke(&revoked).await;
    let of_other = world.token_for(OTHER, "read write").await;
    let good = world.token("read write").await;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let stripped = format!("{head}.");
    let (protected, _) = head.split_once('.').unwrap();
    let swapped = format!("{protected}.{}.{signature}", of_other.split('.').nth(1).unwrap());
    for token in
        [&revoked, &of_other, &forged, &stripped, &swapped, "eyJ0eXAiOiJhdCtqd3QifQ.e30.AAAA", "nonsense"]
    {
        for path in GUARDED.into_iter().chain(["/optional"]) {
            let answer = world.get(path, token).await;
            assert_eq!(answer.status, 401, "{path} {token}: {answer:?}");
            assert!(answer.challenge().starts_with("Bearer error=\"invalid_token\""), "{answer:?}");
            assert!(answer.challenge().ends_with(&format!("resource_metadata=\"{METADATA}\"")), "{answer:?}");
            assert!(answer.body.contains("\"error\":\"invalid_token\""), "{answer:?}");
        }
    }
    assert_eq!(world.get("/token", &good).await.status, 200);
    // What was checked for one resource says nothing at another, in one request too.
    assert_eq!(world.get("/crossed", &good).await.status, 401);
    assert_eq!(world.get("/crossed", &of_other).await.status, 401);
}

#[tokio::test]
async fn rfc9068_s4_a_token_ends_with_its_time() {
    let world = World::new().await;
    let token = world.token("read write").await;
    world.clock.advance(599);
    assert_eq!(world.get("/guarded", &token).await.status, 200);
    world.clock.advance(1);
    for path in GUARDED {
        let answer = world.get(path, &token).await;
        assert!(answer.challenge().starts_with("Bearer error=\"invalid_token\""), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn s6_a_token_of_a_disabled_client_ends_at_once() {
    let world = World::new().await;
    let token = world.token("read write").await;
    assert_eq!(world.get("/token", &token).await.status, 200);
    world.disable().await;
    for path in GUARDED {
        assert_eq!(world.get(path, &token).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn rfc6750_s3_1_a_token_without_the_scope_is_403_and_learns_which() {
    let world = World::new().await;
    let token = world.token("read").await;
    for (path, needed) in
        [("/required", "write"), ("/scoped", "read write"), ("/guarded", "write"), ("/together", "write")]
    {
        let answer = world.get(path, &token).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
        assert!(answer.challenge().starts_with("Bearer error=\"insufficient_scope\""), "{answer:?}");
        assert!(answer.challenge().contains(&format!("scope=\"{needed}\"")), "{answer:?}");
        assert!(answer.challenge().contains(METADATA), "{answer:?}");
    }
    assert_eq!(world.api.handled.load(Ordering::SeqCst), 0, "no handler behind the guard ran");
    assert_eq!(world.get("/token", &token).await.body, "billing: read");
}

#[tokio::test]
async fn what_a_route_asks_for_and_is_no_scope_is_our_fault() {
    let world = World::new().await;
    let answer = world.get("/misspelt", &world.token("read write").await).await;
    assert_eq!((answer.status, answer.challenges.len()), (500, 0), "{answer:?}");
}

#[tokio::test]
async fn rfc9068_s4_claims_come_in_the_applications_own_struct_or_the_token_is_refused() {
    let world = World::new().await;
    let token = world.token("read").await;
    assert_eq!(world.get("/claims", &token).await.body, "acme");
    let answer = world.get("/absent-claim", &token).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.challenge().starts_with("Bearer error=\"invalid_token\""), "{answer:?}");
    assert!(!answer.body.contains("absent"), "{answer:?}");
}

#[tokio::test]
async fn an_optional_token_may_be_left_out_and_not_be_bad() {
    let world = World::new().await;
    let token = world.token("read").await;
    assert_eq!(world.send("GET", "/optional", "").await.body, "nobody");
    assert_eq!(world.send("GET", "/optional", "Authorization: Basic eDp5\r\n").await.body, "nobody");
    assert_eq!(world.get("/optional", &token).await.body, "billing");
    world.revoke(&token).await;
    assert_eq!(world.get("/optional", &token).await.status, 401);
}

#[tokio::test]
async fn a_token_is_checked_once_for_a_request() {
    let world = World::new().await;
    let token = world.token("read write").await;
    let before = world.finds.load(Ordering::SeqCst);
    let answer = world.get("/together", &token).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "billing acme read"), "{answer:?}");
    assert_eq!(world.finds.load(Ordering::SeqCst) - before, 1, "one guard, three extractors");
    let _ = world.get("/together", &token).await;
    assert_eq!(world.finds.load(Ordering::SeqCst) - before, 2, "and again for the next request");
}

#[tokio::test]
async fn the_guard_stands_before_every_method() {
    let world = World::new().await;
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = world.send(method, "/guarded", "").await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{method}: {answer:?}");
        assert!(answer.challenge().starts_with("Bearer"), "{method}: {answer:?}");
    }
    let answer = world.send("HEAD", "/guarded", &bearer("nonsense")).await;
    assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{answer:?}");
    assert_eq!(world.api.handled.load(Ordering::SeqCst), 0);
    let token = world.token("write").await;
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(world.send(method, "/guarded", &bearer(&token)).await.status, 200, "{method}");
    }
    assert_eq!(world.api.handled.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn rfc9728_s3_the_metadata_is_where_the_challenge_says() {
    let world = World::new().await;
    let path = METADATA.strip_prefix("https://api.example.com").unwrap();
    let answer = world.send("GET", path, "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.contains("content-type: application/json"), "{answer:?}");
    let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    // §3.3: what it says of itself is what the URL was made of.
    assert_eq!(said["resource"], API);
    assert_eq!(said["authorization_servers"], serde_json::json!(["https://auth.example.com"]));
    assert_eq!(said["scopes_supported"], serde_json::json!(["read", "write"]));
    assert_eq!(said["bearer_methods_supported"], serde_json::json!(["header"]));
    let head = world.send("HEAD", path, "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""), "{head:?}");
    for method in ["POST", "OPTIONS", "DELETE"] {
        let answer = world.send(method, path, "").await;
        assert_eq!(answer.status, 405, "{method}: {answer:?}");
        assert!(answer.head.contains("allow: get, head"), "{method}: {answer:?}");
    }
    let unpublished = world.send("GET", "/.well-known/oauth-protected-resource", "").await;
    assert_eq!(unpublished.status, 404, "{OTHER} does not publish its own");
}

#[tokio::test]
async fn t95_no_log_holds_a_token() {
    let log = Log::of_the_process();
    let world = World::new().await;
    let (good, revoked, narrow) =
        (world.token("read write").await, world.token("read").await, world.token("read").await);
    world.revoke(&revoked).await;
    let of_other = world.token_for(OTHER, "read").await;
    for token in [&good, &revoked, &narrow, &of_other] {
        for path in GUARDED.into_iter().chain(["/optional", "/absent-claim", "/crossed"]) {
            let answer = world.get(path, token).await;
            assert!(!format!("{answer:?}").contains(token.as_str()));
        }
    }
    let text = log.text();
    for reason in ["token_revoked", "token_audience", "scope_insufficient", "token_claims"] {
        assert!(text.contains(reason), "{reason} is told at all: {text}");
    }
    for token in [&good, &revoked, &narrow, &of_other] {
        let signature = token.rsplit_once('.').unwrap().1;
        assert!(!text.contains(signature) && !text.contains("acme"), "{text}");
    }
}
