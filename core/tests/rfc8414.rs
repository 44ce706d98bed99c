//! RFC 8414: metadata.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::http::Request;
use grantor::store::CompatibilitySwitch;
use grantor::{AuthorizationServer, Endpoint, Endpoints, Reach, Resource};
use serde_json::Value;
use support::*;

async fn get(server: &AuthorizationServer, method: &str) -> Answer {
    Answer::of(
        server.metadata(Request::builder(method, "/.well-known/oauth-authorization-server").build()).await,
    )
}

async fn document(server: &AuthorizationServer) -> Value {
    get(server, "GET").await.json()
}

async fn at_issuer(issuer: &str) -> AuthorizationServer {
    let world = World::new();
    AuthorizationServer::builder(issuer, world.store.clone(), world.host_keys.clone())
        .clock(world.clock.clone())
        .resource(Resource::new(API))
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn s2_the_document_says_what_is_switched_on_and_nothing_else() {
    let world = World::new();
    let books = Resource::new("https://books.example.com").scopes(["borrow", "read"]);
    let server = world.builder().resource(books).build().await.unwrap();
    let mut algorithms = vec![
        "ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "HS256",
        "HS384", "HS512",
    ];
    // ring has no P-521.
    algorithms.retain(|name| cfg!(feature = "josekit") || *name != "ES512");
    assert_eq!(
        document(&server).await,
        serde_json::json!({
            "issuer": ISSUER,
            "token_endpoint": "https://auth.example.com/oauth2/token",
            "jwks_uri": "https://auth.example.com/.well-known/jwks.json",
            "scopes_supported": ["read", "write", "borrow"],
            "grant_types_supported": ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "token_endpoint_auth_methods_supported":
                ["private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post"],
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_endpoint": "https://auth.example.com/oauth2/introspect",
            "introspection_endpoint_auth_methods_supported":
                ["private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post"],
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_signing_alg_values_supported": ["ES256"],
            "revocation_endpoint": "https://auth.example.com/oauth2/revoke",
            "revocation_endpoint_auth_methods_supported":
                ["private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        })
    );
}

#[tokio::test]
async fn s2_the_token_endpoint_has_no_query_or_fragment() {
    let server = at_issuer("https://auth.example.com/tenant").await;
    for member in ["token_endpoint", "jwks_uri"] {
        let url = document(&server).await[member].as_str().unwrap().to_owned();
        assert!(url.starts_with("https://auth.example.com/tenant/"), "{url}");
        assert!(!url.contains(['#', '?']), "{url}");
    }
}

#[tokio::test]
async fn s3_routes_put_the_well_known_name_between_host_and_path() {
    let server = at_issuer("https://auth.example.com/tenant").await;
    let routes: Vec<_> = server.routes().collect();
    for (path, endpoint) in [
        ("/tenant/oauth2/token", Endpoint::Token),
        ("/tenant/.well-known/jwks.json", Endpoint::Jwks),
        ("/.well-known/oauth-authorization-server/tenant", Endpoint::Metadata),
        ("/.well-known/openid-configuration/tenant", Endpoint::Metadata),
        ("/tenant/.well-known/openid-configuration", Endpoint::Metadata),
    ] {
        assert!(routes.contains(&(path, endpoint)), "{path}");
    }
}

#[tokio::test]
async fn s3_paths_can_be_chosen_and_the_document_follows() {
    let world = World::new();
    let endpoints = Endpoints::default().token("/token").jwks("/keys").metadata("/about");
    let server = world.builder().endpoints(endpoints).build().await.unwrap();
    let json = document(&server).await;
    assert_eq!(json["token_endpoint"], "https://auth.example.com/token");
    assert_eq!(json["jwks_uri"], "https://auth.example.com/keys");
    assert!(server.routes().any(|route| route == ("/about", Endpoint::Metadata)));
}

#[tokio::test]
async fn s3_1_get_and_head_and_nothing_else() {
    let world = World::new();
    let server = world.server().await;
    for method in ["GET", "HEAD"] {
        assert_eq!(get(&server, method).await.status, 200);
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
        let answer = get(&server, method).await;
        refused(&answer, 405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
}

#[tokio::test]
async fn s3_2_json_without_empty_members_that_may_be_kept_for_a_while() {
    let server = at_issuer("https://auth.example.com").await;
    let answer = get(&server, "GET").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    for (name, member) in answer.json().as_object().unwrap() {
        assert!(!member.is_null() && member.as_array().is_none_or(|list| !list.is_empty()), "{name}");
    }
    assert!(answer.json().get("scopes_supported").is_none(), "no resource declares a scope");
}

#[tokio::test]
async fn s3_3_the_issuer_is_the_configured_one_byte_for_byte() {
    for issuer in
        ["https://auth.example.com", "https://auth.example.com/", "https://auth.example.com:8443/t/1"]
    {
        let server = at_issuer(issuer).await;
        assert_eq!(document(&server).await["issuer"], issuer);
        assert_eq!(server.issuer().as_str(), issuer);
    }
}

#[tokio::test]
async fn s3_1_handle_gives_the_same_answers() {
    let world = World::new();
    let server = world.server().await;
    let get = || Request::builder("GET", "/x").build();
    let by = |endpoint| {
        let server = server.clone();
        async move { Answer::of(server.handle(endpoint, get()).await) }
    };
    assert_eq!(by(Endpoint::Metadata).await, Answer::of(server.metadata(get()).await));
    assert_eq!(by(Endpoint::Jwks).await, Answer::of(server.jwks(get()).await));
    refused(&by(Endpoint::Token).await, 405, "invalid_request");
}

/// It is there where it is on, and nothing else differs.
#[tokio::test]
async fn s2_registration_endpoint_is_there_only_where_registration_is_on() {
    let world = World::new();
    let (off, on) = (document(&world.server().await).await, document(&world.registering().await).await);
    assert!(off.get("registration_endpoint").is_none());
    let more = serde_json::json!({ "registration_endpoint": "https://auth.example.com/oauth2/register" });
    assert_eq!(on, merged(&off, &more));
    let endpoints = Endpoints::default().registration("/clients");
    let moved = world.open().endpoints(endpoints).build().await.unwrap();
    assert_eq!(document(&moved).await["registration_endpoint"], "https://auth.example.com/clients");
    assert!(moved.routes().any(|route| route == ("/clients", Endpoint::Registration)));
}

/// Every endpoint, method, algorithm, grant and scope that the document names works, and of what else there is none does.
#[tokio::test]
async fn s2_what_the_document_names_works_and_what_it_does_not_name_does_not() {
    let world = World::new();
    let server = world.registering().await;
    let told = document(&server).await;
    let list = |name: &str| -> Vec<String> {
        told[name].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let routes: Vec<_> = server.routes().map(|(path, _)| format!("{ISSUER}{path}")).collect();
    let urls = told.as_object().unwrap().iter();
    let urls = urls.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let urls: Vec<_> = urls.map(|(_, url)| url.as_str().unwrap().to_owned()).collect();
    assert!(urls.len() == 5 && urls.iter().all(|url| routes.contains(url)), "{urls:?}");

    let secret = world.client("demo").await;
    let every =
        ["client_credentials", JWT_BEARER, "authorization_code", "password", "refresh_token", "implicit"];
    for grant_type in every.into_iter().chain(["urn:ietf:params:oauth:grant-type:token-exchange"]) {
        let asked = post(&[("grant_type", grant_type)]).header("authorization", basic("demo", &secret));
        let said = send(&server, asked).await.json()["error"].clone();
        let named = list("grant_types_supported").contains(&grant_type.to_owned());
        assert_eq!(said != "unsupported_grant_type", named, "{grant_type}: {said}");
    }
    assert_eq!(list("scopes_supported"), ["read", "write"]);
    for scope in ["read", "write", "admin"] {
        let status = send(&server, grant("demo", &secret, &[("scope", scope)])).await.status;
        assert_eq!(status == 200, list("scopes_supported").contains(&scope.to_owned()), "{scope}");
    }
    let (methods, algorithms) = (
        list("token_endpoint_auth_methods_supported"),
        list("token_endpoint_auth_signing_alg_values_supported"),
    );
    for method in
        ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]
    {
        let key = Signing::es256();
        let jwks = serde_json::json!({ "keys": [key.jwk] });
        let mut metadata = serde_json::json!({ "token_endpoint_auth_method": method });
        if method == "private_key_jwt" {
            metadata["jwks"] = jwks;
        }
        let answer = register(&server, &metadata).await;
        let named = methods.contains(&method.to_owned());
        assert_eq!(answer.status == 201, named, "{method}: {}", answer.text());
        if named {
            let client = Registered::of(&answer, 201);
            let token = if method == "private_key_jwt" {
                client.asks_by(&server, &key).await
            } else {
                client.asks(&server).await
            };
            assert_eq!(token.status, 200, "{method}");
        }
    }
    for alg in [
        "ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "HS256",
        "HS384", "HS512",
    ] {
        let named = algorithms.contains(&alg.to_owned());
        // ring has no P-521, and makes no RSA signatures for these tests.
        if cfg!(not(feature = "josekit")) && alg.starts_with(['R', 'P']) {
            assert!(named, "{alg} is verified without josekit too");
            continue;
        }
        if cfg!(not(feature = "josekit")) && alg == "ES512" {
            assert!(!named);
            continue;
        }
        let method = if alg.starts_with("HS") { "client_secret_jwt" } else { "private_key_jwt" };
        let key = Signing::new(alg);
        let mut metadata = serde_json::json!({ "token_endpoint_auth_method": method, "token_endpoint_auth_signing_alg": alg });
        if method == "private_key_jwt" {
            metadata["jwks"] = serde_json::json!({ "keys": [key.jwk] });
        }
        let client = registered(&server, &metadata).await;
        let key = client.secret.as_ref().map_or(key, |secret| Signing::secret(alg, secret.as_bytes()));
        assert!(named && client.asks_by(&server, &key).await.status == 200, "{alg}");
    }
    for alg in ["none", "ES256K", "HS1", "RSA-OAEP"] {
        assert!(!algorithms.contains(&alg.to_owned()), "{alg}");
    }
}

/// §3.2, whatever is switched on or off.
#[tokio::test]
async fn s3_2_no_member_is_empty_with_anything_on_or_off() {
    let world = World::new();
    let bare = || world.bare().resource(Resource::new(API));
    let discovery = |builder: grantor::Builder| {
        builder.dangerous().compatibility(CompatibilitySwitch::OPENID_DISCOVERY, Reach::EveryClient)
    };
    for builder in [
        bare(),
        bare().registration(registration()),
        discovery(bare()),
        world.open(),
        discovery(world.open()),
    ] {
        let server = builder.build().await.unwrap();
        let request = || Request::builder("GET", "/x").build();
        for answer in [server.metadata(request()).await, server.openid_configuration(request()).await] {
            for (name, member) in Answer::of(answer).json().as_object().unwrap() {
                let is_empty = member.as_array().is_some_and(Vec::is_empty) || member.as_str() == Some("");
                assert!(!member.is_null() && !is_empty, "{name}");
            }
        }
    }
}
