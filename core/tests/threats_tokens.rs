//! Attacks on tokens that come back, at introspection, revocation and an API in this process, by their number in the
//! threat record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64URL_NOPAD;
use grantor::event::Reason;
use grantor::store::{KeySet, KeyStore, Replace, Revision, StoreError};
use grantor::{AuthorizationServer, Resource, SigningAlgorithm, Stores, TokenFormat, async_trait};
use grantor_storage_memory::MemoryStore;
use serde_json::{Value, json};
use support::*;

/// A text that is no token of `billing`: inactive to its own introspection, nothing to revoke, 401 at the API.
async fn nowhere(world: &World, server: &AuthorizationServer, secret: &str, text: &str) -> Reason {
    inactive(&introspect(server, "billing", secret, text).await, text);
    let told = world.events.last();
    let Kind::Introspected(Some(reason)) = told.kind else { panic!("{told:?}") };
    let answer = revoke(server, "billing", secret, text).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{text}");
    let verifier = server.access_token_verifier(API).build().unwrap();
    let refused = verifier.verify(text).await.unwrap_err();
    assert_eq!(refused.status(), 401, "{text}");
    assert_eq!(refused.reason(), Some(reason), "{text}");
    reason
}

async fn everywhere(server: &AuthorizationServer, secret: &str, token: &str) {
    active(&introspect(server, "billing", secret, token).await, token);
    let verifier = server.access_token_verifier(API).build().unwrap();
    assert!(verifier.verify(token).await.is_ok());
}

/// The token with another payload and its old signature.
fn with_claim(token: &str, name: &str, value: Value) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let mut claims = decode(token).claims;
    claims[name] = value;
    format!("{}.{}.{}", parts[0], BASE64URL_NOPAD.encode(claims.to_string().as_bytes()), parts[2])
}

#[tokio::test]
async fn t74_a_changed_claim() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    for (name, value) in [
        ("scope", json!("read write admin")),
        ("exp", json!(NOW + 100_000)),
        ("aud", json!("https://books.example.com")),
        ("client_id", json!("admin")),
        ("sub", json!("admin")),
        ("iss", json!("https://other.example.com")),
        ("jti", json!("another")),
        ("iat", json!(NOW + 1)),
        ("grantor_epoch", json!(1)),
        ("extra", json!(true)),
    ] {
        let changed = with_claim(&token, name, value);
        assert_eq!(nowhere(&world, &server, &secret, &changed).await, Reason::JwtSignature, "{name}");
    }
    everywhere(&server, &secret, &token).await;
}

#[tokio::test]
async fn t74_a_stripped_or_foreign_signature() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let other = token_of(&server, "billing", &secret).await;
    let (message, signature) = token.rsplit_once('.').unwrap();
    let of_other = other.rsplit_once('.').unwrap().1;
    let zeros = BASE64URL_NOPAD.encode(&[0; 64]);
    let mut bad = vec![
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{of_other}"),
        format!("{message}.{zeros}"),
        format!("{message}.{signature}{signature}"),
        format!("{message}.{signature}.{signature}"),
        format!("{message}..{signature}"),
    ];
    // Unsigned, with or without the words of the old header.
    let payload = message.split_once('.').unwrap().1;
    for header in
        [json!({"alg": "none"}), json!({"alg": "none", "typ": "at+jwt", "kid": decode(&token).header["kid"]})]
    {
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        bad.extend([format!("{header}.{payload}."), format!("{header}.{payload}.{signature}")]);
    }
    for text in bad {
        nowhere(&world, &server, &secret, &text).await;
    }
    everywhere(&server, &secret, &token).await;
}

/// T12 to T17: the header is the one that this server writes, byte for byte, or it is no token.
#[tokio::test]
async fn t74_t12_another_header_over_a_token_that_somebody_signed() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    let payload = decode(&token).claims.to_string();
    let (attacker, kid) = (Signing::es256(), decode(&token).header["kid"].clone());
    let public = jwks(&server).await[0].clone();
    let mut headers = vec![decode(&token).header];
    for (name, value) in [
        ("jwk", attacker.jwk.clone()),
        ("jku", json!("https://attacker.example")),
        ("x5u", json!("https://attacker.example")),
        ("x5c", json!(["AA"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("kid", json!("../../dev/null")),
        ("kid", json!(["x"])),
        ("typ", json!("JWT")),
        ("typ", json!("application/at+jwt")),
        ("alg", json!("HS256")),
    ] {
        headers.push(merged(&json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}), &json!({ name: value })));
    }
    for header in headers {
        let forged = attacker.sign_raw(header.to_string(), &payload);
        nowhere(&world, &server, &secret, &forged).await;
        for key in [public.to_string().into_bytes(), BASE64URL_NOPAD.decode(&member(&public, "x")).unwrap()] {
            let mac = Signing::secret("HS256", &key).sign_raw(header.to_string(), &payload);
            nowhere(&world, &server, &secret, &mac).await;
        }
        // The true signature does not save another header.
        let encoded = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        let moved = format!("{encoded}.{}", token.split_once('.').unwrap().1);
        if moved != token {
            nowhere(&world, &server, &secret, &moved).await;
        }
    }
    everywhere(&server, &secret, &token).await;
}

