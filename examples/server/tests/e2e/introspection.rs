//! Tokens are introspected and revoked over sockets, by every method, and by those whom the file lets.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use oauth2::basic::{BasicClient, BasicTokenIntrospectionResponse};
use oauth2::reqwest::header;
use oauth2::{AccessToken, ClientId, ClientSecret, IntrospectionUrl, TokenIntrospectionResponse};
use serde_json::Value;

use crate::assertion::made;
use crate::keys::{RESOURCE, with_new_key, with_secret};
use crate::program::{Program, config, new_secret};
use crate::tokens::http;

const INACTIVE: &str = r#"{"active":false}"#;

/// What the crate `oauth2` learns of a token. Its caller proves itself by `client_secret_basic`.
pub(crate) async fn introspected(
    url: &str,
    (id, secret): (&str, &str),
    token: &str,
) -> BasicTokenIntrospectionResponse {
    let client = BasicClient::new(ClientId::new(id.to_owned()))
        .set_client_secret(ClientSecret::new(secret.to_owned()))
        .set_introspection_url(IntrospectionUrl::new(url.to_owned()).expect("url"));
    let (token, http) = (AccessToken::new(token.to_owned()), http());
    client.introspect(&token).request_async(&http).await.expect("an answer")
}

/// A client that proves itself anew for each request, with its secret or the file of its key.
struct Caller<'a> {
    id: &'a str,
    with: &'a str,
}

impl Caller<'_> {
    /// Status and body.
    async fn ask(&self, program: &Program, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let mut request = http().post(format!("{}{path}", program.issuer()));
        let assertion = match self.id {
            "client_secret_jwt" => made(self.id, &program.issuer(), &["--secret-env", "SHARED"], self.with),
            "private_key_jwt" => made(self.id, &program.issuer(), &["--key", self.with], ""),
            _ => String::new(),
        };
        let own = match self.id {
            "client_secret_post" => vec![("client_id", self.id), ("client_secret", self.with)],
            "client_secret_jwt" | "private_key_jwt" => vec![
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", &assertion),
            ],
            _ => {
                request = request.basic_auth(self.id, Some(self.with));
                Vec::new()
            }
        };
        let answer = request.form(&[form, &own].concat()).send().await.expect("answer");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn token(&self, program: &Program, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let (status, body) = self.ask(program, "/oauth2/token", &form).await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        body["access_token"].as_str().expect("a token").to_owned()
    }

    async fn introspect(&self, program: &Program, token: &str) -> String {
        let (status, body) = self.ask(program, "/oauth2/introspect", &[("token", token)]).await;
        assert_eq!(status, 200, "{}: {body}", self.id);
        body
    }
}

#[tokio::test]
async fn rfc7662_s2_1_rfc7009_s2_1_every_method_introspects_and_revokes_its_own_tokens() {
    let (secret, (by_key, key)) = (new_secret(), with_new_key("private_key_jwt"));
    let by_secret = ["client_secret_basic", "client_secret_post", "client_secret_jwt"];
    for format in ["jwt", "opaque"] {
        let blocks: String = by_secret.iter().map(|method| with_secret(method, method)).collect();
        let config = config(&format!("{RESOURCE}format = \"{format}\"\n{blocks}{by_key}"));
        let program = Program::start(&["--config", &config], &[("SHARED", &secret)]);
        let callers = by_secret.map(|id| Caller { id, with: &secret });
        let callers: Vec<_> =
            callers.into_iter().chain([Caller { id: "private_key_jwt", with: &key }]).collect();
        for (at, caller) in callers.iter().enumerate() {
            let other = &callers[(at + 1) % callers.len()];
            let token = caller.token(&program, "read").await;
            assert_eq!(token.split('.').count(), if format == "jwt" { 3 } else { 1 });
            let said: Value = serde_json::from_str(&caller.introspect(&program, &token).await).expect("JSON");
            let told = (said["active"].as_bool(), said["client_id"].as_str(), said["scope"].as_str());
            assert_eq!(told, (Some(true), Some(caller.id), Some("read")), "{said}");
            assert_eq!(other.introspect(&program, &token).await, INACTIVE);

            let (status, body) = other.ask(&program, "/oauth2/revoke", &[("token", &token)]).await;
            assert!(status == 400 && body.contains("unauthorized_client"), "{status} {body}");
            assert_ne!(caller.introspect(&program, &token).await, INACTIVE, "untouched");
            // A hint that is wrong hides nothing.
            let form = [("token", token.as_str()), ("token_type_hint", "refresh_token")];
            let revoked = caller.ask(&program, "/oauth2/revoke", &form).await;
            assert_eq!(revoked, (200, String::new()), "{}", caller.id);
            assert_eq!(caller.introspect(&program, &token).await, INACTIVE, "{}", caller.id);
        }
    }
}

