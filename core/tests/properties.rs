//! Whatever comes, there is an answer: never a panic, never a 5xx, and never a token for what was not signed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use grantor::http::Request;
use grantor::resource::{AccessTokenVerifier, RemoteIssuer};
use grantor::{AuthorizationServer, PublicKey, PublicKeySet, Resource, TokenFormat};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use support::*;
use tokio::runtime::Runtime;

/// One server for all cases, with a client for each of the four methods, and tokens of `basic` in both formats.
struct Target {
    runtime: Runtime,
    server: AuthorizationServer,
    key: Signing,
    secret: String,
    tokens: [String; 2],
    here: [AccessTokenVerifier; 2],
    elsewhere: AccessTokenVerifier,
}

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (server, key, secret, tokens, here, elsewhere) = runtime.block_on(async {
        let world = World::new();
        let key = Signing::es256();
        world.key_client("demo", &[&key]).await;
        let opaque = Resource::new(OPAQUE).format(TokenFormat::Opaque);
        let server = world.builder().resource(opaque).default_resource(API).build().await.unwrap();
        world.mac_client("mac", "HS256").await;
        let secret = world.client_with("basic", |client| client.introspector(true)).await;
        let by_post = grantor::store::AuthMethod::CLIENT_SECRET_POST;
        world.client_with("post", |client| client.auth_method(by_post)).await;
        let mut tokens = Vec::new();
        for resource in [API, OPAQUE] {
            let request = grant("basic", &secret, &[("resource", resource)]);
            tokens.push(send(&server, request).await.access_token());
        }
        let here = [API, OPAQUE].map(|resource| server.access_token_verifier(resource).build().unwrap());
        let keys = serde_json::json!({ "keys": jwks(&server).await }).to_string();
        let sets = IssuerKeySets::holding(PublicKeySet::from_published(keys.as_bytes()).unwrap());
        let elsewhere = there(RemoteIssuer::new(ISSUER, sets).clock(world.clock.clone())).build().unwrap();
        let tokens = tokens.try_into().unwrap();
        (server, key, secret, tokens, here, elsewhere)
    });
    Target { runtime, server, key, secret, tokens, here, elsewhere }
});

const OPAQUE: &str = "https://opaque.example.com";

/// What introspection and each verifier say of a text: `true` where any of them takes it for a token. Never a 5xx.
fn taken_for_a_token(text: &str) -> bool {
    let target = &*TARGET;
    target.runtime.block_on(async {
        let answer = introspect(&target.server, "basic", &target.secret, text).await;
        // No text at all is a request without one, and NUL is refused at the edge (T98).
        let expected = if text.is_empty() || text.contains('\0') { 400 } else { 200 };
        assert_eq!(answer.status, expected, "{text:?}");
        let mut taken = answer.status == 200 && answer.text() != INACTIVE;
        for verifier in target.here.iter().chain([&target.elsewhere]) {
            let verified = verifier.verify(text).await;
            assert!(
                verified.as_ref().is_ok() || verified.as_ref().is_err_and(|refused| refused.status() == 401)
            );
            taken |= verified.is_ok();
        }
        taken
    })
}

fn status(request: grantor::http::RequestBuilder) -> u16 {
    let target = &*TARGET;
    target.runtime.block_on(send(&target.server, request)).status
}

fn with_assertion(bytes: &[u8]) -> u16 {
    let value: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let kind = encode(ASSERTION_TYPE);
    let body = format!("grant_type=client_credentials&client_assertion_type={kind}&client_assertion={value}");
    status(post_raw(body))
}

