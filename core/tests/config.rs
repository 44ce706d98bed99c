//! Mistakes of the embedder: each is found by `build` and names its fix.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::store::{AuthMethod, IssuerKeys};
use grantor::{
    AuthorizationServer, Builder, ConfigError, Endpoints, HostKey, HostKeyId, HostKeys, IssuerName, Limits,
    Registration, Resource, SecretMatch, SecretVerifier, SecretVerifierError, SigningAlgorithm, Stores,
};
use grantor_storage_memory::MemoryStore;
use support::*;

fn of_issuer(issuer: &str) -> Builder {
    AuthorizationServer::builder(issuer, MemoryStore::new(), host_keys(&[("a", 1)]))
        .resource(Resource::new(API))
}

/// The mistake of a builder. It must say all of `texts`.
async fn mistake(builder: Builder, texts: &[&str]) -> ConfigError {
    let error = builder.build().await.unwrap_err();
    for text in texts {
        assert!(error.to_string().contains(text), "{error} says nothing of {text}");
    }
    error
}

#[tokio::test]
async fn issuer_that_is_none() {
    for bad in [
        "",
        "auth.example.com",
        "https://auth.example.com?x",
        "https://auth.example.com#",
        "https://A.example",
    ] {
        let error = mistake(of_issuer(bad), &[bad, "https URL"]).await;
        assert!(matches!(error, ConfigError::Issuer { .. }), "{error}");
    }
    let error = mistake(of_issuer("http://auth.example.com"), &["http://auth.example.com"]).await;
    assert!(matches!(error, ConfigError::Issuer { .. }), "plain http off loopback is never taken");
}

#[tokio::test]
async fn plain_http_needs_the_dangerous_switch_and_a_loopback_host() {
    for loopback in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"] {
        let error = mistake(of_issuer(loopback), &[loopback, "dangerous()", "https"]).await;
        assert!(matches!(error, ConfigError::PlainHttp { .. }));
        let server = of_issuer(loopback).dangerous().allow_http_on_loopback().build().await.unwrap();
        assert!(server.summary().warnings().iter().any(|warning| warning.contains("plain http")));
        let request = post(&[]).transport(grantor::http::Transport::Plain);
        refused(&send(&server, request).await, 400, "invalid_request");
    }
    let off_loopback = of_issuer("http://auth.example.com").dangerous().allow_http_on_loopback();
    assert!(off_loopback.build().await.is_err());
    let server = of_issuer(ISSUER).dangerous().allow_http_on_loopback().build().await.unwrap();
    let request = post(&[]).transport(grantor::http::Transport::Plain);
    refused(&send(&server, request).await, 400, "invalid_request");
}

#[tokio::test]
async fn no_resource() {
    let error = mistake(World::new().bare(), &[".resource(Resource::new("]).await;
    assert!(matches!(error, ConfigError::NoResource));
}

#[tokio::test]
async fn resource_that_is_none() {
    let world = World::new();
    for bad in ["", "api", "https://api.example.com#x", "https://api example.com"] {
        let error = mistake(world.bare().resource(Resource::new(bad)), &[bad, "absolute URI"]).await;
        assert!(matches!(error, ConfigError::Resource { .. }));
    }
    for bad in ["", "a b", "a\"b", "é"] {
        let error = mistake(world.bare().resource(Resource::new(API).scopes([bad])), &[API, "scope"]).await;
        assert!(matches!(error, ConfigError::Resource { .. }));
    }
}

#[tokio::test]
async fn resource_twice() {
    let error = mistake(World::new().builder().resource(Resource::new(API)), &[API, "twice"]).await;
    assert!(matches!(error, ConfigError::ResourceTwice { .. }));
}

#[tokio::test]
async fn lifetime_that_is_none() {
    let world = World::new();
    for bad in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(24 * 3600 + 1), Duration::MAX]
    {
        let resource = Resource::new(API).lifetime(bad);
        let error = mistake(world.bare().resource(resource), &[API, "1 second to 24 hours"]).await;
        assert!(matches!(error, ConfigError::Lifetime { .. }));
    }
    for good in [1, 24 * 3600] {
        let resource = Resource::new(API).lifetime(Duration::from_secs(good));
        assert!(world.bare().resource(resource).build().await.is_ok());
    }
}

