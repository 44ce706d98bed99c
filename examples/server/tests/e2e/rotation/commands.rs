//! `grantor-server keys`: what it shows, what it changes, and what it does not.

use std::process::Output;

use grantor::{AssertionAlgorithm, PublicKey};
use oauth2::AuthType;
use serde_json::Value;

use super::emergency::published;
use crate::program::{between, file, run};
use crate::storage::issuer::{ISSUER, Issuer, Kind};
use crate::tokens::{http, token};

fn listed(issuer: &Issuer) -> Vec<Value> {
    let listed: Value = serde_json::from_str(&issuer.command(&["keys", "list", "--json"])).expect("JSON");
    listed.as_array().expect("a list").clone()
}

fn refused(output: &Output, code: i32, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(output.stdout.is_empty());
}

async fn administers(kind: Kind) {
    let issuer = Issuer::new(kind);
    let command =
        |arguments: &[&str]| issuer.command(&[&["keys"], arguments, &["--issuer", ISSUER]].concat());
    let attempt = |arguments: &[&str]| issuer.run(&[&["keys"], arguments, &["--issuer", ISSUER]].concat());
    // Nothing is made by looking, nor by a command that would be the first.
    assert!(command(&["list"]).starts_with("No signing keys yet"));
    refused(&attempt(&["rotate"]), 1, &["the first server that starts makes them"]);
    assert!(listed(&issuer).is_empty());

    let server = issuer.server();
    let first = listed(&issuer)[0]["kid"].as_str().expect("kid").to_owned();
    assert_eq!(published(&http(), &server).await, vec![first.clone()]);
    let page = command(&["list"]);
    assert!(page.contains("signing  signs since ") && page.contains(", until in "), "{page}");
    let host_key = std::fs::read_to_string(issuer.host_keys()).expect("read");
    assert!(page.contains(&format!("host key {}", host_key.split(' ').next().expect("an id"))), "{page}");

    let said = command(&["rotate"]);
    let [next, signing] = &listed(&issuer)[..] else { panic!("two keys") };
    assert_eq!((&signing["kid"], &signing["state"]), (&Value::from(&*first), &"signing".into()));
    assert_eq!((&next["state"], &next["signs_from"]), (&"scheduled".into(), &signing["hands_over_at"]));
    let kid = next["kid"].as_str().expect("kid");
    assert!(said.contains(&format!("{kid} is published now and signs in 24 hours (")), "{said}");
    assert!(said.contains(&format!("{first} signs until then")), "{said}");

    // Another issuer, another algorithm: it would be a key that no server can use.
    let other = issuer.run(&["keys", "rotate", "--issuer", "https://other.example.com"]);
    refused(
        &other,
        1,
        &["of the issuer https://other.example.com were not changed", "cannot be unsealed", "another issuer"],
    );
    let text = format!("signing_algorithm = \"EdDSA\"\n{}", crate::keys::RESOURCE);
    let other = attempt(&["rotate", "--config", &crate::program::config(&text)]);
    refused(&other, 2, &["--config", "keys for ES256", "one for EdDSA"]);

    for (arguments, code, parts) in [
        (&["--retire", &first, "--because", "x"][..], 2, &["--retire", "add --now"][..]),
        (&["--now", "--retire", &first], 2, &["--because", "missing"]),
        (&["--now", "--retire", &first, "--because", " "], 2, &["--because", "missing"]),
        (&["--now", "--retire", &first, "--because", "a\nb"], 2, &["--because", "one line"]),
        (&["--because", "x"], 2, &["--because", "--retire KID"]),
        (&["--now", "--retire", "-nobody", "--because", "x"], 1, &["no signing key `-nobody`", kid, &first]),
    ] {
        refused(&attempt(&[&["rotate"], arguments].concat()), code, parts);
    }
    refused(&attempt(&["export", "nobody"]), 1, &["no signing key `nobody`", kid, &first]);
    assert_eq!(listed(&issuer).len(), 2, "nothing was changed");

    let jwk: Value = serde_json::from_str(&command(&["export", &first])).expect("a JWK");
    assert_eq!((&jwk["kid"], &jwk["d"]), (&Value::from(&*first), &Value::Null));
    let pem = command(&["export", &first, "--pem"]);
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    let public = PublicKey::from_spki_pem(&pem, AssertionAlgorithm::Es256).expect("a public key");
    assert_eq!(public.thumbprint(), first);
}

/// A key that signed elsewhere goes on signing here, from the first start.
async fn imports(kind: Kind) {
    let issuer = Issuer::new(kind);
    let import =
        |arguments: &[&str]| issuer.run(&[&["keys", "import", "--issuer", ISSUER], arguments].concat());
    let key = file("folder", "").with_file_name("old.key");
    let key = key.to_str().expect("UTF-8");
    let create = ["clients", "create", "--id", "maker", "--auth", "private_key_jwt", "--key-out", key];
    run(&create, &[]);
    let ed25519 = import(&[crate::keys::ED25519]);
    refused(&ed25519, 2, &["the key is for EdDSA", "sign with ES256"]);
    let weak = file("weak.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    refused(&import(&[weak.to_str().expect("UTF-8")]), 2, &["weak.pem", "remedy"]);
    refused(&import(&["/nowhere"]), 2, &["/nowhere", "cannot be read"]);

    let said = import(&[key]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = String::from_utf8_lossy(&said.stdout);
    assert!(said.contains("signs at once") && said.contains(ISSUER) && said.contains("old.key"), "{said}");
    let pem = std::fs::read_to_string(key).expect("read");
    assert!(!said.contains(pem.lines().nth(1).expect("base64")));
    refused(&import(&[key]), 1, &["is there already"]);

    let made = issuer.command(&["clients", "create", "--id", "shop", "--scope", "read"]);
    let secret = between(&made, "\nSHOP_SECRET=", "\n").to_owned();
    let server = issuer.server();
    let kid = published(&http(), &server).await.pop().expect("one key");
    assert!(said.contains(&kid), "{said}");
    let got = token(&server, ("shop", &secret), AuthType::BasicAuth, "read").await.expect("a token");
    assert_eq!(jsonwebtoken::decode_header(&got).expect("header").kid, Some(kid));
}

#[test]
fn s9_on_memory_storage_no_command_sees_a_signing_key() {
    for arguments in [&["list"][..], &["rotate"], &["rotate", "--now"], &["export", "x"]] {
        refused(
            &run(&[&["keys"], arguments].concat(), &[]),
            2,
            &["--storage", "memory", "postgres or redis"],
        );
    }
    refused(&run(&["clients", "reseal"], &[]), 2, &["--storage", "memory", "postgres or redis"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s9_keys_are_listed_rotated_and_exported_while_a_server_runs_on_postgresql() {
    administers(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s9_keys_are_listed_rotated_and_exported_while_a_server_runs_on_redis() {
    administers(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s9_keys_are_administered_while_the_redis_beside_is_down() {
    let issuer = Issuer::new(Kind::Both);
    issuer.servers.crash("redis");
    assert!(issuer.command(&["keys", "list"]).starts_with("No signing keys yet"));
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s8_an_imported_key_signs_from_the_first_start_on_postgresql() {
    imports(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s8_an_imported_key_signs_from_the_first_start_on_redis() {
    imports(Kind::Redis).await;
}
