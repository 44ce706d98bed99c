//! A host key that takes the place of another, on the path that the README tells; and one that is not what it says it is.

use std::fs;

use serde_json::Value;

use super::emergency::published;
use crate::assertion::made;
use crate::keys::RESOURCE;
use crate::program::{Program, between};
use crate::storage::issuer::{ISSUER, Issuer, Kind};
use crate::storage::request::sent;
use crate::tokens::http;

fn ids(issuer: &Issuer) -> Vec<String> {
    let text = fs::read_to_string(issuer.host_keys()).expect("read");
    text.lines().map(|line| line.split_once(' ').expect("a key").0.to_owned()).collect()
}

/// Under which host keys the signing keys are kept.
fn sealed_under(issuer: &Issuer) -> Vec<String> {
    let listed: Value = serde_json::from_str(&issuer.command(&["keys", "list", "--json"])).expect("JSON");
    let private = listed.as_array().expect("a list").iter().map(|key| &key["private"]["host_key"]);
    private.map(|host_key| host_key.as_str().expect("an id").to_owned()).collect()
}

async fn takes_the_place(kind: Kind) {
    let issuer = Issuer::with_config(kind, RESOURCE);
    let secret = |printed: &str| between(printed, "_SECRET=", "\n").to_owned();
    let jwt = issuer.command(&[
        "clients",
        "create",
        "--id",
        "jwt",
        "--scope",
        "read",
        "--auth",
        "client_secret_jwt",
    ]);
    let (jwt, shop) = (secret(&jwt), secret(&issuer.command(&["clients", "create", "--id", "shop"])));
    let works = async |server: &Program| {
        let assertion = made("jwt", ISSUER, &["--secret-env", "SHARED"], &jwt);
        assert_eq!(sent(&http(), &server.token_url(), &assertion).await.check(), 200);
    };
    let server = issuer.server();
    let keys = published(&http(), &server).await;
    works(&server).await;
    let [first] = &ids(&issuer)[..] else { panic!("one host key") };

    let file = issuer.host_keys().to_owned();
    issuer.command(&["host-key", &file]);
    let server = {
        drop(server);
        issuer.server()
    };
    assert_eq!(sealed_under(&issuer), vec![first.clone()], "until it is the newest, nothing is made with it");
    issuer.command(&["host-key", &file, "--use-last"]);
    let server = {
        drop(server);
        issuer.server()
    };
    let second = ids(&issuer).first().expect("the newest").clone();
    assert_eq!(sealed_under(&issuer), vec![first.clone()], "for an hour the step can be taken back");
    assert_eq!(published(&http(), &server).await, keys, "no key was made");
    works(&server).await;

    let said = issuer.command(&["clients", "reseal"]);
    assert!(said.contains("The secrets of 1 client are sealed"), "{said}");
    let row =
        |said: &str, id: &str| said.lines().find(|line| line.starts_with(id)).expect("a row").to_owned();
    let old = row(&said, first);
    assert!(old.contains("1 secret, ") && old.contains("1 secret without an end"), "{said}");
    assert!(said.contains("clients rotate-secret shop"), "{said}");
    assert!(row(&said, &second).contains("1 secret ") && old.contains("1 signing key"), "{said}");
    works(&server).await;
    let said = issuer.command(&["clients", "reseal"]);
    assert!(said.contains("No secret had to be sealed anew"), "{said}");

    // What only its client knows ends when a new one takes its place.
    issuer.command(&["clients", "rotate-secret", "shop", "--overlap", "2d"]);
    let said = issuer.command(&["clients", "reseal"]);
    assert!(row(&said, first).contains("in 48 hours") || row(&said, first).contains("in 2 days"), "{said}");
    issuer.command(&["clients", "rotate-secret", "shop", "--overlap", "0s"]);
    // Within the hour: a new signing key, and no more trust in the one that is sealed under the old host key.
    let rotate = ["keys", "rotate", "--now", "--issuer", ISSUER];
    issuer.command(&rotate);
    let both = sealed_under(&issuer);
    assert!(both.len() == 2 && both.contains(&second) && both.contains(first), "{both:?}");
    issuer.command(&[&rotate[..], &["--because", "its host key goes", "--retire", &keys[0]]].concat());
    let said = issuer.command(&["clients", "reseal"]);
    assert!(row(&said, first).contains("nothing") && row(&said, first).contains("taken out"), "{said}");
    for shown in [&said, &jwt, &shop] {
        assert!(!shown.contains(&fs::read_to_string(&file).expect("read")[..]), "no host key is shown");
    }

    let without: String =
        fs::read_to_string(&file).expect("read").lines().take(1).map(|line| format!("{line}\n")).collect();
    fs::write(&file, without).expect("write");
    let server = {
        drop(server);
        issuer.server()
    };
    let last = published(&http(), &server).await;
    assert!(last.len() == 1 && last != keys, "the new one alone");
    works(&server).await;
}

/// Another key under the id of the one that the signing keys are sealed with.
async fn is_named(kind: Kind) {
    let issuer = Issuer::new(kind);
    let server = issuer.server();
    let keys = published(&http(), &server).await;
    let text = fs::read_to_string(issuer.host_keys()).expect("read");
    let (id, secret) = text.trim().split_once(' ').expect("a key");
    let turned: String = secret.chars().rev().collect();
    // The last character of 32 bytes holds four bits, so it stays where it was.
    let other = format!("{}{}", &turned[1..], &secret[secret.len() - 1..]);
    fs::write(issuer.host_keys(), format!("{id} {other}\n")).expect("write");

    let ended = Program::refused(&issuer.flags(), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.written);
    let named = format!("the host key `{id}` that was supplied does not open it");
    assert!(ended.written.contains(&named), "{}", ended.written);
    assert!(!ended.written.contains(&other) && !ended.written.contains(secret), "{}", ended.written);
    for changing in [&["keys", "rotate", "--now"][..], &["keys", "rotate"]] {
        let output = issuer.run(&[changing, &["--issuer", ISSUER]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(&named), "{said}");
    }
    fs::write(issuer.host_keys(), &text).expect("write");
    let again = issuer.server();
    assert_eq!(published(&http(), &again).await, keys, "no key was made");
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_a_host_key_takes_the_place_of_another_on_postgresql() {
    takes_the_place(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_a_host_key_takes_the_place_of_another_on_redis() {
    takes_the_place(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_a_wrong_host_key_is_named_and_no_key_is_made_on_postgresql() {
    is_named(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s6_a_wrong_host_key_is_named_and_no_key_is_made_on_redis() {
    is_named(Kind::Redis).await;
}