fn member(jwk: &Value, name: &str) -> Vec<u8> {
    jwk[name].as_str().unwrap().as_bytes().to_vec()
}

/// T08: padding, white space, stray bits, one letter more or less.
#[tokio::test]
async fn t74_another_spelling() {
    for format in FORMATS {
        let world = World::new();
        let server = world.with_format(format).await;
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        for text in misspelled(&token) {
            nowhere(&world, &server, &secret, &text).await;
        }
        everywhere(&server, &secret, &token).await;
    }
}

/// Which strings are valid ECDSA signatures of it is nobody's secret: whoever holds the token can write another one. It is
/// the same token, told the same, and no second one.
#[tokio::test]
async fn t74_t76_the_other_ecdsa_signature_is_the_same_token_and_dies_with_it() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let verifier = server.access_token_verifier(API).build().unwrap();
    for by_the_flipped in [false, true] {
        let token = token_of(&server, "billing", &secret).await;
        let flipped = flipped(&token);
        assert_ne!(token, flipped);
        let one = introspect(&server, "billing", &secret, &token).await;
        assert_eq!(introspect(&server, "billing", &secret, &flipped).await, one, "it verifies too");
        active(&one, "before");
        let shown = if by_the_flipped { &flipped } else { &token };
        assert_eq!(revoke(&server, "billing", &secret, shown).await.status, 200);
        for text in [&token, &flipped] {
            inactive(&introspect(&server, "billing", &secret, text).await, "after");
            assert_eq!(world.events.last().kind, Kind::Introspected(Some(Reason::TokenRevoked)));
            assert_eq!(verifier.verify(text).await.unwrap_err().status(), 401);
        }
    }
}

/// T67: another issuer's token, with the same clients and resources.
#[tokio::test]
async fn t67_a_token_of_another_issuer() {
    for format in FORMATS {
        let (world, other) = (World::new(), World::new());
        let server = world.with_format(format).await;
        let elsewhere = AuthorizationServer::builder(
            "https://other.example.com",
            other.store.clone(),
            other.host_keys.clone(),
        )
        .clock(other.clock.clone())
        .resource(api(format))
        .build()
        .await
        .unwrap();
        let secret = world.client("billing").await;
        let theirs = other.client("billing").await;
        let token = token_of(&elsewhere, "billing", &theirs).await;
        assert_eq!(nowhere(&world, &server, &secret, &token).await, Reason::TokenUnknown);
    }
}

/// Shows the keys of another store once it is told to: one key table for two issuers, by mistake.
#[derive(Clone, Debug)]
struct Switched(Arc<Mutex<MemoryStore>>);

#[async_trait]
impl KeyStore for Switched {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        let store = self.0.lock().unwrap().clone();
        KeyStore::load(&store).await
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        let store = self.0.lock().unwrap().clone();
        KeyStore::replace(&store, expected, keys).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// T67 (Storm-0558): even a key that is published here says nothing about tokens of another issuer.
#[tokio::test]
async fn t67_a_key_that_two_issuers_publish_is_good_for_neithers_other_tokens() {
    let (world, other) = (World::new(), World::new());
    let theirs = other.client("billing").await;
    let mut token = String::new();
    // The second time a key is added, so that their set is at a later revision than ours and is taken for newer.
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
        let store = other.store.clone();
        let elsewhere =
            AuthorizationServer::builder("https://other.example.com", store, other.host_keys.clone())
                .clock(other.clock.clone())
                .signing_algorithm(algorithm)
                .resource(Resource::new(API).scopes(["read", "write"]))
                .build()
                .await
                .unwrap();
        token = token_of(&elsewhere, "billing", &theirs).await;
    }
    let keys = Switched(Arc::new(Mutex::new(world.store.clone())));
    let server = world.over(Stores::from(world.store.clone()).with_keys(keys.clone())).build().await.unwrap();
    let secret = world.client("billing").await;
    *keys.0.lock().unwrap() = other.store.clone();
    world.clock.advance(61);
    server.maintain().await;
    let kid = decode(&token).header["kid"].clone();
    assert!(jwks(&server).await.iter().any(|key| key["kid"] == kid), "it is published here now");
    assert_eq!(nowhere(&world, &server, &secret, &token).await, Reason::JwtIssuer);
}