#[tokio::test]
async fn default_resource_that_is_not_declared() {
    for bad in ["https://other.example.com", "https://api.example.com/", ""] {
        let error = mistake(World::new().builder().default_resource(bad), &[bad, ".resource("]).await;
        assert!(matches!(error, ConfigError::DefaultResource { .. }));
    }
}

#[tokio::test]
async fn limits_that_bound_nothing_or_let_nothing_in() {
    let limits = Limits::default();
    for (bad, text) in [
        (limits.with_body(1023), "1 KiB to 16 MiB"),
        (limits.with_body(16 * 1024 * 1024 + 1), "1 KiB to 16 MiB"),
        (limits.with_parameters(7), "8 to 1024"),
        (limits.with_parameters(1025), "8 to 1024"),
        (limits.with_deadline(Duration::ZERO), "deadline"),
    ] {
        let error = mistake(World::new().builder().limits(bad), &[text]).await;
        assert!(matches!(error, ConfigError::Limits { .. }));
    }
    let good = limits.with_body(1024).with_parameters(8).with_deadline(Duration::from_millis(1));
    assert!(World::new().builder().limits(good).build().await.is_ok());
}

#[cfg(not(feature = "josekit"))]
#[tokio::test]
async fn algorithm_whose_feature_is_off() {
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Ps256] {
        let builder = World::new().builder().signing_algorithm(algorithm).executor(TestExecutor::default());
        let error = mistake(builder, &[algorithm.as_str(), "josekit"]).await;
        assert!(matches!(error, ConfigError::Algorithm { .. }));
    }
}

#[cfg(feature = "josekit")]
#[tokio::test]
async fn new_rsa_keys_need_an_executor() {
    let world = World::new();
    let rsa = || world.builder().signing_algorithm(SigningAlgorithm::Rs256);
    let error = mistake(rsa(), &["RS256", "executor", "ES256"]).await;
    assert!(matches!(error, ConfigError::Keys(_)));
    rsa().executor(TestExecutor::default()).build().await.unwrap();
    rsa().build().await.expect("a key that is there needs none");
}

#[tokio::test]
async fn imported_secrets_need_an_executor() {
    let builder = World::new().builder().imported_secrets(CountingVerifier::default());
    let error = mistake(builder, &["executor"]).await;
    assert!(matches!(error, ConfigError::ImportedSecretsNeedExecutor));
}

#[derive(Debug)]
struct BadDecoy(fn() -> Result<SecretMatch, SecretVerifierError>);

impl SecretVerifier for BadDecoy {
    fn verify(&self, _presented: &[u8], _encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
        (self.0)()
    }

    fn decoy(&self) -> &str {
        "bad"
    }
}

#[tokio::test]
async fn decoy_that_is_none() {
    let unreadable = || Err(SecretVerifierError::new("not a hash"));
    for (verify, text) in [
        (unreadable as fn() -> _, "cannot be checked"),
        (|| Ok(SecretMatch::Yes), "a secret matches it"),
        (|| panic!("no decoy"), "executor did not finish"),
    ] {
        let builder = World::new().builder().executor(TestExecutor::default());
        let error = mistake(builder.imported_secrets(BadDecoy(verify)), &["decoy", text]).await;
        assert!(matches!(error, ConfigError::Decoy(_)));
    }
}

/// A registration that is good but for `change`.
fn registering(change: impl FnOnce(Registration) -> Registration) -> Builder {
    let good = Registration::new().initial_access_token("0123456789abcdef0123456789abcdef");
    World::new().builder().registration(change(good))
}

