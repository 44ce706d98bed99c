//! Introspection (RFC 7662).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::event::{ErrorCode, Reason};
use grantor::policy::{Issuance, IssuancePolicy, PolicyRefusal, StandardPolicy, Terms};
use grantor::store::GrantType;
use grantor::{Resource, SigningAlgorithm, Stores, TokenFormat, async_trait};
use support::*;

#[tokio::test]
async fn s2_2_the_owner_learns_everything() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client("billing").await;
        let token = send(&server, grant("billing", &secret, &[("scope", "read")])).await.access_token();
        let answer = introspect(&server, "billing", &secret, &token).await;
        let said = active(&answer, format!("{format:?}"));
        assert_eq!(said["client_id"], "billing");
        assert_eq!(said["sub"], "billing");
        assert_eq!(said["iss"], ISSUER);
        assert_eq!(said["aud"], API);
        assert_eq!(said["scope"], "read");
        assert_eq!(said["token_type"], "Bearer");
        assert_eq!(said["iat"], NOW);
        assert_eq!(said["exp"], NOW + 600);
        assert_eq!(said["jti"].as_str().unwrap().len(), 22);
        assert_eq!(said.as_object().unwrap().len(), 10, "and nothing else: {said}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(world.events.last().kind, Kind::Introspected(None));
        assert_eq!(world.events.last().client_id.as_deref(), Some("billing"), "who asked");
    }
}

/// Row 87 and T68: what is true now is for nobody to keep.
#[tokio::test]
async fn s4_t68_answers_are_not_kept() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let caller = Caller::Basic("billing", &secret);
    for answer in [
        asked(&server, caller, &token).await,
        asked(&server, caller, "nonsense").await,
        asked(&server, Caller::Nobody, &token).await,
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
    }
}

#[derive(Debug)]
struct WithTenant;

#[async_trait]
impl IssuancePolicy for WithTenant {
    async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal> {
        let terms = StandardPolicy.decide(issuance).await?;
        Ok(terms.claim("tenant", "blue").claim("active", false).claim("token_type", "DPoP"))
    }
}

/// §2.2: further members are those of the policy, and it cannot speak for the server.
#[tokio::test]
async fn s2_2_the_claims_of_the_policy_are_told_and_none_of_the_servers_own_is_replaced() {
    for format in FORMATS {
        let world = World::new();
        let server = world.bare().resource(api(format)).policy(WithTenant).build().await.unwrap();
        let secret = world.client_with("billing", |client| client.token_epoch(3)).await;
        let token = token_of(&server, "billing", &secret).await;
        let said = active(&introspect(&server, "billing", &secret, &token).await, format!("{format:?}"));
        assert_eq!((said["tenant"].as_str(), said["token_type"].as_str()), (Some("blue"), Some("Bearer")));
        assert!(said.get("grantor_epoch").is_none(), "that is ours alone: {said}");
    }
}

