//! RFC 9068: access tokens as JWT.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::policy::{IssuancePolicy, StandardPolicy};
use grantor::{Resource, SigningAlgorithm, async_trait};
use support::*;

/// Every algorithm that this build signs with.
fn algorithms() -> Vec<SigningAlgorithm> {
    let rsa =
        |algorithm: &SigningAlgorithm| matches!(algorithm, SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256);
    SigningAlgorithm::ALL
        .into_iter()
        .filter(|algorithm| cfg!(feature = "josekit") || !rsa(algorithm))
        .collect()
}

#[tokio::test]
async fn s2_1_typ_is_at_jwt_and_alg_asymmetric() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let token = issued(&server, "demo", &secret, &[]).await;
    assert_eq!(token.header["typ"], "at+jwt");
    assert_eq!(token.header["alg"], "ES256");
    let mut members: Vec<_> = token.header.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "kid", "typ"], "nothing else selects a key");
}

#[tokio::test]
async fn s2_1_every_algorithm_signs_by_configuration_and_verifies_by_the_published_keys() {
    for algorithm in algorithms() {
        let world = World::new();
        let server = world
            .builder()
            .signing_algorithm(algorithm)
            .executor(TestExecutor::default())
            .build()
            .await
            .unwrap();
        let secret = world.client("demo").await;
        let token = issued(&server, "demo", &secret, &[]).await;
        assert_eq!(token.header["alg"], algorithm.as_str());
        assert_eq!(token.header["typ"], "at+jwt");
        assert_eq!(jwks(&server).await.len(), 1);
    }
}

#[cfg(feature = "josekit")]
#[tokio::test]
async fn s2_1_rs256_can_be_had() {
    let world = World::new();
    let server = world
        .builder()
        .signing_algorithm(SigningAlgorithm::Rs256)
        .executor(TestExecutor::default())
        .build()
        .await
        .unwrap();
    let secret = world.client("demo").await;
    let token = issued(&server, "demo", &secret, &[]).await;
    assert_eq!(token.header["alg"], "RS256");
    let keys = jwks(&server).await;
    let modulus = data_encoding::BASE64URL_NOPAD.decode(keys[0]["n"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(modulus.len(), 256, "2048 bits (RFC 7518 §3.3), without a leading zero (§2)");
    assert_eq!(keys[0]["e"], "AQAB");
}

#[tokio::test]
async fn s2_1_each_resource_may_have_an_algorithm_of_its_own() {
    let world = World::new();
    let mut builder = world.bare().executor(TestExecutor::default());
    for algorithm in algorithms() {
        let api = Resource::new(format!("https://{}.example.com", algorithm.as_str()));
        builder = builder.resource(api.signing_algorithm(algorithm));
    }
    builder = builder.resource(Resource::new(API)).signing_algorithm(SigningAlgorithm::Es384);
    let server = builder.build().await.unwrap();
    let secret = world.client("demo").await;
    for algorithm in algorithms() {
        let resource = format!("https://{}.example.com", algorithm.as_str());
        let token = issued(&server, "demo", &secret, &[("resource", &resource)]).await;
        assert_eq!(token.header["alg"], algorithm.as_str());
        assert_eq!(token.text("aud"), resource);
    }
    let token = issued(&server, "demo", &secret, &[("resource", API)]).await;
    assert_eq!(token.header["alg"], "ES384", "the server's, where the resource names none");
    assert_eq!(jwks(&server).await.len(), algorithms().len(), "one key for each algorithm");
}

#[tokio::test]
async fn s2_2_the_claims_are_there_and_no_others() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let token = issued(&server, "demo", &secret, &[("scope", "read")]).await;
    let mut names: Vec<_> = token.claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"]);
    assert_eq!(token.text("iss"), ISSUER);
    assert_eq!(token.text("aud"), API, "a string, not a list");
    assert_eq!(token.text("client_id"), "demo");
    assert_eq!(token.text("scope"), "read");
    assert_eq!(token.number("iat"), NOW);
    assert_eq!(token.number("exp"), NOW + 600);
}

#[tokio::test]
async fn s2_2_sub_is_the_client_byte_for_byte() {
    let world = World::new();
    let server = world.server().await;
    for id in ["demo", "Demo", " a\"b\\c/<>& ", "0"] {
        let secret = world.client(id).await;
        let token = issued(&server, id, &secret, &[]).await;
        assert_eq!((token.text("sub"), token.text("client_id")), (id, id));
    }
}

#[tokio::test]
async fn s2_2_iat_and_exp_follow_the_clock_and_the_lifetime() {
    let world = World::new();
    let resource = Resource::new(API).lifetime(Duration::from_secs(1));
    let server = world.bare().resource(resource).build().await.unwrap();
    let secret = world.client("demo").await;
    for passed in [0, 5, 100_000] {
        world.clock.advance(passed);
        let token = issued(&server, "demo", &secret, &[]).await;
        assert_eq!(token.number("exp") - token.number("iat"), 1);
    }
    assert_eq!(issued(&server, "demo", &secret, &[]).await.number("iat"), NOW + 100_005);
}

#[tokio::test]
async fn s2_2_the_epoch_is_copied_from_the_record_and_left_out_at_0() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    assert!(issued(&server, "demo", &secret, &[]).await.claims.get("grantor_epoch").is_none());
    let secret = world.client_with("raised", |client| client.token_epoch(7)).await;
    assert_eq!(issued(&server, "raised", &secret, &[]).await.number("grantor_epoch"), 7);
}

