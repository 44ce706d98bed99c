//! Protected resource metadata (RFC 9728).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::http::Request;
use grantor::resource::{AccessTokenVerifier, AccessTokenVerifierBuilder};
use grantor::{AuthorizationServer, ConfigError, Resource};
use serde_json::json;
use support::*;

const PDF: &str = "https://pdf.example.com:8443/v1/pdf";

async fn server(world: &World) -> AuthorizationServer {
    world.builder().resource(Resource::new(PDF).scopes(["render"])).build().await.unwrap()
}

fn get(verifier: &AccessTokenVerifier, method: &str) -> Answer {
    Answer::of(verifier.metadata(&Request::builder(method, verifier.metadata_path().unwrap_or("/")).build()))
}

/// §2, §3.2: what is said, and who may keep it.
#[tokio::test]
async fn s2_the_document_says_where_tokens_come_from() {
    let world = World::new();
    let server = server(&world).await;
    let verifier = server.access_token_verifier(PDF).publish_metadata().build().unwrap();
    let answer = get(&verifier, "GET");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({
            "resource": PDF,
            "authorization_servers": [ISSUER],
            "scopes_supported": ["render"],
            "bearer_methods_supported": ["header"],
        })
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("cache-control").unwrap().contains("max-age"));
}

/// §3.2: no member with nothing in it; the host may say which scopes it tells of.
#[tokio::test]
async fn s3_2_no_empty_members() {
    let world = World::new();
    let plain = Resource::new("https://plain.example.com");
    let server = world.builder().resource(plain).build().await.unwrap();
    let verifier =
        server.access_token_verifier("https://plain.example.com").publish_metadata().build().unwrap();
    assert!(get(&verifier, "GET").json().get("scopes_supported").is_none());
    let told = server.access_token_verifier(API).publish_metadata().scopes(["read"]).build().unwrap();
    assert_eq!(get(&told, "GET").json()["scopes_supported"], json!(["read"]));
    let remote = there(remote(&IssuerKeySets::default())).publish_metadata().build().unwrap();
    assert_eq!(get(&remote, "GET").json()["authorization_servers"], json!([ELSEWHERE]));
    assert!(get(&remote, "GET").json().get("scopes_supported").is_none());
    let bad = server.access_token_verifier(API).publish_metadata().scopes(["a\"b"]).build();
    assert!(matches!(bad.unwrap_err(), ConfigError::Resource { .. }));
}

/// §3: between host and path; §3.1: by GET.
#[tokio::test]
async fn s3_1_by_get_between_host_and_path() {
    let world = World::new();
    let server = server(&world).await;
    for (resource, path) in [
        (PDF, "/.well-known/oauth-protected-resource/v1/pdf"),
        (API, "/.well-known/oauth-protected-resource"),
    ] {
        let verifier = server.access_token_verifier(resource).publish_metadata().build().unwrap();
        assert_eq!(verifier.metadata_path(), Some(path));
        assert_eq!((get(&verifier, "GET").status, get(&verifier, "HEAD").status), (200, 200));
        for method in ["POST", "PUT", "DELETE", "get"] {
            let answer = get(&verifier, method);
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
        }
        // §3.3: the resource is the one that was asked for, byte for byte, whatever Host says (T64).
        let forged = Request::builder("GET", path).header("host", "attacker.example").build();
        assert_eq!(Answer::of(verifier.metadata(&forged)).json()["resource"], resource);
    }
}

/// §5.1: every challenge says where the metadata is, in quotes, behind the errors of RFC 6750.
#[tokio::test]
async fn s5_1_the_challenge_names_the_metadata() {
    let world = World::new();
    let server = server(&world).await;
    let verifier = server.access_token_verifier(PDF).publish_metadata().build().unwrap();
    let url = "https://pdf.example.com:8443/.well-known/oauth-protected-resource/v1/pdf";
    let challenge = |refused: grantor::resource::Refused| {
        Answer::of(refused.into_response()).header("www-authenticate").unwrap().to_owned()
    };
    let missing = verifier.authorize([]).await.unwrap_err();
    assert_eq!(challenge(missing), format!("Bearer resource_metadata=\"{url}\""));
    for header in ["Bearer x", "Bearer a b"] {
        let said = challenge(verifier.authorize([header.as_bytes()]).await.unwrap_err());
        assert!(said.ends_with(&format!(", resource_metadata=\"{url}\"")), "{said}");
    }
    assert!(challenge(verifier.verify("x").await.unwrap_err()).contains(url));
    let quiet = server.access_token_verifier(PDF).build().unwrap();
    assert!(!challenge(quiet.verify("x").await.unwrap_err()).contains("resource_metadata"));
}

/// Nothing is published unless it was asked for.
#[tokio::test]
async fn s3_nothing_is_published_unasked() {
    let world = World::new();
    let verifier = server(&world).await.access_token_verifier(PDF).build().unwrap();
    assert_eq!(verifier.metadata_path(), None);
    assert_eq!(get(&verifier, "GET").status, 500);
}

/// §1.2: published, a resource is an https URL without a fragment, and without a query here, since no path could serve it.
#[tokio::test]
async fn s1_2_a_published_resource_is_an_https_url() {
    for bad in [
        "urn:example:api",
        "http://api.example.com",
        "https://api.example.com/?x=1",
        "https://api.example.com//x",
        "https://api.example.com/a/../b",
        "https://api.example.com/%2e",
        "ftp://api.example.com",
    ] {
        let world = World::new();
        let server = world.builder().resource(Resource::new(bad)).build().await.unwrap();
        let at = || -> AccessTokenVerifierBuilder { server.access_token_verifier(bad) };
        assert!(at().build().is_ok(), "{bad}: it may be guarded");
        let error = at().publish_metadata().build().unwrap_err();
        assert!(matches!(&error, ConfigError::Resource { uri, .. } if uri == bad), "{bad}: {error}");
    }
}
