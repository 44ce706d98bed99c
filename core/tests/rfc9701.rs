//! Introspection answers as JWT (RFC 9701).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::{FaultKind, Reason};
use grantor::http::Request;
use grantor::store::{Client, ClientRegistry, Insert, Revision};
use grantor::{AuthorizationServer, PublicKeySet, Resource, SigningAlgorithm};
use serde_json::{Value, json};
use support::*;

async fn as_jwt(server: &AuthorizationServer, caller: Caller<'_>, token: &str) -> Answer {
    let request = caller.asks(INTROSPECTION, &[("token", token)]).header("accept", AS_JWT);
    at_path(server, INTROSPECTION, request).await
}

fn is_jwt(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some(AS_JWT));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
}

/// Rows 88 and 89.
#[tokio::test]
async fn s5_a_jwt_of_its_own_type_for_its_caller_alone() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client("billing").await;
        let api = world.client_with("api", |client| client.serves([uri(API)])).await;
        let token = token_of(&server, "billing", &secret).await;
        world.clock.advance(5);
        let answer = as_jwt(&server, Caller::Basic("api", &api), &token).await;
        is_jwt(&answer);
        let jwt = verified(&server, &answer.text()).await;
        assert_eq!(jwt.header["typ"], "token-introspection+jwt");
        assert_eq!(jwt.header["alg"], "ES256");
        let mut header: Vec<_> = jwt.header.as_object().unwrap().keys().map(String::as_str).collect();
        header.sort_unstable();
        assert_eq!(header, ["alg", "kid", "typ"]);
        let mut names: Vec<_> = jwt.claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["aud", "iat", "iss", "token_introspection"],
            "no sub, exp, jti or client_id at the top"
        );
        assert_eq!((jwt.text("iss"), jwt.text("aud")), (ISSUER, "api"));
        assert_eq!(jwt.number("iat"), NOW + 5, "of the answer and not of the token");
        let said = &jwt.claims["token_introspection"];
        assert_eq!((said["active"].as_bool(), said["iat"].as_i64()), (Some(true), Some(NOW)));
        assert_eq!(world.events.last().kind, Kind::Introspected(None));
    }
}

/// Row 89, T72: one decision, one serializer. For every caller, and of every token, both forms say the same.
#[tokio::test]
async fn s5_t72_both_forms_say_the_same_to_every_caller() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let (owner, third) = (world.client("billing").await, world.client("third").await);
        let api = world.client_with("api", |client| client.serves([uri(API)])).await;
        let auditor = world.client_with("auditor", |client| client.introspector(true)).await;
        let live = token_of(&server, "billing", &owner).await;
        let revoked = token_of(&server, "billing", &owner).await;
        assert_eq!(revoke(&server, "billing", &owner, &revoked).await.status, 200);
        let callers = [("billing", &owner), ("api", &api), ("auditor", &auditor), ("third", &third)];
        let mut seen = 0;
        for (id, secret) in callers {
            for token in [live.as_str(), &revoked, "nonsense", &misspelled(&live)[0]] {
                let caller = Caller::Basic(id, secret);
                let plain = asked(&server, caller, token).await;
                let answer = as_jwt(&server, caller, token).await;
                is_jwt(&answer);
                let jwt = verified(&server, &answer.text()).await;
                assert_eq!(jwt.claims["token_introspection"], plain.json(), "{id} {token}");
                assert_eq!(jwt.text("aud"), id);
                let expected = id != "third" && token == live;
                assert_eq!(plain.json()["active"], expected, "{id} {token}");
                if !expected {
                    inactive(&plain, id);
                    assert_eq!(jwt.claims["token_introspection"], json!({ "active": false }));
                    assert_eq!(jwt.claims.as_object().unwrap().len(), 4);
                }
                seen += usize::from(expected);
            }
        }
        assert_eq!(seen, 3);
    }
}

/// §4: only where it is asked for. A refusal is plain JSON either way (RFC 7662 §2.3).
#[tokio::test]
async fn s4_json_unless_a_jwt_is_asked_for() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let caller = Caller::Basic("billing", &secret);
    for accept in ["*/*", "application/*", "application/json", "application/jwt", "", "text/html", "\u{fffd}"]
    {
        let request = caller.asks(INTROSPECTION, &[("token", &token)]).header("accept", accept);
        let answer = at_path(&server, INTROSPECTION, request).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{accept:?}");
        active(&answer, accept);
    }
    refused(&as_jwt(&server, Caller::Nobody, &token).await, 401, "invalid_client");
    refused(&as_jwt(&server, caller, "").await, 400, "invalid_request");
}

/// Row 90, §6: the registered algorithm; without one RS256 where there is a key for it, else the server's own.
#[tokio::test]
async fn s6_the_registered_algorithm_then_rs256_then_our_own() {
    let world = World::new();
    let mut builder = world.builder().executor(TestExecutor::default());
    let mut others = vec![SigningAlgorithm::EdDsa, SigningAlgorithm::Es384];
    if cfg!(feature = "josekit") {
        others.push(SigningAlgorithm::Rs256);
        others.push(SigningAlgorithm::Ps256);
    }
    for algorithm in &others {
        let resource = Resource::new(format!("https://{algorithm}.example.com"));
        builder = builder.resource(resource.signing_algorithm(*algorithm));
    }
    let server = builder.build().await.unwrap();
    let own = world.client("own").await;
    let default = if cfg!(feature = "josekit") { "RS256" } else { "ES256" };
    let answer = as_jwt(&server, Caller::Basic("own", &own), "x").await;
    assert_eq!(verified(&server, &answer.text()).await.header["alg"], default);
    for algorithm in others.into_iter().chain([SigningAlgorithm::Es256]) {
        let id = format!("of-{algorithm}");
        let secret =
            world.client_with(&id, |client| client.introspection_signed_response_alg(algorithm)).await;
        let answer = as_jwt(&server, Caller::Basic(&id, &secret), "x").await;
        is_jwt(&answer);
        assert_eq!(verified(&server, &answer.text()).await.header["alg"], algorithm.as_str());
        inactive(&asked(&server, Caller::Basic(&id, &secret), "x").await, "plain where it is not asked for");
    }
}

