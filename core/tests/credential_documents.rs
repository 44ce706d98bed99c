//! Credentials in the document of a client: round trips, and what is not in them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use grantor::event::Reason;
use grantor::store::{AuthMethod, Client, Credential, CredentialKind};
use serde_json::{Value, json};
use support::*;

fn document(client: &Client) -> Value {
    serde_json::from_str(&client.to_document().unwrap()).unwrap()
}

fn client_with(method: AuthMethod, credentials: Vec<Credential>) -> Client {
    let client =
        Client::builder(client_id("demo"), method).credentials(credentials).scope(scope("read write"));
    client.build().unwrap()
}

fn algorithms() -> Vec<&'static str> {
    let mut all = vec!["ES256", "ES384", "EdDSA"];
    if cfg!(feature = "josekit") {
        all.extend(["ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
    }
    all
}

#[tokio::test]
async fn keys_of_every_kind_come_back_as_they_were() {
    for alg in algorithms() {
        let key = Signing::new(alg);
        let more = json!({
            "kid": "k \u{20ac} \"1\"", "x5t": BASE64URL_NOPAD.encode(&[1; 20]),
            "x5t#S256": BASE64URL_NOPAD.encode(&[2; 32]), "x5c": [],
        });
        let held = vec![
            Credential::key(key.public_with(&more)).unwrap().labelled("laptop").valid_until(at(NOW + 600)),
            Signing::new("EdDSA").credential().valid_from(at(NOW + 5)),
        ];
        let client = client_with(AuthMethod::PRIVATE_KEY_JWT, held);
        let text = client.to_document().unwrap();
        let again = Client::from_document(&text).unwrap();
        assert_eq!(again, client, "{alg}");
        assert_eq!(again.to_document().unwrap(), text, "{alg}");
        let CredentialKind::Key(own) = again.credentials()[0].kind() else { panic!("{alg}") };
        assert_eq!((own.algorithm().as_str(), own.kid()), (alg, Some("k \u{20ac} \"1\"")));
        assert_eq!(own.thumbprint(), key.public().thumbprint());
        let world = World::new();
        world.insert(&again).await;
        let assertion = Assertion::of("demo").header("x5t", BASE64URL_NOPAD.encode(&[1; 20])).sign(&key);
        accepted(&world.server().await, &assertion, alg).await;
    }
}

/// Only the members of a public key, whatever stood beside them.
#[test]
fn t65_no_private_member_reaches_a_document() {
    for alg in algorithms() {
        let key = Signing::new(alg);
        let client = client_with(AuthMethod::PRIVATE_KEY_JWT, vec![key.credential()]);
        let document = document(&client);
        let jwk = document["credentials"][0]["kind"]["key"].as_object().unwrap();
        for name in jwk.keys() {
            assert!(["kty", "crv", "x", "y", "n", "e", "alg"].contains(&name.as_str()), "{alg} {name}");
        }
    }
    #[cfg(feature = "josekit")]
    {
        let pair = serde_json::to_value(rsa_pair().as_ref()).unwrap();
        let text = client_with(AuthMethod::PRIVATE_KEY_JWT, vec![Signing::new("RS256").credential()]);
        let text = text.to_document().unwrap();
        for name in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(!text.contains(pair[name].as_str().unwrap()), "{name}");
        }
    }
}

#[tokio::test]
async fn a_sealed_secret_comes_back_and_is_not_to_be_read() {
    for alg in ["HS256", "HS384", "HS512"] {
        let world = World::new();
        let held = vec![
            world.sealed("demo", "one", SECRET, alg).labelled("old"),
            world.sealed("demo", "two", SECRET, alg),
        ];
        let client = client_with(AuthMethod::CLIENT_SECRET_JWT, held);
        let text = client.to_document().unwrap();
        let again = Client::from_document(&text).unwrap();
        assert_eq!(again, client);
        let document = document(&client);
        assert_eq!(document["credentials"][0]["kind"]["sealed_secret"]["alg"], alg);
        let sealed = |at: usize| document["credentials"][at]["kind"]["sealed_secret"]["sealed"].to_string();
        assert_ne!(sealed(0), sealed(1), "sealed twice, never the same");
        let debug = format!("{client:?} {:?} {:#?}", client.credentials(), client.credentials()[0].kind());
        for form in [
            SECRET.to_owned(),
            BASE64URL_NOPAD.encode(SECRET.as_bytes()),
            data_encoding::BASE64.encode(SECRET.as_bytes()),
            HEXLOWER.encode(SECRET.as_bytes()),
        ] {
            assert!(!text.contains(&form) && !debug.contains(&form));
            let (begin, end) = (&form[..12], &form[form.len() - 12..]);
            assert!(!text.contains(begin) && !text.contains(end) && !debug.contains(begin));
        }
        world.insert(&again).await;
        accepted(&world.server().await, &Assertion::of("demo").sign(&Signing::new(alg)), alg).await;
    }
}

