//! Tokens, asked for by the crate `oauth2` and checked by the crate `jsonwebtoken`.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use oauth2::basic::BasicClient;
use oauth2::reqwest::{Client, ClientBuilder, redirect};
use oauth2::{AuthType, ClientId, ClientSecret, Scope, TokenResponse, TokenUrl};
use serde_json::Value;

use crate::program::{ADAPTERS, Program, between, config, new_secret};

pub(crate) fn http() -> Client {
    ClientBuilder::new().redirect(redirect::Policy::none()).no_proxy().build().expect("client")
}

/// An access token, by the crate `oauth2`.
pub(crate) async fn token(
    program: &Program,
    (id, secret): (&str, &str),
    auth: AuthType,
    scope: &str,
) -> Result<String, String> {
    let client = BasicClient::new(ClientId::new(id.to_owned()))
        .set_client_secret(ClientSecret::new(secret.to_owned()))
        .set_auth_type(auth)
        .set_token_uri(TokenUrl::new(program.token_url()).expect("url"));
    let http = http();
    let answer =
        client.exchange_client_credentials().add_scope(Scope::new(scope.to_owned())).request_async(&http);
    let answer = answer.await.map_err(|error| format!("{error:?}"))?;
    assert_eq!(answer.scopes().map(|scopes| scopes[0].as_str()), Some(scope));
    Ok(answer.access_token().secret().clone())
}

/// The claims of `token`, verified by the keys that the server publishes.
pub(crate) async fn verified(program: &Program, token: &str, audience: &str) -> (String, Value) {
    let url = format!("{}/.well-known/jwks.json", program.issuer());
    let keys = http().get(url).send().await.expect("keys").text().await.expect("text");
    let keys: JwkSet = serde_json::from_str(&keys).expect("a key set");
    let header = decode_header(token).expect("header");
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let key = keys.find(header.kid.as_deref().expect("kid")).expect("published");
    let mut rules = Validation::new(header.alg);
    rules.set_audience(&[audience]);
    rules.set_issuer(&[program.issuer()]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let token =
        decode::<Value>(token, &DecodingKey::from_jwk(key).expect("a key"), &rules).expect("verifies");
    (format!("{:?}", header.alg), token.claims)
}

/// The secrets of the demo clients, out of the commands that were printed.
pub(crate) fn demo_secrets(program: &Program) -> (&str, &str) {
    let basic = between(&program.printed, "-u demo-basic:", " ");
    let post = between(&program.printed, "--data-urlencode client_secret=", " ");
    (basic, post)
}

#[tokio::test]
async fn rfc6749_s2_3_1_the_demo_clients_get_tokens_each_by_its_method() {
    for adapter in ADAPTERS {
        let program = Program::start(&["--adapter", adapter], &[]);
        let (basic, post) = demo_secrets(&program);
        for (client, auth, other) in [
            (("demo-basic", basic), AuthType::BasicAuth, AuthType::RequestBody),
            (("demo-post", post), AuthType::RequestBody, AuthType::BasicAuth),
        ] {
            let got = token(&program, client, auth, "read").await.expect("a token");
            let (algorithm, claims) = verified(&program, &got, "https://api.example.com").await;
            assert_eq!((algorithm.as_str(), claims["sub"].as_str()), ("ES256", Some(client.0)));
            let refused = token(&program, client, other, "read").await.expect_err("the other method");
            assert!(refused.contains("invalid_client"), "{refused}");
        }
        let crossed = token(&program, ("demo-basic", post), AuthType::BasicAuth, "read").await;
        assert!(crossed.expect_err("another's secret").contains("invalid_client"));
    }
}

/// Every algorithm that can be configured, for the whole server and for one resource.
async fn signs_with(algorithm: &str) {
    let secret = new_secret();
    let config = config(&format!(
        r#"
        signing_algorithm = "{algorithm}"
        [[resources]]
        uri = "https://orders.example.com"
        scopes = ["orders"]
        lifetime = "5m"
        [[resources]]
        uri = "https://reports.example.com"
        scopes = ["reports"]
        signing_algorithm = "ES256"
        [[clients]]
        id = "shop"
        secrets = [{{ env = "SHOP_SECRET" }}]
        scope = "orders reports"
        "#
    ));
    for adapter in ADAPTERS {
        let program =
            Program::start(&["--adapter", adapter, "--config", &config], &[("SHOP_SECRET", &secret)]);
        for (scope, audience, expected, lifetime) in [
            ("orders", "https://orders.example.com", algorithm, 300),
            ("reports", "https://reports.example.com", "ES256", 600),
        ] {
            let got = token(&program, ("shop", &secret), AuthType::BasicAuth, scope).await.expect("a token");
            let (signed_with, claims) = verified(&program, &got, audience).await;
            assert_eq!(signed_with, expected);
            assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), lifetime);
        }
    }
}

#[tokio::test]
async fn rfc9068_s4_es256_verifies_by_the_served_keys() {
    signs_with("ES256").await;
}

#[tokio::test]
async fn rfc9068_s4_es384_verifies_by_the_served_keys() {
    signs_with("ES384").await;
}

#[tokio::test]
async fn rfc9068_s4_eddsa_verifies_by_the_served_keys() {
    signs_with("EdDSA").await;
}

#[cfg(feature = "josekit")]
#[tokio::test]
async fn rfc9068_s4_rs256_verifies_by_the_served_keys() {
    signs_with("RS256").await;
}

#[cfg(feature = "josekit")]
#[tokio::test]
async fn rfc9068_s4_ps256_verifies_by_the_served_keys() {
    signs_with("PS256").await;
}