#[tokio::test]
async fn s6_our_own_algorithm_where_there_is_no_rs256() {
    let world = World::new();
    let server = world.builder().signing_algorithm(SigningAlgorithm::EdDsa).build().await.unwrap();
    let secret = world.client("billing").await;
    let answer = as_jwt(&server, Caller::Basic("billing", &secret), "x").await;
    assert_eq!(verified(&server, &answer.text()).await.header["alg"], "EdDSA");
}

/// The client with an algorithm in its record that this build cannot name.
async fn with_algorithm(world: &World, id: &str, algorithm: &str) -> String {
    let (secret, credential) = world.secret(id);
    let method = grantor::store::AuthMethod::CLIENT_SECRET_BASIC;
    let client = Client::builder(client_id(id), method).credential(credential);
    let client = client.introspection_signed_response_alg(SigningAlgorithm::Es384).build().unwrap();
    let document = client.to_document().unwrap();
    assert!(document.contains("\"ES384\""), "{document}");
    let changed =
        Client::from_document(&document.replace("\"ES384\"", &json!(algorithm).to_string())).unwrap();
    let inserted = ClientRegistry::insert(&world.store, Revision::new(1), &changed).await;
    assert_eq!(inserted.unwrap(), Insert::Done);
    secret.expose().to_owned()
}

/// What cannot be signed as registered is our fault, never an answer in another algorithm, and never `none` or a MAC.
#[tokio::test]
async fn s6_an_algorithm_without_a_key_is_500_and_the_operator_learns_which() {
    let world = World::new();
    let server = world.server().await;
    for (nth, algorithm) in ["ES384", "none", "HS256", "ML-DSA-44", ""].into_iter().enumerate() {
        let id = format!("client-{nth}");
        let secret = with_algorithm(&world, &id, algorithm).await;
        refused(&as_jwt(&server, Caller::Basic(&id, &secret), "x").await, 500, "server_error");
        let told = world.events.last();
        assert_eq!(told.kind, Kind::Failed(FaultKind::Internal), "{algorithm}");
        assert!(told.source.contains(&id) && told.source.contains(algorithm), "{}", told.source);
        inactive(&asked(&server, Caller::Basic(&id, &secret), "x").await, "JSON needs no key");
    }
}

/// §8.1, T29: with its signature and its issuer it passes for no access token, at no door.
#[tokio::test]
async fn s8_1_t29_it_passes_for_no_access_token() {
    let world = World::new();
    let server = world.server().await;
    // A caller whose id is the resource: the answer's `aud` is then that of an access token.
    let secret = world.client_with(API, |client| client.introspector(true)).await;
    let token = token_of(&server, API, &secret).await;
    let jwt = as_jwt(&server, Caller::Basic(API, &secret), &token).await.text();
    assert_eq!(verified(&server, &jwt).await.text("aud"), API);
    inactive(&introspect(&server, API, &secret, &jwt).await, "as a token");
    assert_eq!(world.events.last().kind, Kind::Introspected(Some(Reason::TokenUnknown)));
    let here = server.access_token_verifier(API).build().unwrap();
    assert_eq!(here.verify(&jwt).await.unwrap_err().status(), 401);
    // An API elsewhere, with the true key set.
    let keys: Vec<Value> = jwks(&server).await;
    let published = json!({ "keys": keys }).to_string();
    let sets = IssuerKeySets::holding(PublicKeySet::from_published(published.as_bytes()).unwrap());
    let issuer = grantor::resource::RemoteIssuer::new(ISSUER, sets).clock(world.clock.clone());
    let there = there(issuer).build().unwrap();
    assert!(there.verify(&token).await.is_ok());
    assert_eq!(there.verify(&jwt).await.unwrap_err().reason(), Some(Reason::JwtType));
}

/// Row 90: the metadata lists what answers are signed with, and never `none`.
#[tokio::test]
async fn s7_the_metadata_lists_the_algorithms() {
    let world = World::new();
    let books = Resource::new("https://books.example.com").signing_algorithm(SigningAlgorithm::EdDsa);
    let server = world.builder().resource(books).build().await.unwrap();
    let request = Request::builder("GET", "/.well-known/oauth-authorization-server").build();
    let metadata = Answer::of(server.metadata(request).await).json();
    let listed: Vec<_> = metadata["introspection_signing_alg_values_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(listed, ["ES256", "EdDSA"]);
    for name in listed {
        let algorithm = SigningAlgorithm::from_name(name).unwrap();
        let id = format!("of-{name}");
        let secret =
            world.client_with(&id, |client| client.introspection_signed_response_alg(algorithm)).await;
        let answer = as_jwt(&server, Caller::Basic(&id, &secret), "x").await;
        assert_eq!(verified(&server, &answer.text()).await.header["alg"], name, "what is listed can be had");
    }
}
