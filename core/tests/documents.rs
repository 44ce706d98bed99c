//! Records as documents: an old node neither drops nor misreads what a newer one wrote.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::store::{AuthMethod, Client, CredentialKind, KeySet, KeyStore, StoreError};
use serde_json::{Value, json};
use support::*;

/// A client's document with one credential of each kind.
fn client_document() -> Value {
    let world = World::new();
    let (_, generated) = world.secret("demo");
    let id = grantor::CredentialId::new("imported").unwrap();
    let client = Client::builder(client_id("demo"), AuthMethod::CLIENT_SECRET_BASIC)
        .credential(generated.labelled("ci").valid_from(at(1)).valid_until(at(2)))
        .credential(grantor::store::Credential::imported(id, "$argon2id$marked"))
        .scope(scope("read write"))
        .default_scope(scope("read"))
        .resources(vec![uri(API)])
        .serves([uri(API)])
        .introspector(true)
        .token_epoch(3)
        .name("Demo")
        .created_at(at(NOW))
        .metadata(json!({ "tenant": { "x": [1] } }).as_object().unwrap().clone())
        .build()
        .unwrap();
    serde_json::from_str(&client.to_document().unwrap()).unwrap()
}

async fn key_document() -> Value {
    let world = World::new();
    world.server().await;
    let (set, _) = KeyStore::load(&world.store).await.unwrap();
    serde_json::from_str(&set.to_document().unwrap()).unwrap()
}

fn client(document: &Value) -> Result<Client, StoreError> {
    Client::from_document(&document.to_string())
}

fn keys(document: &Value) -> Result<KeySet, StoreError> {
    KeySet::from_document(&document.to_string())
}

fn reread(client: &Client) -> Value {
    serde_json::from_str(&client.to_document().unwrap()).unwrap()
}

#[tokio::test]
async fn s4_documents_round_trip() {
    let document = client_document();
    assert_eq!(document["v"], 1);
    assert_eq!(reread(&client(&document).unwrap()), document);
    let document = key_document().await;
    assert_eq!(document["v"], 1);
    let set = keys(&document).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&set.to_document().unwrap()).unwrap(), document);
    assert_eq!(keys(&document).unwrap(), set);
}

#[test]
fn s4_a_fresh_record_says_only_what_it_must() {
    let client = Client::builder(client_id("demo"), AuthMethod::CLIENT_SECRET_POST).build().unwrap();
    assert_eq!(
        reread(&client),
        json!({
            "v": 1, "id": "demo", "enabled": true, "auth_method": "client_secret_post", "credentials": [],
            "grant_types": ["client_credentials"], "scope": "",
        })
    );
}

#[tokio::test]
async fn s4_unknown_members_survive_at_each_level() {
    let mut document = client_document();
    let unknown = json!({ "nested": [1, null, "x"] });
    document["newer"] = unknown.clone();
    document["credentials"][0]["newer"] = unknown.clone();
    document["credentials"][1]["newer"] = unknown.clone();
    document["metadata"]["newer"] = unknown.clone();
    let read = client(&document).unwrap();
    assert_eq!(reread(&read), document);
    let changed = read.to_builder().enabled(false).name("Other").build().unwrap();
    document["enabled"] = false.into();
    document["name"] = "Other".into();
    assert_eq!(reread(&changed), document, "also through an update by this release");

    let mut document = key_document().await;
    document["newer"] = unknown.clone();
    document["keys"][0]["newer"] = unknown.clone();
    document["keys"][0]["public"]["newer"] = unknown;
    let set = keys(&document).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&set.to_document().unwrap()).unwrap(), document);
    let other = keys(&key_document().await).unwrap().keys()[0].clone();
    let more = set.with(other).unwrap();
    let more: Value = serde_json::from_str(&more.to_document().unwrap()).unwrap();
    assert_eq!((&more["newer"], &more["keys"][0]), (&document["newer"], &document["keys"][0]));
}

#[tokio::test]
async fn s4_another_version_is_corrupt() {
    let client_text = client_document();
    let key_text = key_document().await;
    for version in [json!(0), json!(2), json!("1"), json!(1.5), json!(-1), Value::Null] {
        let (mut one, mut other) = (client_text.clone(), key_text.clone());
        one["v"] = version.clone();
        other["v"] = version.clone();
        let errors = [client(&one).unwrap_err(), keys(&other).unwrap_err()];
        assert!(errors.iter().all(|error| !error.is_unavailable()), "{version}");
    }
    let (mut one, mut other) = (client_text, key_text);
    one.as_object_mut().unwrap().remove("v");
    other.as_object_mut().unwrap().remove("v");
    assert!(client(&one).is_err() && keys(&other).is_err());
}

