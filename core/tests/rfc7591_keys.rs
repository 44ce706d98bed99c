//! RFC 7591 §2, `jwks` and `jwks_uri`: the keys that a client may register (row 152, T30 to T36).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use grantor::event::Reason;
use grantor::store::CredentialKind;
use grantor::{AuthorizationServer, KeySource};
use serde_json::{Value, json};
use support::*;

/// A client by `private_key_jwt` with this JWK Set.
fn with_set(jwks: &Value) -> Value {
    json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks })
}

/// The same with these keys.
fn with_keys(keys: &[Value]) -> Value {
    with_set(&json!({ "keys": keys }))
}

fn with_uri(uri: &str) -> Value {
    json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri })
}

async fn fetching(world: &World, keys: &[Value]) -> (AuthorizationServer, FakeKeySets) {
    let fake = FakeKeySets::of(keys);
    (world.open().key_sets(fake.clone()).build().await.unwrap(), fake)
}

fn algorithms() -> Vec<&'static str> {
    let mut all = vec!["ES256", "ES384", "EdDSA", "Ed25519"];
    if cfg!(feature = "josekit") {
        all.extend(["ES512", "RS256", "PS256"]);
    }
    all
}

#[tokio::test]
async fn s2_jwks_of_every_algorithm_authenticate() {
    let world = World::new();
    let server = world.registering().await;
    let keys: Vec<_> = algorithms().into_iter().map(Signing::new).collect();
    for key in &keys {
        let kid = merged(&key.jwk, &json!({ "kid": "mine" }));
        for jwk in [key.jwk.clone(), kid] {
            let client = registered(&server, &with_keys(std::slice::from_ref(&jwk))).await;
            // RFC 9864's name for it is understood, and the one that most know is told.
            let told = if key.alg == "Ed25519" { merged(&jwk, &json!({ "alg": "EdDSA" })) } else { jwk };
            assert_eq!(client.said["jwks"], json!({ "keys": [told] }));
            let answer = client.asks_by(&server, key).await;
            assert_eq!(answer.status, 200, "{}: {}", key.alg, answer.text());
        }
    }
    // Without `alg` a key is for what its type can do.
    let key = Signing::es256();
    let mut bare = key.jwk.clone();
    bare.as_object_mut().unwrap().remove("alg");
    let client = registered(&server, &with_keys(&[bare])).await;
    assert_eq!(client.asks_by(&server, &key).await.status, 200);
    let client =
        registered(&server, &with_keys(&keys.iter().map(|key| key.jwk.clone()).collect::<Vec<_>>())).await;
    for key in &keys {
        assert_eq!(client.asks_by(&server, key).await.status, 200, "{}", key.alg);
    }
    refused(&client.asks_by(&server, &Signing::es256()).await, 401, "invalid_client");
}

/// Row 152.
#[tokio::test]
async fn s2_jwks_and_jwks_uri_are_never_both_there() {
    let world = World::new();
    let key = Signing::es256();
    let (server, _) = fetching(&world, &[published(&key, "a")]).await;
    for method in ["private_key_jwt", "client_secret_basic", "client_secret_jwt"] {
        let mut both = merged(&with_keys(std::slice::from_ref(&key.jwk)), &with_uri(JWKS_URI));
        both["token_endpoint_auth_method"] = method.into();
        bad_metadata(&register(&server, &both).await, method);
    }
    let mut null = with_uri(JWKS_URI);
    null["jwks"] = Value::Null;
    registered(&server, &null).await;
    for neither in [json!({}), json!({ "jwks": null }), json!({ "jwks_uri": null })] {
        let none = merged(&json!({ "token_endpoint_auth_method": "private_key_jwt" }), &neither);
        bad_metadata(&register(&server, &none).await, "a key is needed");
    }
}

