//! RFC 7592: the client configuration endpoint, who may use it, reading and deleting.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use grantor::http::Request;
use grantor::{Endpoint, Endpoints, TokenFormat};
use serde_json::json;
use support::*;

/// Rows 166 and 173: what was registered, by the URI and the token of the answer.
#[tokio::test]
async fn s2_1_a_client_reads_what_is_registered() {
    let world = World::new();
    let server = world.registering().await;
    let key = Signing::es256();
    for metadata in [
        json!({ "client_name": "Billing", "scope": "read", "contacts": ["x@y.example"], "client_name#fr": "Factures" }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS512" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } }),
    ] {
        let client = registered(&server, &metadata).await;
        let read = Registered::of(&client.read(&server).await, 200);
        assert_eq!(read.secret, None, "of a secret nothing but its digest is kept");
        assert_eq!(read.token, client.token, "the one that was presented goes on");
        for (name, value) in client.said.as_object().unwrap() {
            if !name.starts_with("client_secret") {
                assert_eq!(read.said[name], *value, "{name}");
            }
        }
        let again = Registered::of(&client.read(&server).await, 200);
        assert_eq!(again.said, read.said, "reading changes nothing");
        assert_eq!(client.said["client_id_issued_at"], NOW);
    }
    assert_eq!(world.events.count(&Kind::Changed("updated", "client")), 0);
}

/// Row 173: absolute, from the issuer, under its path.
#[tokio::test]
async fn s3_registration_client_uri_is_absolute_and_from_the_issuer() {
    let world = World::new();
    let issuer = "https://auth.example.com:8443/tenant";
    let server = grantor::AuthorizationServer::builder(issuer, world.store.clone(), world.host_keys.clone())
        .clock(world.clock.clone())
        .resource(api(TokenFormat::Jwt))
        .endpoints(Endpoints::default().registration("/clients"))
        .registration(registration())
        .build()
        .await
        .unwrap();
    let routes: Vec<_> = server.routes().collect();
    assert!(routes.contains(&("/tenant/clients", Endpoint::Registration)));
    assert!(routes.contains(&("/tenant/clients/{client_id}", Endpoint::ClientConfiguration)));
    let request = Request::builder("POST", "/tenant/clients")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {INITIAL}"))
        .body("{}");
    let answer = Answer::of(server.handle(Endpoint::Registration, request.build()).await);
    let said = answer.json();
    let id = said["client_id"].as_str().unwrap();
    assert_eq!(said["registration_client_uri"], format!("{issuer}/clients/{id}"));
    let token = said["registration_access_token"].as_str().unwrap();
    let read = management("GET", &format!("/tenant/clients/{id}"), token, "");
    let answer = Answer::of(server.handle(Endpoint::ClientConfiguration, read.build()).await);
    assert_eq!(answer.json()["registration_client_uri"], said["registration_client_uri"]);
}

/// Row 167, and RFC 6750 §3: wrong, missing, of another kind, twice.
#[tokio::test]
async fn s2_1_a_bad_registration_access_token_is_401() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    let access_token = client.asks(&server).await.access_token();
    let upper = client.token.to_uppercase();
    let swapped = format!("{}0", &client.token[..client.token.len() - 1]);
    let swapped = if swapped == client.token {
        format!("{}1", &client.token[..client.token.len() - 1])
    } else {
        swapped
    };
    let body = json!({ "client_id": client.id, "client_name": "Changed" }).to_string();
    for method in ["GET", "PUT", "DELETE"] {
        let bad = ["wrong", INITIAL, client.secret(), &access_token, &client.id, &upper, &swapped];
        for token in bad {
            bad_token(
                &manage(&server, method, &client.path(), token, body.clone()).await,
                format!("{method} {token}"),
            );
        }
        let none = Request::builder(method, &client.path())
            .header("content-type", "application/json")
            .body(body.clone());
        let answer = Answer::of(server.client_configuration(none.build()).await);
        assert_eq!(answer.status, 401);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer") && !challenge.contains("error"), "{challenge}");
        let by_basic = Request::builder(method, &client.path())
            .header("content-type", "application/json")
            .header("authorization", basic(&client.id, client.secret()))
            .body(body.clone());
        let answer = Answer::of(server.client_configuration(by_basic.build()).await);
        assert_eq!(answer.status, 401, "client authentication is none here (appendix A)");
        let in_query = format!("{}?access_token={}", client.path(), client.token);
        let in_query = Request::builder(method, &in_query).body(format!("access_token={}", client.token));
        assert_eq!(Answer::of(server.client_configuration(in_query.build()).await).status, 401);
        let twice = management(method, &client.path(), &client.token, body.clone())
            .header("authorization", format!("Bearer {}", client.token));
        let answer = Answer::of(server.client_configuration(twice.build()).await);
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")));
    }
    assert_eq!(client.read(&server).await.json()["client_name"], "Billing", "nothing became of any of it");
    // Nor is it good for anything else.
    bad_token(
        &register_by(&server, &client.token, &metadata()).await,
        "a registration token registers nobody",
    );
    refused(&client.asks_with(&server, &client.token).await, 401, "invalid_client");
}