#[tokio::test]
async fn s2_2_3_every_scope_means_something_to_the_audience() {
    let world = World::new();
    let books = Resource::new("https://books.example.com").scopes(["borrow", "read"]);
    let server = world.builder().resource(books).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.scope(scope("read write borrow"))).await;
    for (resource, expected) in [(API, "read write"), ("https://books.example.com", "read borrow")] {
        let token = issued(&server, "demo", &secret, &[("resource", resource)]).await;
        assert_eq!((token.text("aud"), token.text("scope")), (resource, expected));
    }
}

#[tokio::test]
async fn s3_the_audience_is_the_resource_asked_for_byte_for_byte() {
    let world = World::new();
    let uris = ["https://a.example.com", "https://a.example.com/", "https://A.example.com", "urn:x:y?z=1"];
    let builder = uris.into_iter().fold(world.bare(), |builder, uri| builder.resource(Resource::new(uri)));
    let server = builder.build().await.unwrap();
    let secret = world.client("demo").await;
    for resource in uris {
        assert_eq!(issued(&server, "demo", &secret, &[("resource", resource)]).await.text("aud"), resource);
    }
}

#[tokio::test]
async fn s4_a_resource_server_verifies_by_metadata_and_published_keys_alone() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let answer = send(&server, grant("demo", &secret, &[])).await;
    let request = grantor::http::Request::builder("GET", "/.well-known/oauth-authorization-server").build();
    let metadata = Answer::of(server.metadata(request).await).json();
    assert_eq!(verified(&server, &answer.access_token()).await.claims["iss"], metadata["issuer"]);
}

#[derive(Debug)]
struct WithTenant;

#[async_trait]
impl IssuancePolicy for WithTenant {
    async fn decide(
        &self,
        issuance: &grantor::policy::Issuance<'_>,
    ) -> Result<grantor::policy::Terms, grantor::policy::PolicyRefusal> {
        let terms = StandardPolicy.decide(issuance).await?;
        Ok(terms.claim("tenant", "blue").claim("roles", vec!["reader"]).lifetime(Duration::from_secs(30)))
    }
}

#[tokio::test]
async fn s2_2_a_policy_adds_claims_and_shortens_the_life() {
    let world = World::new();
    let server = world.builder().policy(WithTenant).build().await.unwrap();
    let secret = world.client("demo").await;
    let answer = send(&server, grant("demo", &secret, &[("scope", "read")])).await;
    assert_eq!(answer.json()["expires_in"], 30);
    let token = verified(&server, &answer.access_token()).await;
    assert_eq!(token.text("tenant"), "blue");
    assert_eq!(token.claims["roles"][0], "reader");
    assert_eq!(token.number("exp") - token.number("iat"), 30);
    assert_eq!(token.text("scope"), "read");
}

#[tokio::test]
async fn s6_nothing_of_the_clients_record_leaks_into_the_token() {
    let world = World::new();
    let server = world.server().await;
    let metadata = serde_json::json!({"iban": "DE00-marked"}).as_object().unwrap().clone();
    let change = |client: grantor::store::ClientBuilder| client.name("ACME marked").metadata(metadata);
    let secret = world.client_with("demo", change).await;
    let token = issued(&server, "demo", &secret, &[]).await;
    assert!(!token.claims.to_string().contains("marked"));
}