/// Row 78.
#[tokio::test]
async fn s2_1_by_post_only() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "post"] {
        let path = format!("{INTROSPECTION}?token={token}");
        let request = grantor::http::Request::builder(method, &path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", basic("billing", &secret))
            .body(form(&[("token", &token)]));
        let answer = at_path(&server, INTROSPECTION, request).await;
        refused(&answer, 405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
}

/// Row 81.
#[tokio::test]
async fn s2_1_a_token_is_required_once() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let caller = Caller::Basic("billing", &secret);
    for pairs in [
        vec![],
        vec![("token", "")],
        vec![("Token", token.as_str())],
        vec![("access_token", &token)],
        vec![("token", &token), ("token", &token)],
        vec![("token", &token), ("token_type_hint", "x"), ("token_type_hint", "x")],
    ] {
        let answer = at_path(&server, INTROSPECTION, caller.asks(INTROSPECTION, &pairs)).await;
        refused(&answer, 400, "invalid_request");
    }
    // Neither the query nor the header of an API is looked at.
    let request = grantor::http::Request::builder("POST", &format!("{INTROSPECTION}?token={token}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic("billing", &secret))
        .body("x=y");
    refused(&at_path(&server, INTROSPECTION, request).await, 400, "invalid_request");
}

/// Rows 79 and 82.
#[tokio::test]
async fn s2_1_callers_authenticate_by_every_method() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let four = world.four_clients().await;
        for (caller, token) in four.callers().into_iter().zip(four.tokens(&server).await) {
            let said = active(&asked(&server, caller, &token).await, format!("{format:?}"));
            assert_eq!(said["client_id"], decoded_owner(&server, caller, &token).await);
        }
    }
}

async fn decoded_owner(server: &grantor::AuthorizationServer, caller: Caller<'_>, token: &str) -> String {
    let verifier = server.access_token_verifier(API).build().unwrap();
    let id = verifier.verify(token).await.unwrap().client_id().to_string();
    match caller {
        Caller::Basic(own, _) | Caller::Post(own, _) | Caller::Key(own, _) => assert_eq!(own, id),
        Caller::Nobody | Caller::Assertion(_) => {}
    }
    id
}

/// Rows 79 and 85, T73: nobody scans for tokens here without a name.
#[tokio::test]
async fn s2_3_t73_without_credentials_or_with_wrong_ones_it_is_401() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let other = world.client("other").await;
    world.client_with("disabled", |client| client.enabled(false)).await;
    let (key, stranger) = (Signing::es256(), Signing::es256());
    world.key_client("key", &[&key]).await;
    let token = token_of(&server, "billing", &secret).await;
    let good = asked(&server, Caller::Basic("billing", &secret), &token).await;
    assert_eq!(good.status, 200);
    let before = world.events.all().len();
    let wrong = [
        Caller::Nobody,
        Caller::Basic("billing", &other),
        Caller::Basic("nobody", &secret),
        Caller::Basic("billing", ""),
        Caller::Post("billing", &secret),
        Caller::Key("key", &stranger),
        Caller::Key("billing", &key),
        Caller::Assertion(&token),
        Caller::Basic("billing", &token),
    ];
    let mut answers = Vec::new();
    for (nth, caller) in wrong.into_iter().enumerate() {
        let answer = asked(&server, caller, &token).await;
        refused(&answer, 401, "invalid_client");
        assert!(!answer.text().contains("active"), "{nth}");
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "byte for byte the same");
    let bearer = Caller::Nobody.asks(INTROSPECTION, &[("token", &token)]);
    let bearer = bearer.header("authorization", format!("Bearer {token}"));
    refused(&at_path(&server, INTROSPECTION, bearer).await, 401, "invalid_client");
    let told = &world.events.all()[before..];
    assert!(told.iter().all(|event| matches!(event.kind, Kind::Rejected(ErrorCode::InvalidClient, _))));
}

/// Two methods in one request, or another client's id beside the credentials (RFC 6749 §2.3).
#[tokio::test]
async fn s2_1_t47_one_caller_and_one_method() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let caller = Caller::Basic("billing", &secret);
    let both = caller.asks(INTROSPECTION, &[("token", &token), ("client_secret", &secret)]);
    assert!([400, 401].contains(&at_path(&server, INTROSPECTION, both).await.status));
    let other = caller.asks(INTROSPECTION, &[("token", &token), ("client_id", "other")]);
    assert!([400, 401].contains(&at_path(&server, INTROSPECTION, other).await.status));
}

/// No grant is needed to ask: a resource server may be a client without any.
#[tokio::test]
async fn s4_a_resource_server_needs_no_grant() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let api = world
        .client_with("api", |client| client.grant_types(Vec::<GrantType>::new()).serves([uri(API)]))
        .await;
    let token = token_of(&server, "billing", &secret).await;
    active(&asked(&server, Caller::Basic("api", &api), &token).await, "the API");
}

/// Rows 71 and 81: a hint is not needed to find a token, so that none can hide it.
#[tokio::test]
async fn s2_1_a_hint_hides_no_token() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        let caller = Caller::Basic("billing", &secret);
        for hint in
            ["access_token", "refresh_token", "id_token", "pat", "", "*", "'; drop table", "\u{1f512}"]
        {
            let pairs = [("token", token.as_str()), ("token_type_hint", hint)];
            let answer = at_path(&server, INTROSPECTION, caller.asks(INTROSPECTION, &pairs)).await;
            active(&answer, format!("{format:?} {hint}"));
        }
    }
}

/// Rows 80, 83 and 84, T71: the owner, who serves the resource, an introspector; to all others the token is as one that
/// does not exist, byte for byte.
#[tokio::test]
async fn s4_t71_active_for_owner_resource_server_and_introspector_alone() {
    const BOOKS: &str = "https://books.example.com";
    for format in FORMATS {
        let world = World::new();
        let books = Resource::new(BOOKS).scopes(["read"]).format(format);
        let server = world.bare().resource(api(format)).resource(books).build().await.unwrap();
        let owner = world.client("billing").await;
        let serving = world.client_with("api", |client| client.serves([uri(BOOKS), uri(API)])).await;
        let auditor = world.client_with("auditor", |client| client.introspector(true)).await;
        let token = send(&server, grant("billing", &owner, &[("resource", API)])).await.access_token();
        for (id, secret) in [("billing", &owner), ("api", &serving), ("auditor", &auditor)] {
            active(&introspect(&server, id, secret, &token).await, id);
        }
        // With the same scope and resource as the owner, serving another resource or one of nearly the same name.
        let third = world.client("third").await;
        let near = ["https://api.example.com/", "https://API.example.com", "https://api.example.co"];
        let elsewhere = world.client_with("books", |client| client.serves([uri(BOOKS)])).await;
        let nearly = world.client_with("near", |client| client.serves(near.map(uri))).await;
        let namesake = world.client("Billing").await;
        for (id, secret) in
            [("third", &third), ("books", &elsewhere), ("near", &nearly), ("Billing", &namesake)]
        {
            let answer = introspect(&server, id, secret, &token).await;
            inactive(&answer, id);
            assert_eq!(world.events.last().kind, Kind::Introspected(Some(Reason::TokenNotForCaller)), "{id}");
            assert_eq!(answer, introspect(&server, id, secret, "no token at all").await, "{id}");
        }
    }
}