/// `orders` is of JWTs, `reports` of opaque tokens.
const FILE: &str = r#"
    [endpoints]
    introspection = "/look"
    revocation = "/end"
    [[resources]]
    uri = "https://orders.example.com"
    scopes = ["orders"]
    [[resources]]
    uri = "https://reports.example.com"
    scopes = ["reports"]
    format = "opaque"
    signing_algorithm = "EdDSA"
    [[clients]]
    id = "shop"
    scope = "orders reports"
    secrets = [{ env = "SHARED" }]
    [[clients]]
    id = "orders-api"
    serves = ["https://orders.example.com"]
    secrets = [{ env = "SHARED" }]
    [[clients]]
    id = "reports-api"
    serves = ["https://reports.example.com"]
    secrets = [{ env = "SHARED" }]
    [[clients]]
    id = "auditor"
    introspector = true
    introspection_signed_response_alg = "EdDSA"
    secrets = [{ env = "SHARED" }]
"#;

#[tokio::test]
async fn rfc7662_s4_those_who_serve_a_resource_and_introspectors_see_what_the_file_says() {
    let secret = new_secret();
    let program = Program::start(&["--config", &config(FILE)], &[("SHARED", &secret)]);
    let look = format!("{}/look", program.issuer());
    let shop = Caller { id: "shop", with: &secret };
    let tokens = [shop.token(&program, "orders").await, shop.token(&program, "reports").await];
    assert_eq!([tokens[0].contains('.'), tokens[1].contains('.')], [true, false]);
    for (caller, sees) in [
        ("shop", [true, true]),
        ("orders-api", [true, false]),
        ("reports-api", [false, true]),
        ("auditor", [true, true]),
    ] {
        for (token, sees) in tokens.iter().zip(sees) {
            let told = introspected(&look, (caller, &secret), token).await;
            assert_eq!((told.active(), told.client_id().is_some()), (sees, sees), "{caller}");
        }
    }
    for token in &tokens {
        let ended = shop.ask(&program, "/end", &[("token", token)]).await;
        assert_eq!(ended.0, 200);
        assert!(!introspected(&look, ("auditor", &secret), token).await.active());
    }
    assert_eq!(
        http().post(format!("{}/oauth2/revoke", program.issuer())).send().await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn rfc9701_s6_a_jwt_is_signed_with_the_algorithm_that_the_file_says() {
    let secret = new_secret();
    let program = Program::start(&["--config", &config(FILE)], &[("SHARED", &secret)]);
    let token = Caller { id: "shop", with: &secret }.token(&program, "orders").await;
    let keys = http().get(format!("{}/.well-known/jwks.json", program.issuer())).send().await.expect("keys");
    let keys: JwkSet = serde_json::from_str(&keys.text().await.expect("text")).expect("a key set");
    for (caller, algorithm) in [("auditor", "EdDSA"), ("orders-api", "ES256")] {
        let answer = http()
            .post(format!("{}/look", program.issuer()))
            .basic_auth(caller, Some(&secret))
            .header(header::ACCEPT, "application/token-introspection+jwt")
            .form(&[("token", &token)])
            .send()
            .await
            .expect("answer");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/token-introspection+jwt");
        let jwt = answer.text().await.expect("text");
        let header = decode_header(&jwt).expect("header");
        let (typ, alg) = (header.typ.as_deref(), format!("{:?}", header.alg));
        assert_eq!((typ, alg.as_str()), (Some("token-introspection+jwt"), algorithm));
        let key = keys.find(header.kid.as_deref().expect("kid")).expect("published");
        let mut rules = Validation::new(header.alg);
        rules.set_audience(&[caller]);
        rules.set_issuer(&[program.issuer()]);
        rules.set_required_spec_claims(&["iss", "aud"]);
        let claims = decode::<Value>(&jwt, &DecodingKey::from_jwk(key).expect("a key"), &rules);
        let told = &claims.expect("verifies").claims["token_introspection"];
        assert_eq!((&told["active"], &told["client_id"]), (&true.into(), &"shop".into()));
    }
}