/// T29 and row 124: another kind of JWT is no access token, whoever made it.
#[tokio::test]
async fn t29_assertions_and_introspection_answers_are_no_access_tokens() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let key = Signing::es256();
    world.key_client("shop", &[&key]).await;
    let assertion = Assertion::of("shop");
    let shaped = Assertion::of("billing")
        .claim("iss", ISSUER)
        .claim("aud", API)
        .claim("client_id", "billing")
        .header("typ", "at+jwt")
        .header("kid", decode(&token_of(&server, "billing", &secret).await).header["kid"].clone());
    for text in [assertion.sign(&key), shaped.sign(&key)] {
        nowhere(&world, &server, &secret, &text).await;
    }
    // The server's own signature under another typ.
    let token = token_of(&server, "billing", &secret).await;
    let about = Caller::Basic("billing", &secret).asks(INTROSPECTION, &[("token", &token)]);
    let jwt = at_path(&server, INTROSPECTION, about.header("accept", AS_JWT)).await.text();
    assert_eq!(decode(&jwt).header["kid"], decode(&token).header["kid"], "the same key");
    nowhere(&world, &server, &secret, &jwt).await;
    // And as an access token with the true header, whose signature is over another one.
    let moved = format!("{}.{}", token.split_once('.').unwrap().0, jwt.split_once('.').unwrap().1);
    assert_eq!(nowhere(&world, &server, &secret, &moved).await, Reason::JwtSignature);
    assert_eq!(rejected(&world, &server, &jwt).await, Reason::JwtType, "nor is it a client assertion");
}

/// T04: an assertion is spent by whichever endpoint sees it first, and then by no other.
#[tokio::test]
async fn t04_an_assertion_is_good_at_one_endpoint_once() {
    let world = World::new();
    let server = world.server().await;
    let key = Signing::es256();
    world.key_client("shop", &[&key]).await;
    world.mac_client("mac", "HS256").await;
    let mac = Signing::secret("HS256", SECRET.as_bytes());
    let at = ["/oauth2/token", INTROSPECTION, REVOCATION];
    for (id, key) in [("shop", &key), ("mac", &mac)] {
        let token = present(&server, &Assertion::of(id).sign(key)).await.access_token();
        for first in at {
            for second in at {
                let assertion = Assertion::of(id).sign(key);
                let pairs = [("grant_type", "client_credentials"), ("token", token.as_str())];
                let asks = |path| Caller::Assertion(&assertion).asks(path, &pairs);
                let pick = |path| if path == REVOCATION { "no-token-here" } else { token.as_str() };
                let asks = |path| match path {
                    REVOCATION => Caller::Assertion(&assertion).asks(path, &[("token", pick(path))]),
                    _ => asks(path),
                };
                assert_eq!(at_path(&server, first, asks(first)).await.status, 200, "{first}");
                let again = at_path(&server, second, asks(second)).await;
                refused(&again, 401, "invalid_client");
                assert_eq!(world.events.reason(), Reason::ProofReplayed, "{first} and then {second}");
            }
        }
        active(&asked(&server, Caller::Key(id, key), &token).await, "none of that ended the token");
    }
}

/// A request that is refused before anything was looked up has spent nothing, at these endpoints either. One that asked about a
/// foreign token has: else a spent assertion could go on asking.
#[tokio::test]
async fn t04_a_request_that_is_refused_has_not_spent_its_assertion() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("billing").await;
    let foreign = token_of(&server, "billing", &secret).await;
    let key = Signing::es256();
    world.key_client("shop", &[&key]).await;
    for path in [INTROSPECTION, REVOCATION] {
        let assertion = Assertion::of("shop").sign(&key);
        let caller = Caller::Assertion(&assertion);
        refused(&at_path(&server, path, caller.asks(path, &[])).await, 400, "invalid_request");
        accepted(&server, &assertion, path).await;
    }
    let assertion = Assertion::of("shop").sign(&key);
    for (status, error) in [(400, "unauthorized_client"), (401, "invalid_client"), (401, "invalid_client")] {
        let request = Caller::Assertion(&assertion).asks(REVOCATION, &[("token", &foreign)]);
        refused(&at_path(&server, REVOCATION, request).await, status, error);
    }
}