#[tokio::test]
async fn s2_jwks_uri_is_fetched_when_the_client_authenticates_and_not_before() {
    let world = World::new();
    let key = Signing::es256();
    let (server, fake) = fetching(&world, &[published(&key, "a")]).await;
    let client = registered(&server, &with_uri(JWKS_URI)).await;
    assert_eq!(client.said["jwks_uri"], JWKS_URI);
    assert_eq!(fake.asked(), [], "T58: registering makes the server ask nobody");
    assert_eq!(client.asks_by(&server, &key).await.status, 200);
    assert_eq!(fake.asked(), [(KeySource::Url(jwks_uri()), false)]);
    for bad in [
        "http://demo.example/jwks.json",
        "https://demo.example/jwks.json#f",
        "https://user:pw@demo.example/jwks.json",
        "ftp://demo.example/jwks.json",
        "file:///etc/passwd",
        "demo.example/jwks.json",
        "https://",
        "https://demo.example/\r\nx",
        "",
    ] {
        bad_metadata(&register(&server, &with_uri(bad)).await, bad);
    }
    assert_eq!(fake.asked(), []);
    // Nobody here fetches, so such a client could never authenticate.
    let server = world.registering().await;
    bad_metadata(&register(&server, &with_uri(JWKS_URI)).await, "no fetcher");
}

/// A key that nobody should trust is refused, with a text that is of use.
#[tokio::test]
async fn s2_keys_that_are_no_good_are_refused_with_a_useful_text() {
    let world = World::new();
    let server = world.registering().await;
    let key = Signing::es256();
    let es256 = |more: Value| merged(&key.jwk, &more);
    let n_of = |bits: usize| {
        let mut n = vec![0xff_u8; bits / 8];
        n[bits / 8 - 1] = 0xfd;
        BASE64URL_NOPAD.encode(&n)
    };
    let rsa = |bits: usize, e: &str| json!({ "kty": "RSA", "alg": "RS256", "n": n_of(bits), "e": e });
    let zero = BASE64URL_NOPAD.encode(&[0; 32]);
    let bad = [
        ("weak", rsa(1024, "AQAB")),
        ("weak", rsa(2032, "AQAB")),
        ("weak", rsa(512, "AQAB")),
        ("exponent", rsa(2048, "AQ")),
        ("exponent", rsa(2048, "Aw")),
        ("exponent", rsa(2048, "Ag")),
        ("huge", rsa(8192 * 2, "AQAB")),
        ("symmetric", json!({ "kty": "oct", "k": BASE64URL_NOPAD.encode(SECRET.as_bytes()) })),
        ("symmetric", json!({ "kty": "oct", "alg": "HS256", "k": "c2VjcmV0" })),
        ("private", es256(json!({ "d": zero }))),
        ("private", es256(json!({ "d": "" }))),
        ("private", merged(&rsa(2048, "AQAB"), &json!({ "p": "AQAB" }))),
        ("off curve", es256(json!({ "y": key.jwk["x"] }))),
        ("off curve", es256(json!({ "x": zero, "y": zero }))),
        ("short", es256(json!({ "x": "AQAB" }))),
        ("padded", es256(json!({ "x": format!("{}=", key.jwk["x"].as_str().unwrap()) }))),
        ("curve", es256(json!({ "crv": "secp256k1" }))),
        ("curve", es256(json!({ "crv": "P-384" }))),
        ("algorithm", es256(json!({ "alg": "RS256" }))),
        ("algorithm", es256(json!({ "alg": "none" }))),
        ("type", json!({ "kty": "XYZ", "x": "AQAB" })),
        ("type", json!({ "x": "AQAB" })),
        ("type", es256(json!({ "kty": 7 }))),
        ("X25519", json!({ "kty": "OKP", "crv": "X25519", "x": zero })),
        ("members", es256(json!({ "x": 1 }))),
        ("kid", es256(json!({ "kid": 7 }))),
    ];
    let mut texts = BTreeSet::new();
    for (what, jwk) in &bad {
        for set in [vec![jwk.clone()], vec![key.jwk.clone(), jwk.clone()]] {
            let text = bad_metadata(&register(&server, &with_keys(&set)).await, format!("{what}: {jwk}"));
            assert!(text.len() > 20, "{what}: {text}");
            for part in ["AQAB", "secp256k1", "XYZ", &zero] {
                assert!(!text.contains(part), "nothing of the input comes back: {text}");
            }
            texts.insert(text);
        }
    }
    assert!(texts.len() >= 3, "which of the rules was broken: {texts:?}");
}

