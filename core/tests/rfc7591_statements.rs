//! RFC 7591 §2.3: software statements (rows 154, 161 and 162, T83).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use data_encoding::BASE64URL_NOPAD;
use grantor::store::IssuerKeys;
use grantor::{AuthorizationServer, KeySource};
use serde_json::{Map, Value, json};
use support::*;

const PUBLISHER: &str = "https://publisher.example";

/// What [`PUBLISHER`] says about a piece of software.
fn statement(metadata: &Value) -> Assertion {
    let claims = merged(&json!({ "iss": PUBLISHER, "software_id": "4NRB1" }), metadata);
    Assertion { header: Map::new(), claims: claims.as_object().unwrap().clone() }
}

fn with(statement: &str, more: &Value) -> Value {
    merged(&json!({ "software_statement": statement }), more)
}

/// A server that trusts the statements of [`PUBLISHER`], made with these keys.
async fn trusting(world: &World, keys: &[&Signing]) -> AuthorizationServer {
    let registration = registration().software_issuer(issuer_name(PUBLISHER), inline(keys));
    world.builder().registration(registration).build().await.unwrap()
}

#[track_caller]
fn bad_statement(answer: &Answer, error: &str, what: impl std::fmt::Display) {
    assert_eq!(answer.status, 400, "{what}: {}", answer.text());
    refused(answer, 400, error);
}

/// Row 154: what it says wins. Row 161: it is returned unmodified, and what was used of it stands beside it.
#[tokio::test]
async fn s2_3_what_a_trusted_statement_says_wins() {
    let world = World::new();
    let key = Signing::es256();
    let server = trusting(&world, &[&key]).await;
    let said = json!({
        "client_name": "Vouched for", "client_name#fr": "Garanti", "token_endpoint_auth_method": "client_secret_post",
        "scope": "read", "contacts": ["publisher@example.com"], "software_version": "7", "software_thing": true,
    });
    let signed = statement(&said).header("typ", "JWT").sign(&key);
    let asked = json!({
        "client_name": "Mine", "client_name#fr": "Le mien", "token_endpoint_auth_method": "client_secret_basic",
        "scope": "read write", "contacts": ["me@example.com"], "software_id": "mine", "logo_uri": "https://me.example/l",
    });
    let client = registered(&server, &with(&signed, &asked)).await;
    assert_eq!(client.said["software_statement"], signed, "byte for byte");
    for name in [
        "client_name",
        "client_name#fr",
        "token_endpoint_auth_method",
        "scope",
        "contacts",
        "software_version",
    ] {
        assert_eq!(client.said[name], said[name], "{name}");
    }
    assert_eq!(client.said["software_id"], "4NRB1");
    assert_eq!(
        client.said["logo_uri"], asked["logo_uri"],
        "of what it does not say the client's word counts"
    );
    for claim in ["iss", "software_thing"] {
        assert!(client.said.get(claim).is_none(), "{claim}");
    }
    assert_eq!(client.asks(&server).await.status, 200, "by the method of the statement");
    let token = client.asks(&server).await.access_token();
    assert_eq!(verified(&server, &token).await.text("scope"), "read");
}

/// Row 161 for a read, and for an update that sends all that it was told, as RFC 7592 §2.2 asks.
#[tokio::test]
async fn s3_2_1_a_statement_is_returned_unmodified_later_too() {
    let world = World::new();
    let key = Signing::es256();
    let server = trusting(&world, &[&key]).await;
    let signed = statement(&json!({ "client_name": "Vouched for" })).sign(&key);
    let client = registered(&server, &with(&signed, &json!({}))).await;
    assert_eq!(client.read(&server).await.json()["software_statement"], signed);
    let again = with(&signed, &json!({ "client_name": "Mine now" }));
    let client = client.updated(&server, &again).await;
    assert_eq!(client.said["client_name"], "Vouched for", "T85: it wins there too");
    assert_eq!(client.said["software_statement"], signed);
    let client = client.updated(&server, &json!({ "client_name": "Mine now" })).await;
    assert_eq!(client.said["client_name"], "Mine now");
    assert!(client.said.get("software_statement").is_none(), "left out is deleted");
    let forged = statement(&json!({ "client_name": "Forged" })).sign(&Signing::es256());
    bad_statement(
        &client.put(&server, &with(&forged, &json!({}))).await,
        "invalid_software_statement",
        "on update",
    );
}