/// T75: what has not our form, or is none of our signatures, never reaches a store of tokens.
#[tokio::test]
async fn t75_t99_hostile_texts_reach_no_store() {
    for format in FORMATS {
        let world = World::new();
        let tokens = FakeTokens::new(&world.store);
        let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
        let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
            .clock(world.clock.clone())
            .events(world.events.clone())
            .resource(api(format))
            .build()
            .await
            .unwrap();
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        tokens.take_calls();
        let opaque = format!("grantor_at_{}", "*".repeat(59));
        for text in [
            "*",
            "?",
            "%",
            "_",
            "[a-z]",
            "grantor_at_*",
            "grantor_at_%",
            &opaque,
            "' or '1'='1",
            "\"; DEL *",
            "x\r\nDEL *\r\n",
            "x\r\nFLUSHALL",
            "tokens:*",
            "{a}b",
            "\\",
            "../..",
            "$(id)",
            "\u{1f512}",
            &token[..token.len() - 1],
        ] {
            nowhere(&world, &server, &secret, text).await;
        }
        assert_eq!(tokens.take_calls(), Vec::<&str>::new(), "{format:?}");
        everywhere(&server, &secret, &token).await;
    }
}

/// T78: what a store holds of tokens and revocations is a digest; whoever reads it has no token.
#[tokio::test]
async fn t78_a_store_sees_digests_alone() {
    for format in FORMATS {
        let world = World::new();
        let tokens = FakeTokens::new(&world.store);
        let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
        let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
            .clock(world.clock.clone())
            .resource(api(format))
            .build()
            .await
            .unwrap();
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        active(&introspect(&server, "billing", &secret, &token).await, "it lives");
        assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
        let ids = tokens.ids.lock().unwrap().clone();
        assert!(!ids.is_empty());
        let first = *ids[0].as_bytes();
        assert!(ids.iter().all(|id| *id.as_bytes() == first), "one token, one id");
        // The id works as a token in no spelling, and the record knows the token neither.
        let record = tokens.records.lock().unwrap().join("\n");
        assert_eq!(record.is_empty(), format == TokenFormat::Jwt, "of a JWT nothing is stored");
        let random = token.rsplit('_').next().unwrap();
        assert!(!record.contains(random) && !record.contains(&token), "{record}");
        for text in [
            BASE64URL_NOPAD.encode(&first),
            data_encoding::HEXLOWER.encode(&first),
            format!("grantor_at_{}", data_encoding::BASE32_DNSSEC.encode(&first)),
        ] {
            assert!(!token.contains(&text));
            inactive(&introspect(&server, "billing", &secret, &text).await, &text);
        }
    }
}

/// T66: servers with keys of each algorithm know their own tokens again.
#[tokio::test]
async fn t74_every_algorithm_is_checked() {
    for algorithm in SigningAlgorithm::ALL {
        if !cfg!(feature = "josekit") && ["RS256", "PS256"].contains(&algorithm.as_str()) {
            continue;
        }
        let world = World::new();
        let builder = world.builder().signing_algorithm(algorithm).executor(TestExecutor::default());
        let server = builder.build().await.unwrap();
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        everywhere(&server, &secret, &token).await;
        let changed = with_claim(&token, "scope", json!("admin"));
        assert_eq!(nowhere(&world, &server, &secret, &changed).await, Reason::JwtSignature, "{algorithm}");
    }
}

/// T66, T76: a key that another process has just made signs tokens that this one has never seen. It reads the keys anew before
/// it calls such a token unknown: else a revocation would be answered 200 and do nothing.
#[tokio::test]
async fn t66_t76_a_token_of_a_key_that_is_not_known_here_yet() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let here = world.over(Stores::from(world.store.clone()).with_keys(keys.clone())).build().await.unwrap();
    let there = world.builder().signing_algorithm(SigningAlgorithm::EdDsa).build().await.unwrap();
    let secret = world.client("billing").await;
    let token = token_of(&there, "billing", &secret).await;
    world.clock.advance(2);
    // While the keys cannot be read nobody says that there is no such token.
    keys.fail_next_load(StoreError::unavailable("key-table-down-7f3"));
    refused(&introspect(&here, "billing", &secret, &token).await, 503, "temporarily_unavailable");
    world.clock.advance(2);
    assert_eq!(revoke(&here, "billing", &secret, &token).await.status, 200);
    assert_eq!(world.events.last().kind, Kind::Revoked);
    for server in [&here, &there] {
        inactive(&introspect(server, "billing", &secret, &token).await, "revoked");
    }
    // Headers of our form with keys that nobody has cost the key store one look a second, not one each.
    keys.loads.store(0, Ordering::SeqCst);
    world.clock.advance(2);
    for nth in 0..20 {
        let header = format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{nth}"}}"#);
        let made_up = format!("{}.e30.AA", BASE64URL_NOPAD.encode(header.as_bytes()));
        inactive(&introspect(&here, "billing", &secret, &made_up).await, "made up");
    }
    assert_eq!(keys.loads.load(Ordering::SeqCst), 1);
}