/// Row 167: an unknown client is told like a wrong token, so nobody learns who there is.
#[tokio::test]
async fn s2_1_an_unknown_client_is_401_like_a_wrong_token() {
    let world = World::new();
    let server = world.registering().await;
    let secret = world.client("operators-own").await;
    let client = registered(&server, &metadata()).await;
    let body = |id: &str| json!({ "client_id": id }).to_string();
    let mut answers = BTreeSet::new();
    let unknown = format!("client-{}", "0".repeat(32));
    for id in
        ["nobody", "operators-own", &unknown, &"x".repeat(255), &"x".repeat(256), &client.id.to_uppercase()]
    {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = manage(&server, method, &format!("{REGISTER}/{id}"), &client.token, body(id)).await;
            bad_token(&answer, format!("{method} {id}"));
            answers.insert(format!("{:?} {}", answer.headers, answer.text()));
        }
    }
    let other = registered(&server, &metadata()).await;
    let wrong = manage(&server, "GET", &client.path(), &other.token, "").await;
    answers.insert(format!("{:?} {}", wrong.headers, wrong.text()));
    assert_eq!(answers.len(), 1, "byte for byte: {answers:?}");
    assert!(world.record("operators-own").await.is_some());
    assert_eq!(send(&server, grant("operators-own", &secret, &[])).await.status, 200);
}

/// Row 167: not permitted. The operator has disabled it; who has not its token learns nothing of that.
#[tokio::test]
async fn s2_a_disabled_client_is_403() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    world.clients().disable(&client_id(&client.id)).await.unwrap();
    for answer in
        [client.read(&server).await, client.put(&server, &json!({})).await, client.delete(&server).await]
    {
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.json()["error"].is_string());
    }
    bad_token(&manage(&server, "GET", &client.path(), INITIAL, "").await, "a wrong token is still wrong");
    let record = world.record(&client.id).await.unwrap();
    assert!(!record.is_enabled(), "it cannot enable itself");
    world.clients().enable(&client_id(&client.id)).await.unwrap();
    assert_eq!(client.read(&server).await.status, 200);
}

/// §2: what is not supported is 405, whoever asks.
#[tokio::test]
async fn s2_other_methods_are_405_with_allow() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    for method in ["POST", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "MKCOL"] {
        let answer = manage(&server, method, &client.path(), &client.token, "{}").await;
        refused(&answer, 405, "invalid_request");
        let allow: BTreeSet<_> = answer.header("allow").unwrap().split(", ").collect();
        assert_eq!(allow, BTreeSet::from(["GET", "PUT", "DELETE"]), "{method}");
    }
}

/// Rows 171, 172 and 174, for tokens of both formats and each method of authentication.
#[tokio::test]
async fn s2_3_delete_ends_client_secret_tokens_and_registration_token_together() {
    for format in FORMATS {
        let world = World::new();
        let server = world.bare().resource(api(format)).registration(registration()).build().await.unwrap();
        let (asker, secret) =
            ("watcher", world.client_with("watcher", |client| client.introspector(true)).await);
        for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt"] {
            let client = registered(&server, &json!({ "token_endpoint_auth_method": method })).await;
            let token = client.asks(&server).await.access_token();
            active(&introspect(&server, asker, &secret, &token).await, method);
            let answer = client.delete(&server).await;
            assert_eq!((answer.status, answer.text().as_str()), (204, ""), "{method}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("pragma"), Some("no-cache"));
            assert_eq!(answer.header("content-type"), None, "there is no content");
            assert_eq!(world.events.last().kind, Kind::Changed("deleted", "client"));
            inactive(&introspect(&server, asker, &secret, &token).await, method);
            let verifier = server.access_token_verifier(API).build().unwrap();
            assert!(
                verifier.authorize([format!("Bearer {token}").as_bytes()]).await.is_err(),
                "§2.3: at an API too"
            );
            refused(&client.asks(&server).await, 401, "invalid_client");
            for answer in [
                client.read(&server).await,
                client.put(&server, &json!({})).await,
                client.delete(&server).await,
            ] {
                bad_token(&answer, "§5: the token died with it");
            }
            assert!(world.record(&client.id).await.is_none());
        }
    }
}

