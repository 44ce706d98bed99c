//! The administrator's session, as scripts have it: each command answers in JSON, and servers follow.

use oauth2::{AuthType, TokenIntrospectionResponse};
use serde_json::{Value, json};

use super::administration::known_within;
use super::issuer::{Issuer, Kind};
use super::request::until;
use crate::introspection::introspected;
use crate::keys::{ED25519, public};
use crate::program::file;
use crate::tokens::token;

/// What a command of the administrator says in JSON.
pub(crate) fn told(issuer: &Issuer, arguments: &[&str]) -> Value {
    serde_json::from_str(&issuer.command(&[arguments, &["--json"]].concat())).expect("JSON")
}

/// A command that is refused: with which code, and what it says.
pub(crate) fn refused(issuer: &Issuer, arguments: &[&str], code: i32, parts: &[&str]) {
    let output = issuer.run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?}: {part} is not in {said}");
    }
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

async fn session(kind: Kind) {
    let issuer = Issuer::new(kind);
    let server = issuer.server();
    let auditor = told(&issuer, &["clients", "create", "--id", "auditor", "--introspector"]);
    let auditor = text(&auditor, "client_secret").to_owned();
    let look = format!("{}/oauth2/introspect", server.issuer());
    let active = async |token: &str| introspected(&look, ("auditor", &auditor), token).await.active();
    let works = async |secret: &str, wanted: bool| {
        let so =
            async || token(&server, ("shop", secret), AuthType::BasicAuth, "read").await.is_ok() == wanted;
        until(known_within(kind), "the secret", so).await;
    };

    let create = ["clients", "create", "--id", "shop", "--name", "The shop", "--scope", "read"];
    let created = told(&issuer, &create);
    let first = text(&created, "client_secret").to_owned();
    assert_eq!((&created["client"]["id"], &created["client"]["enabled"]), (&json!("shop"), &json!(true)));
    assert!(
        created.get("configuration").is_none() && created["client"]["credentials"][0]["kind"] == "secret"
    );
    works(&first, true).await;
    let early = token(&server, ("shop", &first), AuthType::BasicAuth, "read").await.expect("a token");
    assert!(active(&early).await);

    let rotated = told(&issuer, &["clients", "rotate-secret", "shop", "--overlap", "1h"]);
    let second = text(&rotated, "client_secret").to_owned();
    assert_eq!(text(&rotated, "credential"), second.split('_').nth(1).expect("an id"));
    assert!(text(&rotated, "older_secrets_end_at").ends_with('Z') && text(&rotated, "id") == "shop");
    works(&second, true).await;
    works(&first, true).await;
    let shown = told(&issuer, &["clients", "show", "shop"]);
    let ends: Vec<_> =
        shown["credentials"].as_array().expect("two").iter().map(|held| &held["expires_at"]).collect();
    assert_eq!(ends, [&rotated["older_secrets_end_at"], &Value::Null]);

    let disabled = told(&issuer, &["clients", "disable", "shop"]);
    assert_eq!(disabled["enabled"], json!(false));
    works(&second, false).await;
    works(&first, false).await;
    assert!(!active(&early).await, "what it had is ended");
    assert_eq!(told(&issuer, &["clients", "enable", "shop"])["enabled"], json!(true));
    works(&second, true).await;
    assert!(!active(&early).await, "and stays so");

    let late = token(&server, ("shop", &second), AuthType::BasicAuth, "read").await.expect("a token");
    let raised = told(&issuer, &["clients", "revoke-tokens", "shop"]);
    assert_eq!(raised["token_epoch"].as_u64(), disabled["token_epoch"].as_u64().map(|epoch| epoch + 1));
    until(known_within(kind), "the token", async || !active(&late).await).await;

    for kept in [&["clients", "delete", "shop"][..], &["clients", "delete", "shop", "--json"]] {
        refused(&issuer, kept, 2, &["--yes", "cannot be undone", "clients disable"]);
    }
    works(&second, true).await;
    let deleted = told(&issuer, &["clients", "delete", "shop", "--yes"]);
    assert_eq!(deleted, json!({ "id": "shop", "deleted": true }));
    works(&second, false).await;
    for unknown in
        ["show", "disable", "enable", "revoke-tokens", "rotate-secret", "new-registration-token", "delete"]
    {
        refused(&issuer, &["clients", unknown, "shop", "--json"], 1, &["there is no client `shop`"]);
    }
    refused(&issuer, &["clients", "update", "shop", "--name", "x"], 1, &["there is no client `shop`"]);
    refused(&issuer, &["clients", "new-registration-token", "auditor"], 1, &["did not register itself"]);
    assert!(!server.stopped().written.contains(&second[20..]));
}