/// Row 83: whatever is no token of ours.
#[tokio::test]
async fn s2_2_what_is_no_token_is_inactive() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client_with("billing", |client| client.introspector(true)).await;
        let long = "a".repeat(40_000);
        let dots = ".".repeat(20_000);
        for text in [
            "x",
            ".",
            "..",
            "...",
            "a.b.c",
            "a.b.c.d.e",
            "*",
            "%",
            "' or 1=1 --",
            "\"",
            "x\r\ny",
            "{}",
            "null",
            "grantor_at_",
            "grantor_at_*",
            "\u{1f512}",
            &long,
            &dots,
            "eyJhbGciOiJub25lIn0.e30.",
        ] {
            inactive(&introspect(&server, "billing", &secret, text).await, format!("{text:.40}"));
        }
    }
}

/// Row 86.
#[tokio::test]
async fn s4_a_token_ends_at_its_exp_to_the_second() {
    for format in FORMATS {
        let world = World::new();
        let resource = api(format).lifetime(Duration::from_secs(60));
        let server = world.bare().resource(resource).build().await.unwrap();
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        world.clock.advance(59);
        active(&introspect(&server, "billing", &secret, &token).await, "the last second");
        for seconds in [1, 1, 1000] {
            world.clock.advance(seconds);
            inactive(&introspect(&server, "billing", &secret, &token).await, format!("{format:?}"));
            assert_eq!(world.events.last().kind, Kind::Introspected(Some(Reason::JwtExpired)));
        }
    }
}

/// The server's keys change: tokens of an earlier key live on, and are told from what nobody signed.
#[tokio::test]
async fn s4_a_token_of_an_older_key_lives_on() {
    let world = World::new();
    let secret = world.client("billing").await;
    let old = token_of(&world.server().await, "billing", &secret).await;
    let newer = world.builder().signing_algorithm(SigningAlgorithm::EdDsa).build().await.unwrap();
    let new = token_of(&newer, "billing", &secret).await;
    assert_ne!(decode(&old).header["kid"], decode(&new).header["kid"]);
    let verifier = newer.access_token_verifier(API).build().unwrap();
    for token in [&old, &new] {
        active(&introspect(&newer, "billing", &secret, token).await, "either");
        assert!(verifier.verify(token).await.is_ok());
    }
    let swapped = format!("{}.{}", new.split_once('.').unwrap().0, old.split_once('.').unwrap().1);
    inactive(
        &introspect(&newer, "billing", &secret, &swapped).await,
        "the header of one, the rest of the other",
    );
}

/// A server that has read its keys long ago knows a token that another one has signed with a new key, once it looks again.
#[tokio::test]
async fn s4_keys_that_another_server_made_are_known_after_a_refresh() {
    let world = World::new();
    let secret = world.client("billing").await;
    let first = world.server().await;
    let second = world.builder().signing_algorithm(SigningAlgorithm::EdDsa).build().await.unwrap();
    let token = token_of(&second, "billing", &secret).await;
    world.clock.advance(61);
    first.maintain().await;
    active(&introspect(&first, "billing", &secret, &token).await, "after the refresh");
}

/// A caller that may ask learns nothing by one client's token in a mixed deployment: every format at every server.
#[tokio::test]
async fn s2_1_one_server_knows_both_formats() {
    let world = World::new();
    let opaque = Resource::new("https://books.example.com").format(TokenFormat::Opaque);
    let server = world.over(Stores::from(world.store.clone())).resource(opaque).build().await.unwrap();
    let secret = world.client("billing").await;
    for resource in [API, "https://books.example.com"] {
        let token = send(&server, grant("billing", &secret, &[("resource", resource)])).await.access_token();
        let said = active(&introspect(&server, "billing", &secret, &token).await, resource);
        assert_eq!(said["aud"], resource);
    }
}