/// T83: signed by a trusted issuer's key, or not believed.
#[tokio::test]
async fn s2_3_t83_a_statement_that_is_not_signed_by_its_issuer_is_invalid() {
    let world = World::new();
    let (key, stranger) = (Signing::es256(), Signing::es256());
    let server = trusting(&world, &[&key]).await;
    let usage = world.store.usage();
    let good = statement(&json!({ "client_name": "Vouched for" }));
    let signed = good.sign(&key);
    let (message, signature) = signed.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other = statement(&json!({ "client_name": "Changed" })).payload();
    let none = |alg: &str| {
        let header = BASE64URL_NOPAD.encode(json!({ "alg": alg }).to_string().as_bytes());
        format!("{header}.{}.", BASE64URL_NOPAD.encode(good.payload().as_bytes()))
    };
    let public = key.jwk.to_string();
    let mac = Signing::secret("HS256", public.as_bytes());
    let bad = [
        stranger.sign_raw(r#"{"alg":"ES256"}"#, good.payload()),
        good.clone().header("jwk", stranger.jwk.clone()).sign(&stranger),
        good.clone().header("jku", "https://evil.example/jwks").sign(&stranger),
        good.clone().header("kid", "unknown").header("alg", "ES384").sign(&key),
        good.clone().header("crit", json!(["exp"])).sign(&key),
        format!("{header}.{}.{signature}", BASE64URL_NOPAD.encode(other.as_bytes())),
        format!("{message}."),
        none("none"),
        none("None"),
        none("ES256"),
        good.sign(&mac),
        good.sign(&Signing::secret("HS256", INITIAL.as_bytes())),
        message.to_owned(),
        format!("{signed}.{signature}"),
        format!("{signed} "),
        format!("{signed}="),
        signed.replacen('.', "..", 1),
        "not a jwt".to_owned(),
        "a.b.c".to_owned(),
        String::new(),
        key.sign_raw(r#"{"alg":"ES256"}"#, "[]"),
        key.sign_raw(r#"{"alg":"ES256"}"#, "no json"),
        key.sign_raw(r#"{"alg":"ES256"}"#, format!(r#"{{"iss":"{PUBLISHER}","iss":"{PUBLISHER}"}}"#)),
    ];
    for statement in bad {
        let answer = register(&server, &with(&statement, &json!({}))).await;
        bad_statement(&answer, "invalid_software_statement", &statement);
    }
    assert_eq!(world.store.usage(), usage, "nobody was registered");
    registered(&server, &with(&signed, &json!({}))).await;
}

/// Row 154: it names its issuer, who is one that the operator listed.
#[tokio::test]
async fn s2_3_the_issuer_is_named_and_approved() {
    let world = World::new();
    let key = Signing::es256();
    let server = trusting(&world, &[&key]).await;
    for unnamed in [
        statement(&json!({})).without("iss"),
        statement(&json!({ "iss": 7 })),
        statement(&json!({ "iss": "" })),
    ] {
        let answer = register(&server, &with(&unnamed.sign(&key), &json!({}))).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        let error = answer.json()["error"].clone();
        assert!(
            ["invalid_software_statement", "unapproved_software_statement"].iter().any(|own| error == *own),
            "{error}"
        );
    }
    for stranger in
        ["https://other.example", "https://publisher.example/", "HTTPS://publisher.example", ISSUER]
    {
        let other = statement(&json!({ "iss": stranger })).sign(&key);
        bad_statement(
            &register(&server, &with(&other, &json!({}))).await,
            "unapproved_software_statement",
            stranger,
        );
    }
    // Where nobody is trusted nothing is, and it is not passed over: the client relies on it.
    let server = world.registering().await;
    let good = statement(&json!({})).sign(&key);
    bad_statement(
        &register(&server, &with(&good, &json!({}))).await,
        "unapproved_software_statement",
        "no issuer",
    );
    // A trusted issuer of grants is none of software, and the other way round.
    let (server, trust) = world.partnered(&key).await;
    assert_eq!(trust.asked(), Vec::<String>::new());
    drop(server);
    let registration = registration().software_issuer(issuer_name(PUBLISHER), inline(&[&key]));
    let server = world.trusting(&trust).registration(registration).build().await.unwrap();
    let partner = statement(&json!({ "iss": PARTNER })).sign(&key);
    bad_statement(
        &register(&server, &with(&partner, &json!({}))).await,
        "unapproved_software_statement",
        PARTNER,
    );
    let publisher = vouched().claim("iss", PUBLISHER).sign(&key);
    refused(&bring(&server, &publisher).await, 400, "invalid_grant");
}

/// RFC 7519: times and audience are honoured where they are there.
#[tokio::test]
async fn s2_3_times_and_audience_are_honoured() {
    let world = World::new();
    let key = Signing::es256();
    let server = trusting(&world, &[&key]).await;
    for good in [
        json!({ "exp": NOW + 60 }),
        json!({ "exp": NOW + 10 * 365 * 24 * 3600, "iat": NOW - 3600 * 24 * 365 }),
        json!({ "nbf": NOW }),
        json!({ "aud": ISSUER }),
        json!({ "aud": ["https://elsewhere.example", ISSUER] }),
        json!({ "jti": "one" }),
        json!({ "jti": "one" }),
    ] {
        registered(&server, &with(&statement(&good).sign(&key), &json!({}))).await;
    }
    for bad in [
        json!({ "exp": NOW - 60 }),
        json!({ "exp": "tomorrow" }),
        json!({ "nbf": NOW + 60 }),
        json!({ "nbf": true }),
        json!({ "aud": "https://elsewhere.example" }),
        json!({ "aud": [] }),
        json!({ "aud": 7 }),
    ] {
        let answer = register(&server, &with(&statement(&bad).sign(&key), &json!({}))).await;
        bad_statement(&answer, "invalid_software_statement", &bad);
    }
}

/// RFC 7592 §2.2: an update brings back all that was told, also a statement that has expired since. A new one has to be good.
#[tokio::test]
async fn s2_3_the_statement_that_is_registered_is_taken_again_once_it_has_expired() {
    let world = World::new();
    let key = Signing::es256();
    let server = trusting(&world, &[&key]).await;
    let ending = |name: &str| statement(&json!({ "client_name": name, "exp": NOW + 60 })).sign(&key);
    let (own, other) = (ending("Own"), ending("Other"));
    let client = registered(&server, &with(&own, &json!({}))).await;
    world.clock.advance(3600);
    bad_statement(
        &client.put(&server, &with(&other, &json!({}))).await,
        "invalid_software_statement",
        "not its own",
    );
    bad_statement(
        &register(&server, &with(&own, &json!({}))).await,
        "invalid_software_statement",
        "not registered",
    );
    let client = client.updated(&server, &with(&own, &json!({ "client_name": "Mine" }))).await;
    assert_eq!(client.said["client_name"], "Own", "and wins as before");
    let untrusting = world.registering().await;
    bad_statement(
        &client.put(&untrusting, &with(&own, &json!({}))).await,
        "unapproved_software_statement",
        "no longer",
    );
}

/// T85: the record that results is judged, whoever said what.
#[tokio::test]
async fn s2_3_t85_what_a_statement_says_is_held_to_the_same_rules() {
    let world = World::new();
    let key = Signing::es256();
    let server = trusting(&world, &[&key]).await;
    for bad in [
        json!({ "scope": "read admin" }),
        json!({ "token_endpoint_auth_method": "none" }),
        json!({ "grant_types": ["authorization_code"] }),
        json!({ "client_name": 7 }),
        json!({ "logo_uri": "javascript:alert(1)" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "jwks": { "keys": [] } }),
    ] {
        let answer = register(&server, &with(&statement(&bad).sign(&key), &json!({ "scope": "read" }))).await;
        bad_metadata(&answer, &bad);
    }
    // T80: nor does it choose what the server chooses.
    let greedy = json!({
        "client_id": "chosen", "client_secret": "chosen", "registration_access_token": "chosen",
        "client_id_issued_at": 1, "client_secret_expires_at": 1, "registration_client_uri": "https://evil.example",
        "introspector": true,
    });
    let client = registered(&server, &with(&statement(&greedy).sign(&key), &json!({}))).await;
    assert!(
        !client
            .said
            .to_string()
            .replace(&*client.said["software_statement"].to_string(), "")
            .contains("chosen")
    );
    assert!(!world.record(&client.id).await.unwrap().is_introspector());
    // An assertion or an ID Token of the same issuer is no statement about software.
    for other in [json!({ "sub": "root" }), json!({ "nonce": "x" })] {
        let answer = register(&server, &with(&statement(&other).sign(&key), &json!({}))).await;
        bad_statement(&answer, "invalid_software_statement", &other);
    }
    // Keys of the client may come from there.
    let own = Signing::es256();
    let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [own.jwk] } });
    let client = registered(&server, &with(&statement(&keys).sign(&key), &json!({}))).await;
    assert_eq!(client.asks_by(&server, &own).await.status, 200);
    // One inside another means nothing.
    let inner = statement(&json!({ "client_name": "Inner" })).sign(&key);
    let outer = statement(&json!({ "software_statement": inner, "client_name": "Outer" })).sign(&key);
    let answer = register(&server, &with(&outer, &json!({}))).await;
    if answer.status == 201 {
        assert_eq!(
            (answer.json()["client_name"].clone(), answer.json()["software_statement"].clone()),
            (json!("Outer"), json!(outer))
        );
    }
}

/// Keys that are published are fetched; an issuer that is away is an outage and no fault of the client's (design §5).
#[tokio::test]
async fn s2_3_keys_of_the_issuer_that_are_away_are_503() {
    let world = World::new();
    let (old, new) = (Signing::es256(), Signing::es256());
    let fake = FakeKeySets::of(&[published(&old, "old")]);
    let registration = registration().software_issuer(issuer_name(PUBLISHER), IssuerKeys::Url(jwks_uri()));
    let server = world.builder().registration(registration).key_sets(fake.clone()).build().await.unwrap();
    let by = |key: &Signing, kid: &str| with(&statement(&json!({})).header("kid", kid).sign(key), &json!({}));
    registered(&server, &by(&old, "old")).await;
    assert_eq!(fake.asked(), [(KeySource::Url(jwks_uri()), false)]);
    fake.publish_newer(&[published(&new, "new")]);
    registered(&server, &by(&new, "new")).await;
    bad_statement(&register(&server, &by(&old, "old")).await, "invalid_software_statement", "T61");
    fake.go_away();
    let usage = world.store.usage();
    refused(&register(&server, &by(&new, "new")).await, 503, "temporarily_unavailable");
    assert_eq!(world.store.usage(), usage);
    fake.asked();
    // Nobody without an initial access token makes the server fetch anything.
    bad_token(&register_by(&server, "wrong", &by(&new, "new")).await, "first of all");
    assert_eq!(fake.asked(), []);
}