/// design §4: what a newer release wrote is kept whole by an older one, and opens nothing.
#[tokio::test]
async fn a_kind_with_an_unknown_member_is_kept_whole_and_opens_nothing() {
    let key = Signing::es256();
    let sealed = World::new().sealed("demo", "s", SECRET, "HS256");
    let key_document = document(&client_with(AuthMethod::PRIVATE_KEY_JWT, vec![key.credential()]));
    let sealed_document = document(&client_with(AuthMethod::CLIENT_SECRET_JWT, vec![sealed]));
    let key_kind = &key_document["credentials"][0]["kind"];
    let sealed_kind = &sealed_document["credentials"][0]["kind"];
    let mut kinds = vec![
        (&key_document, merged(key_kind, &json!({"only_from": "10.0.0.0/8"}))),
        (&key_document, json!({"key": merged(&key_kind["key"], &json!({"only_from": "10.0.0.0/8"}))})),
        (&key_document, json!({"key": merged(&key_kind["key"], &json!({"alg": "ML-DSA-65"}))})),
        (&key_document, json!({"key": merged(&key_kind["key"], &json!({"kty": "AKP"}))})),
        (&key_document, json!({"attestation": {"x": 1}})),
        (&key_document, json!({})),
        (&sealed_document, merged(sealed_kind, &json!({"only_from": "10.0.0.0/8"}))),
        (
            &sealed_document,
            json!({"sealed_secret": merged(&sealed_kind["sealed_secret"], &json!({"only_from": 1}))}),
        ),
        (
            &sealed_document,
            json!({"sealed_secret": merged(&sealed_kind["sealed_secret"], &json!({"alg": "ES256"}))}),
        ),
        (
            &sealed_document,
            json!({"sealed_secret": merged(&sealed_kind["sealed_secret"], &json!({"alg": "none"}))}),
        ),
    ];
    let mut deeper = sealed_kind.clone();
    deeper["sealed_secret"]["sealed"]["scheme"] = json!("newer");
    kinds.push((&sealed_document, deeper));
    for (document_of, kind) in kinds {
        let mut stored = document_of.clone();
        stored["credentials"][0]["kind"] = kind.clone();
        stored["credentials"][0]["future"] = json!({"kept": true});
        let client = Client::from_document(&stored.to_string()).unwrap();
        assert!(matches!(client.credentials()[0].kind(), CredentialKind::Unknown(_)), "{kind}");
        let written = document(&client.to_builder().name("changed").build().unwrap());
        assert_eq!(written["credentials"], stored["credentials"], "{kind}");
        let world = World::new();
        world.insert(&client).await;
        let server = world.server().await;
        for assertion in
            [Assertion::of("demo").sign(&key), Assertion::of("demo").sign(&Signing::new("HS256"))]
        {
            let reason = rejected(&world, &server, &assertion).await;
            assert!(
                matches!(reason, Reason::JwtKeyUnknown | Reason::MethodNotRegistered),
                "{reason:?} {kind}"
            );
        }
    }
}

/// A newer release's key is one thing, a damaged one another: the operator has to hear of it.
#[tokio::test]
async fn a_key_of_ours_that_cannot_be_read_is_a_damaged_record() {
    let whole = document(&client_with(AuthMethod::PRIVATE_KEY_JWT, vec![Signing::es256().credential()]));
    let key = &whole["credentials"][0]["kind"]["key"];
    for damage in [
        json!(7),
        json!({}),
        merged(key, &json!({"kty": 1})),
        merged(key, &json!({"alg": null})),
        merged(key, &json!({"x": "AA"})),
        merged(key, &json!({"alg": "RS256"})),
        merged(key, &json!({"kid": 7})),
        json!({"kty": "RSA", "alg": "RS256", "n": "AQAB", "e": "AQAB"}),
    ] {
        let mut stored = whole.clone();
        stored["credentials"][0]["kind"] = json!({"key": damage});
        let error = Client::from_document(&stored.to_string()).unwrap_err();
        assert!(!error.is_unavailable(), "{damage}");
    }
}

#[test]
fn rfc7591_s2_a_place_of_keys_comes_back_as_it_was() {
    let held = Credential::key_set(jwks_uri()).unwrap().labelled("theirs").valid_until(at(NOW));
    let client = client_with(AuthMethod::PRIVATE_KEY_JWT, vec![held]);
    let mut whole = document(&client);
    let kind = whole["credentials"][0]["kind"].clone();
    assert_eq!(
        (whole["credentials"][0]["id"].as_str(), &kind),
        (Some("jwks_uri"), &json!({"key_set": JWKS_URI}))
    );
    let again = Client::from_document(&whole.to_string()).unwrap();
    assert_eq!(again, client);
    assert!(matches!(again.credentials()[0].kind(), CredentialKind::KeySet(url) if *url == jwks_uri()));
    // What a newer release says beside or inside is kept whole and opens nothing.
    for newer in
        [merged(&kind, &json!({"pinned": "x"})), json!({"key_set": {"url": JWKS_URI, "pinned": "x"}})]
    {
        whole["credentials"][0]["kind"] = newer.clone();
        let client = Client::from_document(&whole.to_string()).unwrap();
        assert!(matches!(client.credentials()[0].kind(), CredentialKind::Unknown(_)), "{newer}");
        assert_eq!(document(&client), whole);
    }
    for damaged in
        [json!(7), json!("file:///etc/passwd"), json!(""), json!(null), json!({}), json!([JWKS_URI])]
    {
        whole["credentials"][0]["kind"] = json!({"key_set": damaged});
        assert!(Client::from_document(&whole.to_string()).is_err(), "{damaged}");
    }
}

/// Beside one of an unknown kind the others work.
#[tokio::test]
async fn an_unknown_credential_stands_in_nobodys_way() {
    let key = Signing::es256();
    let mut stored = document(&client_with(AuthMethod::PRIVATE_KEY_JWT, vec![key.credential()]));
    let unknown = json!({"id": "future", "kind": {"attestation": {"x": 1}}});
    stored["credentials"].as_array_mut().unwrap().insert(0, unknown);
    let world = World::new();
    world.insert(&Client::from_document(&stored.to_string()).unwrap()).await;
    accepted(&world.server().await, &Assertion::of("demo").sign(&key), "the known one").await;
}