/// A refusal that is the client's fault.
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status)
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = select(&[
        "alg", "kty", "crv", "x", "y", "n", "e", "kid", "use", "key_ops", "x5c", "x5t", "exp", "aud", "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        vec(any::<u8>(), 0..70).prop_map(|bytes| BASE64URL_NOPAD.encode(&bytes).into()),
        select(&["EC", "OKP", "RSA", "oct", "P-256", "P-384", "P-521", "Ed25519", "ES256", "sig", "verify"])
            .prop_map(Value::from),
        select(&[ISSUER, "demo", "mac"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((names.clone(), inner), 0..8).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_as_assertion(bytes in vec(any::<u8>(), 1..600)) {
        prop_assert!(is_refusal(with_assertion(&bytes)));
    }

    #[test]
    fn random_bytes_in_the_form_of_one(parts in vec(vec(any::<u8>(), 0..80), 1..7)) {
        let parts: Vec<_> = parts.iter().map(|part| BASE64URL_NOPAD.encode(part)).collect();
        prop_assert!(is_refusal(with_assertion(parts.join(".").as_bytes())));
    }

    #[test]
    fn random_json_as_header_and_claims(header in any_json(), claims in any_json()) {
        let alg = |header: &mut Value| header.as_object_mut().map(|members| members.insert("alg".into(), "ES256".into()));
        let mut with_alg = header.clone();
        alg(&mut with_alg);
        let attacker = Signing::constant("ES256", vec![7; 64]);
        for header in [header, with_alg] {
            let text = attacker.sign_raw(header.to_string(), claims.to_string());
            prop_assert_eq!(with_assertion(text.as_bytes()), 401);
            let text = TARGET.key.sign_raw(header.to_string(), claims.to_string());
            prop_assert_eq!(with_assertion(text.as_bytes()), 401);
        }
    }

    #[test]
    fn one_claim_of_a_signed_assertion_is_random(name in select(&["iss", "sub", "aud", "exp", "jti", "nbf", "iat"]), value in any_json()) {
        let text = Assertion::of("demo").claim(name, value.clone()).sign(&TARGET.key);
        let status = with_assertion(text.as_bytes());
        // A random jti, a nbf or iat of the past, and the right issuer or id by chance are fine.
        prop_assert!(status == 401 || status == 200, "{} {} {}", status, name, value);
        if ["iss", "sub"].contains(&name) {
            prop_assert_eq!(status == 200, value == "demo");
        }
        if name == "aud" {
            prop_assert_eq!(status == 200, value == ISSUER || value == serde_json::json!([ISSUER]));
        }
    }

    #[test]
    fn a_signed_assertion_mutated(at in any::<Index>(), with in any::<u8>(), kind in 0..4_u8) {
        let mut text = Assertion::of("demo").sign(&TARGET.key).into_bytes();
        let before = text.clone();
        let at = at.index(text.len());
        match kind {
            0 => text[at] = with,
            1 => text.insert(at, with),
            2 => {
                text.remove(at);
            }
            _ => text.truncate(at),
        }
        let status = with_assertion(&text);
        prop_assert!(is_refusal(status) || (status == 200 && text == before), "{}", status);
    }

    /// T74: of all texts that differ from a token in one character none is one, to nobody who checks.
    #[test]
    fn a_token_mutated(which in 0..2_usize, at in any::<Index>(), with in any::<char>(), near in any::<u8>(), kind in 0..5_u8) {
        let token = &TARGET.tokens[which];
        prop_assert!(taken_for_a_token(token), "the token itself is");
        let mut text: Vec<char> = token.chars().collect();
        let at = at.index(text.len());
        match kind {
            0 => text[at] = with,
            1 => text[at] = char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."[usize::from(near) % 65]),
            2 => text.insert(at, with),
            3 => {
                text.remove(at);
            }
            _ => text.truncate(at),
        }
        let text: String = text.into_iter().collect();
        prop_assume!(text != *token);
        prop_assert!(!taken_for_a_token(&text), "{}", text);
    }

    #[test]
    fn any_text_as_token(text in any::<String>(), parts in vec(vec(any::<u8>(), 0..60), 1..6)) {
        let encoded: Vec<_> = parts.iter().map(|part| BASE64URL_NOPAD.encode(part)).collect();
        let opaque = format!("grantor_at_{text}");
        for text in [text, encoded.join("."), opaque] {
            prop_assert!(!taken_for_a_token(&text), "{}", text);
        }
    }

    /// Signed by a key that the verifier does not have, with the header of one that it has.
    #[test]
    fn any_claims_under_a_foreign_signature(claims in any_json()) {
        let header = decode(&TARGET.tokens[0]).header.to_string();
        prop_assert!(!taken_for_a_token(&TARGET.key.sign_raw(header, claims.to_string())));
    }

    #[test]
    fn random_bytes_as_form(body in vec(any::<u8>(), 0..400)) {
        prop_assert!(is_refusal(status(post_raw(body))));
    }

    #[test]
    fn random_parameters(pairs in vec((
        select(&["grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "resource", "x"]),
        prop_oneof![
            any::<String>(),
            select(&["client_credentials", ASSERTION_TYPE, "demo", "mac", "basic", "post", "read", API]).prop_map(str::to_owned),
        ],
    ), 0..10)) {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        prop_assert!(is_refusal(status(post(&pairs))));
    }

    #[test]
    fn random_bytes_as_authorization(header in vec(any::<u8>(), 0..200), scheme in any::<bool>()) {
        let header = if scheme { [b"Basic ".as_slice(), &header].concat() } else { header };
        let request = Request::builder("POST", "/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", header)
            .body("grant_type=client_credentials");
        prop_assert!(is_refusal(status(request)));
    }

    #[test]
    fn random_pairs_as_basic(id in prop_oneof![any::<String>(), Just("basic".to_owned())], pair in vec(any::<u8>(), 0..200)) {
        let pair = [id.as_bytes(), b":", &pair].concat();
        let request = post(&[("grant_type", "client_credentials")]).header("authorization", basic_raw(pair));
        prop_assert!(is_refusal(status(request)));
    }

    /// What is read is a public key of ours; what is not is an error. Never a panic.
    #[test]
    fn random_json_as_key(jwk in any_json(), text in any::<String>()) {
        for text in [jwk.to_string(), text] {
            let _refused = PublicKey::from_jwk(&text);
            let _refused = PublicKey::from_jwks(&text);
            let _refused = PublicKey::from_jwks(&format!(r#"{{"keys":[{text}]}}"#));
            let _refused = grantor::store::Client::from_document(&text);
        }
    }

    #[test]
    fn a_key_mutated(name in select(&["kty", "crv", "x", "y", "alg", "use", "key_ops", "kid", "d", "k", "x5t", "x5c"]), value in any_json()) {
        let jwk = merged(&TARGET.key.jwk, &serde_json::json!({ name: value }));
        if let Ok(key) = PublicKey::from_jwk(&jwk.to_string()) {
            prop_assert_eq!(key.algorithm().as_str(), "ES256");
            let harmless = ["kid", "x5t", "x5c"].contains(&name) || jwk[name] == TARGET.key.jwk[name];
            prop_assert!(harmless || name == "use" || name == "key_ops", "{} {}", name, jwk);
            prop_assert!(!["d", "k"].contains(&name));
        }
    }
}