/// A body of a delete means nothing (RFC 9110 §9.3.5).
#[tokio::test]
async fn s2_3_what_stands_in_a_delete_is_not_looked_at() {
    let world = World::new();
    let server = world.registering().await;
    for body in ["", "{}", "{not json", "client_id=other"] {
        let client = registered(&server, &metadata()).await;
        let answer = manage(&server, "DELETE", &client.path(), &client.token, body).await;
        assert_eq!(answer.status, 204, "{body}");
    }
}

/// Row 174: it does not expire while the client lives, and cannot be guessed.
#[tokio::test]
async fn s5_a_registration_access_token_lives_as_long_as_its_client() {
    let world = World::new();
    let server = world.open().registration(registration().unused_for(None)).build().await.unwrap();
    let client = registered(&server, &metadata()).await;
    assert_eq!(client.token.len(), 71);
    let random = &client.token["grantor_rat_".len()..];
    let letters: BTreeSet<_> = random.bytes().collect();
    assert!(letters.len() > 10, "{} different letters of base32, for 256 bits", letters.len());
    for _ in 0..5 {
        world.clock.advance(400 * 24 * 3600);
        server.maintain().await;
        assert_eq!(client.read(&server).await.status, 200);
    }
}

/// Row 175 (appendix B): token and URI belong to the same client.
#[tokio::test]
async fn b_token_and_uri_belong_to_one_client() {
    let world = World::new();
    let server = world.registering().await;
    let (one, two) = (registered(&server, &metadata()).await, registered(&server, &metadata()).await);
    let body = json!({ "client_id": two.id, "client_name": "Taken over" }).to_string();
    for method in ["GET", "PUT", "DELETE"] {
        bad_token(&manage(&server, method, &two.path(), &one.token, body.clone()).await, method);
    }
    // Nor does the body say whose it is.
    let answer = manage(&server, "PUT", &one.path(), &one.token, body).await;
    bad_metadata(&answer, "another's client_id");
    assert_eq!(two.read(&server).await.json()["client_name"], "Billing");
    assert_eq!(one.read(&server).await.json()["client_name"], "Billing");
}

/// What was lost an operator gives anew; the one before is dead.
#[tokio::test]
async fn s5_an_operator_gives_another_registration_access_token() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    let token = world.clients().rotate_registration_token(&client_id(&client.id)).await.unwrap();
    bad_token(&client.read(&server).await, "the one before");
    let read = manage(&server, "GET", &client.path(), token.expose(), "").await;
    assert_eq!(Registered::of(&read, 200).token, token.expose());
    assert_eq!(client.asks(&server).await.status, 200, "its secret goes on");
}

/// A client that registered itself and is never used goes; one that is used stays, and so does what an operator made.
#[tokio::test]
async fn s5_clients_that_are_never_used_are_removed() {
    let world = World::new();
    let unused = registration().unused_for(Duration::from_secs(7 * 24 * 3600));
    let server = world.builder().registration(unused).build().await.unwrap();
    let (idle, busy) = (registered(&server, &metadata()).await, registered(&server, &metadata()).await);
    let operators = world.client("operators-own").await;
    assert_eq!(busy.asks(&server).await.status, 200);
    // What was used is told to the store behind the request.
    server.maintain().await;
    world.clock.advance(7 * 24 * 3600 - 1);
    server.maintain().await;
    assert_eq!(idle.read(&server).await.status, 200, "not before its time");
    world.clock.advance(3601);
    server.maintain().await;
    bad_token(&idle.read(&server).await, "gone");
    assert!(world.record(&idle.id).await.is_none());
    let gone =
        world.events.all().into_iter().find(|seen| seen.kind == Kind::Changed("deleted", "maintenance"));
    assert_eq!(gone.unwrap().client_id.as_deref(), Some(&*idle.id));
    assert_eq!(busy.asks(&server).await.status, 200, "it was used");
    assert_eq!(send(&server, grant("operators-own", &operators, &[])).await.status, 200);
    assert_eq!(world.events.count(&Kind::Changed("deleted", "maintenance")), 1);
}