fn changed(kind: Kind) {
    let issuer = Issuer::new(kind);
    told(
        &issuer,
        &["clients", "create", "--id", "shop", "--scope", "read", "--resource", "https://a.example"],
    );
    let update = |arguments: &[&str]| told(&issuer, &[&["clients", "update", "shop"], arguments].concat());
    let one = update(&["--name", "The shop", "--default-scope", "read"]);
    assert_eq!((&one["name"], &one["default_scope"]), (&json!("The shop"), &json!("read")));
    let two = update(&["--scope", "read write", "--all-resources", "--grant", "jwt-bearer"]);
    assert_eq!((&two["scope"], &two["resources"]), (&json!("read write"), &Value::Null));
    assert_eq!((&two["name"], &two["default_scope"]), (&json!("The shop"), &json!("read")), "as they were");
    assert_eq!(two["grant_types"], json!(["urn:ietf:params:oauth:grant-type:jwt-bearer"]));
    let three = update(&["--no-default-scope", "--resource", "https://b.example", "--name", ""]);
    assert_eq!((&three["default_scope"], &three["name"]), (&json!("read write"), &Value::Null));
    assert_eq!(three["resources"], json!(["https://b.example"]));
    assert_eq!(three["token_epoch"], two["token_epoch"]);

    update(&["--default-scope", "write"]);
    let shop = ["clients", "update", "shop"];
    let cases: [(&[&str], &[&str]); 5] = [
        (&[], &["--name", "--scope", "--jwks-uri"]),
        (&["--scope", "read"], &["--default-scope", "within scope"]),
        (&["--name", "a\nb"], &["--name"]),
        (&["--jwks-uri", "https://x.example/jwks.json"], &["--jwks", "client_secret_basic"]),
        (&["--no-default-scope", "--default-scope", "read"], &["--no-default-scope"]),
    ];
    for (arguments, parts) in cases {
        refused(&issuer, &[&shop[..], arguments].concat(), 2, parts);
    }

    let set = |of: &str| {
        let path = file("jwks.json", &format!("{{\"keys\":[{}]}}", public(of)));
        path.to_str().expect("UTF-8").to_owned()
    };
    let private = file("folder", "").with_file_name("client.key");
    let private = private.to_str().expect("UTF-8");
    let create = ["clients", "create", "--id", "signer", "--auth", "private_key_jwt", "--key-out", private];
    let made = told(&issuer, &create);
    assert_eq!(text(&made, "private_key_file"), private);
    assert_eq!(made["client"]["credentials"][0]["alg"], json!("ES256"));
    let signer = |arguments: &[&str]| told(&issuer, &[&["clients", "update", "signer"], arguments].concat());
    let moved = signer(&["--jwks", &set(ED25519)]);
    let kinds = |client: &Value| {
        let held = client["credentials"].as_array().expect("a list").iter();
        held.map(|held| (text(held, "kind").to_owned(), held["alg"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&moved), [("key".to_owned(), json!("EdDSA"))]);
    let moved = signer(&["--jwks-uri", "https://signer.example.com/jwks.json"]);
    assert_eq!(kinds(&moved), [("jwks_uri".to_owned(), Value::Null)]);
}

fn listed(kind: Kind) {
    let issuer = Issuer::new(kind);
    for (id, name) in [("a", "Shop 1"), ("b", "Other"), ("c", "Shop 2"), ("d", "Shop 3"), ("e", "shop")] {
        told(&issuer, &["clients", "create", "--id", id, "--name", name]);
    }
    let ids = |arguments: &[&str]| {
        let listed = told(&issuer, &[&["clients", "list"], arguments].concat());
        listed.as_array().expect("a list").iter().map(|client| text(client, "id")).collect::<String>()
    };
    assert_eq!(ids(&[]), "abcde");
    assert_eq!(ids(&["--name", "Shop"]), "acd");
    assert_eq!(ids(&["--name", "Shop", "--limit", "2"]), "ac");
    assert_eq!(ids(&["--name", "Shop", "--limit", "2", "--after", "c"]), "d");
    assert_eq!(ids(&["--limit", "5"]), "abcde");
    assert_eq!(ids(&["--after", "e"]), "");
    let page = issuer.command(&["clients", "list", "--limit", "2"]);
    assert!(page.ends_with("\nThere are more: --after b\n") && !page.contains("Shop 2"), "{page}");
    assert!(!issuer.command(&["clients", "list", "--limit", "5"]).contains("There are more"));
    // Those of the file stand in their place, and before a stored one of their id.
    let config = crate::program::config(
        "[[clients]]\nid = \"b\"\nname = \"Shop of the file\"\nenabled = false\n[[clients]]\nid = \"bb\"\nenabled = false\n",
    );
    assert_eq!(ids(&["--config", &config]), "abbbcde");
    assert_eq!(ids(&["--config", &config, "--limit", "3"]), "abbb");
    assert_eq!(ids(&["--config", &config, "--name", "Shop", "--limit", "2"]), "ab");
    assert_eq!(ids(&["--config", &config, "--after", "b", "--limit", "2"]), "bbc");
    refused(&issuer, &["clients", "list", "--limit", "0"], 2, &["--limit"]);
    refused(&issuer, &["clients", "list", "--after", ""], 2, &["--after"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn i8_3_the_administrators_session_on_postgresql() {
    session(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn i8_3_the_administrators_session_on_redis() {
    session(Kind::Redis).await;
}

#[test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
fn i8_3_update_changes_what_is_named_on_postgresql() {
    changed(Kind::Postgres);
}

#[test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
fn i8_3_update_changes_what_is_named_on_redis() {
    changed(Kind::Redis);
}

#[test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
fn i8_3_clients_are_listed_page_by_page_on_postgresql() {
    listed(Kind::Postgres);
}

#[test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
fn i8_3_clients_are_listed_page_by_page_on_redis() {
    listed(Kind::Redis);
}