#[tokio::test]
async fn s4_a_critical_member_that_is_not_known_is_corrupt() {
    let client_text = client_document();
    let key_text = key_document().await;
    for critical in [json!(["newer"]), json!(["v"]), json!("newer"), json!({}), json!([1])] {
        let (mut one, mut other) = (client_text.clone(), key_text.clone());
        one["crit"] = critical.clone();
        other["crit"] = critical.clone();
        assert!(client(&one).is_err() && keys(&other).is_err(), "{critical}");
    }
    let (mut one, mut other) = (client_text, key_text);
    one["crit"] = json!([]);
    other["crit"] = json!([]);
    assert!(client(&one).is_ok() && keys(&other).is_ok());
}

/// What `kind` is read as, and that it is written again as it was.
fn kind_of(kind: Value) -> CredentialKind {
    let mut document = client_document();
    document["credentials"][0]["kind"] = kind;
    let read = client(&document).unwrap();
    assert_eq!(reread(&read), document);
    read.credentials()[0].kind().clone()
}

#[test]
fn s4_a_damaged_credential_is_corrupt_and_no_wrong_secret() {
    let digest = client_document()["credentials"][0]["kind"].clone();
    let mut short = digest.clone();
    short["digest"]["digest"] = "AAAA".into();
    let mut padded = digest.clone();
    padded["digest"]["digest"] = format!("{}=", digest["digest"]["digest"].as_str().unwrap()).into();
    let mut unchecked = digest;
    unchecked["digest"].as_object_mut().unwrap().remove("check");
    for kind in [short, padded, unchecked, json!({ "imported": 7 }), json!({ "digest": "x" })] {
        let mut document = client_document();
        document["credentials"][0]["kind"] = kind.clone();
        assert!(client(&document).is_err(), "{kind}");
    }
}

#[test]
fn s4_a_credential_that_is_not_wholly_understood_is_unknown_and_kept() {
    let digest = client_document()["credentials"][0]["kind"].clone();
    assert!(matches!(kind_of(digest.clone()), CredentialKind::Digest(_)));
    let mut more_inside = digest.clone();
    more_inside["digest"]["rounds"] = 2.into();
    let mut more_beside = digest;
    more_beside["second_factor"] = true.into();
    for kind in [
        more_inside,
        more_beside,
        json!({}),
        json!({ "passkey": { "x": 1 } }),
        json!({ "imported": "plain:x", "digest": "y" }),
    ] {
        assert!(matches!(kind_of(kind.clone()), CredentialKind::Unknown(_)), "{kind}");
    }
}

#[test]
fn s4_broken_documents_are_corrupt_and_nothing_of_them_is_told() {
    let text = client_document().to_string();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = client_document();
        change(&mut document);
        document.to_string()
    };
    for broken in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        text[..text.len() - 1].to_owned(),
        format!("{text}x"),
        text.replacen("\"v\":1", "\"v\":1,\"v\":1", 1),
        text.replacen("\"enabled\":true", "\"enabled\":true,\"enabled\":false", 1),
        with(&|document| document["id"] = "".into()),
        with(&|document| document["id"] = "a\u{0}".into()),
        with(&|document| document["enabled"] = "marked".into()),
        with(&|document| document["scope"] = "read  write".into()),
        with(&|document| document["default_scope"] = "admin".into()),
        with(&|document| document["resources"] = json!(["marked"])),
        with(&|document| document["token_epoch"] = (-1).into()),
        with(&|document| document["credentials"][0]["kind"] = "marked".into()),
        with(&|document| document["credentials"][0]["expires_at"] = 1e300.into()),
        with(&|document| document["credentials"][0]["expires_at"] = (-1).into()),
        with(&|document| document["credentials"][1]["id"] = document["credentials"][0]["id"].clone()),
    ] {
        let error = Client::from_document(&broken).unwrap_err();
        assert!(!error.is_unavailable(), "{broken}");
        assert!(!format!("{} {error:?}", chain(&error)).contains("marked"), "{error:?}");
    }
}

#[tokio::test]
async fn s7_broken_key_sets_are_corrupt() {
    let document = key_document().await;
    let broken: [&dyn Fn(&mut Value); 8] = [
        &|set| set["keys"][0]["signs_from"] = set["keys"][0]["signs_until"].clone(),
        &|set| set["keys"][0]["published_at"] = 253_402_300_799_i64.into(),
        &|set| set["keys"][0]["published_until"] = 0.into(),
        &|set| set["keys"][0]["public"]["d"] = "x".into(),
        &|set| set["keys"][0]["kid"] = "a/b".into(),
        &|set| set["keys"] = json!({}),
        &|set| {
            let again = set["keys"][0].clone();
            set["keys"].as_array_mut().unwrap().push(again);
        },
        &|set| drop(set["keys"][0].as_object_mut().unwrap().remove("private")),
    ];
    for change in broken {
        let mut set = document.clone();
        change(&mut set);
        assert!(!keys(&set).unwrap_err().is_unavailable(), "{set}");
    }
}
