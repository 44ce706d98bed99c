//! RFC 7517 and RFC 7638: the published keys.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use data_encoding::BASE64URL_NOPAD;
use grantor::http::Request;
use grantor::{Resource, SigningAlgorithm};
use ring::digest::{SHA256, digest};
use serde_json::Value;
use support::*;

async fn every_algorithm(world: &World) -> grantor::AuthorizationServer {
    let kept = SigningAlgorithm::ALL.into_iter().filter(|algorithm| {
        cfg!(feature = "josekit") || !matches!(algorithm, SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256)
    });
    let mut builder = world.bare().executor(TestExecutor::default());
    for algorithm in kept {
        let api = Resource::new(format!("https://{algorithm}.example.com"));
        builder = builder.resource(api.signing_algorithm(algorithm));
    }
    builder.build().await.unwrap()
}

/// RFC 7638 §3.2: the members of the thumbprint, in order.
fn thumbprint(key: &Value) -> String {
    let names: &[&str] = match key["kty"].as_str().unwrap() {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        other => panic!("{other}"),
    };
    let members: Vec<_> =
        names.iter().map(|name| format!("\"{name}\":\"{}\"", key[name].as_str().unwrap())).collect();
    BASE64URL_NOPAD.encode(digest(&SHA256, format!("{{{}}}", members.join(",")).as_bytes()).as_ref())
}

#[tokio::test]
async fn s4_each_key_names_its_use_and_one_algorithm() {
    let world = World::new();
    let server = every_algorithm(&world).await;
    let keys = jwks(&server).await;
    let mut algs: Vec<_> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    algs.sort_unstable();
    algs.dedup();
    assert_eq!(algs.len(), keys.len());
    for key in &keys {
        assert_eq!(key["use"], "sig");
        assert!(SigningAlgorithm::from_name(key["alg"].as_str().unwrap()).is_some());
    }
}

/// RFC 7638 §3; FAPI 2.0: no kid twice.
#[tokio::test]
async fn s4_5_the_kid_is_the_thumbprint_and_comes_once() {
    let world = World::new();
    let server = every_algorithm(&world).await;
    let keys = jwks(&server).await;
    let mut kids: Vec<_> = keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), keys.len());
    for key in &keys {
        assert_eq!(key["kid"], thumbprint(key));
    }
}

#[tokio::test]
async fn s5_get_and_head_and_nothing_else() {
    let world = World::new();
    let server = world.server().await;
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
        let answer =
            Answer::of(server.jwks(Request::builder(method, "/.well-known/jwks.json").build()).await);
        if matches!(method, "GET" | "HEAD") {
            assert_eq!(answer.status, 200);
        } else {
            refused(&answer, 405, "invalid_request");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
}

#[tokio::test]
async fn s8_5_json_that_may_be_kept_for_a_short_while() {
    let world = World::new();
    let server = world.server().await;
    let answer = Answer::of(server.jwks(Request::builder("GET", "/").build()).await);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(answer.json().as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn s9_2_no_private_member_is_published() {
    let world = World::new();
    let server = every_algorithm(&world).await;
    for key in jwks(&server).await {
        for (name, value) in key.as_object().unwrap() {
            assert!(
                ["kty", "crv", "x", "y", "n", "e", "use", "alg", "kid"].contains(&name.as_str()),
                "{name}"
            );
            assert!(value.is_string());
        }
    }
}