#[tokio::test]
async fn s2_jwks_is_a_valid_jwk_set_of_one_to_fifty_different_keys() {
    let world = World::new();
    let server = world.registering().await;
    for bad in [
        json!({}),
        json!({ "keys": [] }),
        json!({ "keys": {} }),
        json!({ "keys": null }),
        json!({ "keys": "x" }),
        json!({ "keys": [1] }),
        json!({ "keys": [null] }),
        json!({ "keys": [[]] }),
        json!({ "KEYS": [] }),
        json!({ "kty": "EC" }),
    ] {
        bad_metadata(&register(&server, &with_set(&bad)).await, &bad);
    }
    let many = |count: usize| -> Vec<Value> { (0..count).map(|_| Signing::es256().jwk).collect() };
    assert_eq!(
        registered(&server, &with_keys(&many(50))).await.said["jwks"]["keys"].as_array().unwrap().len(),
        50
    );
    bad_metadata(&register(&server, &with_keys(&many(51))).await, "more than fifty");
    let key = Signing::es256();
    bad_metadata(&register(&server, &with_keys(&[key.jwk.clone(), key.jwk.clone()])).await, "twice");
    let renamed = merged(&key.jwk, &json!({ "kid": "other" }));
    bad_metadata(&register(&server, &with_keys(&[key.jwk.clone(), renamed])).await, "twice, under two names");
}

/// A key for encryption signs nothing: it is left out, and where no other is left there is none.
#[tokio::test]
async fn s2_keys_for_encryption_are_left_out() {
    let world = World::new();
    let server = world.registering().await;
    let (signs, encrypts) = (Signing::es256(), Signing::es256());
    let enc = merged(&encrypts.jwk, &json!({ "use": "enc" }));
    let client = registered(&server, &with_keys(&[enc.clone(), signs.jwk.clone()])).await;
    assert_eq!(client.said["jwks"], json!({ "keys": [signs.jwk] }), "told what is registered");
    assert_eq!(client.asks_by(&server, &signs).await.status, 200);
    refused(&client.asks_by(&server, &encrypts).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::JwtSignature);
    bad_metadata(&register(&server, &with_keys(&[enc])).await, "none is left");
}

/// Beside a secret a client may have keys too: kept, told, and no way to authenticate.
#[tokio::test]
async fn s2_keys_beside_a_secret_do_not_authenticate() {
    let world = World::new();
    let server = world.registering().await;
    let key = Signing::es256();
    let client = registered(&server, &json!({ "jwks": { "keys": [key.jwk] } })).await;
    assert_eq!(client.said["jwks"]["keys"][0]["x"], key.jwk["x"]);
    assert_eq!(client.asks(&server).await.status, 200, "by its secret");
    refused(&client.asks_by(&server, &key).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::MethodNotRegistered);
}

/// T65, T95: what is kept of a key is public, and a certificate beside it chooses nothing.
#[tokio::test]
async fn s2_what_is_kept_of_a_key_is_its_public_half() {
    let world = World::new();
    let server = world.registering().await;
    let key = Signing::es256();
    let dressed = merged(&key.jwk, &json!({ "kid": "k", "ext": true, "x5u": "https://evil.example/cert" }));
    let client = registered(&server, &with_keys(&[dressed])).await;
    let record = world.record(&client.id).await.unwrap();
    let [held] = record.credentials() else { panic!("one key") };
    assert!(matches!(held.kind(), CredentialKind::Key(_)));
    assert_eq!(client.asks_by(&server, &key).await.status, 200);
    refused(&client.asks_by(&server, &Signing::es256()).await, 401, "invalid_client");
}