#[tokio::test]
async fn registration_that_nobody_could_use_or_that_is_not_what_it_says() {
    assert!(registering(|good| good).build().await.is_ok());
    let days = |count: u64| Duration::from_secs(count * 86_400);
    let discovered = |name: &str| (IssuerName::new(name).unwrap(), IssuerKeys::Discovery);
    for (wrong, texts) in [
        (
            registering(|good| good.initial_access_token("0123456789abcdef0123456789abcde")),
            ["32 characters", "openssl"],
        ),
        (
            registering(|good| good.initial_access_token("0123456789abcdef 0123456789abcdef")),
            ["32 characters", "A-Z"],
        ),
        (registering(|good| good.scope(["read", "admin"])), ["no resource declares", "`admin`"]),
        (registering(|good| good.scope(["re ad"])), ["registration", "scope"]),
        (registering(|good| good.auth_methods([])), ["at least one method", "authenticate"]),
        (registering(|good| good.auth_methods([AuthMethod::new("none")])), ["cannot register", "`none`"]),
        (
            registering(|good| good.auth_methods([AuthMethod::WORKLOAD_JWT])),
            ["cannot register", "`workload_jwt`"],
        ),
        (registering(|good| good.secret_lifetime(Duration::from_secs(3599))), ["an hour", "whole seconds"]),
        (registering(|good| good.unused_for(days(1) - Duration::from_secs(1))), ["a day at least", "year"]),
        (registering(|good| good.unused_for(days(366))), ["a day at least", "year"]),
        (
            registering(|good| {
                let (name, keys) = discovered("https://statements.example");
                good.software_issuer(name.clone(), keys.clone()).software_issuer(name, keys)
            }),
            ["named twice", "software statements"],
        ),
        (
            registering(|good| {
                let (name, keys) = discovered("statements@example.com");
                good.software_issuer(name, keys)
            }),
            ["have to be given", "publishes metadata"],
        ),
        (
            registering(|good| {
                let (name, keys) = discovered("https://statements.example");
                good.software_issuer(name, keys)
            }),
            ["nothing fetches", "key_sets"],
        ),
    ] {
        let error = mistake(wrong, &texts).await;
        assert!(matches!(error, ConfigError::Registration { .. }), "{error}");
    }
}

#[tokio::test]
async fn registration_needs_a_way_in_and_somewhere_to_register() {
    let memory = MemoryStore::new();
    let stores = || Stores::new(memory.clone(), memory.clone(), memory.clone());
    let world = World::new();
    let closed = world.over(stores().with_registry(memory.clone())).registration(Registration::new());
    let error = mistake(closed, &["initial access token"]).await;
    assert!(matches!(error, ConfigError::Registration { .. }));
    let open = Registration::new().initial_access_token("0123456789abcdef0123456789abcdef");
    let error = mistake(world.over(stores()).registration(open), &["with_registry"]).await;
    assert!(matches!(error, ConfigError::NoRegistry));
}

#[tokio::test]
async fn the_summary_says_what_registration_is_open_to() {
    let server = registering(|good| good.scope(["read"])).build().await.unwrap();
    let text = server.summary().to_string();
    assert!(text.contains("https://auth.example.com/oauth2/register"), "{text}");
    assert!(text.contains("scope [read] by ") && text.contains("goes after 30 days unused"), "{text}");
    assert!(!World::new().server().await.summary().to_string().contains("regist"));
}

#[tokio::test]
async fn endpoint_path_that_is_none_or_taken() {
    let world = World::new();
    for bad in ["token", "", "/", "/a/", "/a//b", "/{x}", "/a?b", "/..", "/a%20b"] {
        for endpoints in [
            Endpoints::default().token(bad),
            Endpoints::default().jwks(bad),
            Endpoints::default().metadata(bad),
            Endpoints::default().registration(bad),
        ] {
            let error = mistake(world.builder().endpoints(endpoints), &[bad, "begin with `/`"]).await;
            assert!(matches!(error, ConfigError::Endpoint { .. }));
        }
    }
    for taken in [
        Endpoints::default().token("/x").jwks("/x"),
        Endpoints::default().token("/.well-known/openid-configuration"),
        Endpoints::default().metadata("/oauth2/token"),
    ] {
        let error = mistake(world.builder().endpoints(taken), &["taken by another endpoint"]).await;
        assert!(matches!(error, ConfigError::Endpoint { .. }));
    }
}

#[tokio::test]
async fn signing_keys_that_cannot_be_opened() {
    let world = World::new();
    world.server().await;
    let other = AuthorizationServer::builder(ISSUER, world.store.clone(), host_keys(&[("b", 2)]));
    let error =
        mistake(other.resource(Resource::new(API)), &["signing key", "host key `a`", "supplied"]).await;
    assert!(matches!(error, ConfigError::Keys(_)));
}

#[test]
fn host_keys_that_are_none() {
    let id = || HostKeyId::new("a").unwrap();
    let error = HostKey::new(id(), b"short").unwrap_err();
    assert!(
        error.to_string().contains("32 to 1024") && error.to_string().contains("openssl rand 32"),
        "{error}"
    );
    assert!(HostKey::new(id(), &[7; 32]).is_err(), "all the same");
    assert!(HostKeys::new([]).unwrap_err().to_string().contains("at least one"));
}
