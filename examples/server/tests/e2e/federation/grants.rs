//! Assertions as grants: of issuers that the file trusts, and of clients that are their own issuers.

use std::sync::atomic::{AtomicUsize, Ordering};

use grantor::{Clock, SystemClock};
use serde_json::{Value, json};

use super::cluster::{Key, posted};
use crate::keys::RESOURCE;
use crate::program::{Program, between, config, new_secret, printed, run};

pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const HUB: &str = "https://hub.example.com";

/// An assertion of `issuer` about `subject`, for this server and for one request.
pub(super) fn assertion(key: &Key, issuer: &str, subject: &str, audience: &str) -> String {
    let mut claims = claims(issuer, audience);
    claims["sub"] = json!(subject);
    key.sign(&claims)
}

fn claims(issuer: &str, audience: &str) -> Value {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let now = SystemClock::new().now().as_unix();
    let jti = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    json!({ "iss": issuer, "aud": audience, "iat": now, "exp": now + 300, "jti": jti })
}

/// What the token endpoint answers to the assertion alone.
pub(super) async fn granted(url: &str, assertion: &str) -> (u16, Value) {
    posted(url, &[("grant_type", JWT_BEARER), ("assertion", assertion)]).await
}

fn robots() -> String {
    format!(
        "{RESOURCE}[[clients]]\nid = \"robots\"\nscope = \"read\"\ngrant_types = [\"jwt-bearer\"]\nsecrets = [{{ env = \"SHARED\" }}]\n"
    )
}

#[tokio::test]
async fn rfc7523_s2_1_what_trust_add_prints_works_when_it_is_pasted() {
    let (key, secret) = (Key::new("hub"), new_secret());
    let keys = key.jwks_file();
    let add = [
        "trust",
        "add",
        HUB,
        "--jwks",
        &keys,
        "--subject",
        "robot:*",
        "--scope",
        "read",
        "--name",
        "The \"hub\"",
    ];
    let more = ["--client", "robots", "--scope-claim", "--longest-life", "10m", "--token-lifetime", "90s"];
    let made = printed(&[&add[..], &more, &["--resource", "https://api.example.com"]].concat(), &[]);
    assert!(made.contains("# robots has to stand in the same file"), "{made}");
    let block = between(&made, "(--config FILE):\n", "\n# robots");
    let config = config(&format!("{}{block}", robots()));
    let environment = [("SHARED", &*secret)];
    let mut program = Program::start(&["--config", &config], &environment);
    let (url, own) = (program.token_url(), program.issuer());
    let grant = assertion(&key, HUB, "robot:7", &own);
    let (status, answer) = granted(&url, &grant).await;
    assert_eq!(
        (status, &answer["scope"], &answer["expires_in"]),
        (200, &json!("read"), &json!(90)),
        "{answer}"
    );
    let (status, answer) = granted(&url, &grant).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")), "each is taken once");
    let (status, answer) = granted(&url, &assertion(&key, HUB, "human:7", &own)).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    program.wait_for_log("subject_not_trusted");
    let shown = printed(&["trust", "show", HUB, "--json", "--config", &config], &environment);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&shown["token_lifetime"], &shown["longest_life"]), (&json!(90), &json!(600)));
    assert_eq!((&shown["scope_claim"], &shown["name"]), (&json!(true), &json!("The \"hub\"")));
    assert_eq!(shown["resources"], json!(["https://api.example.com"]));
    let list = printed(&["trust", "list", "--config", &config], &environment);
    assert!(list.contains(HUB) && list.contains("robot:*"), "{list}");
}

#[tokio::test]
async fn rfc7523_s2_1_a_reusable_assertion_without_sub_and_jti_is_taken_where_the_block_says_so() {
    let (key, secret) = (Key::new("hub"), new_secret());
    let block = |more: &str| {
        format!(
            "{}[[trust]]\nissuer = \"{HUB}\"\nsubject = \"*\"\nscope = \"read\"\nclient = \"robots\"\njwks_file = \"{}\"\n{more}",
            robots(),
            key.jwks_file()
        )
    };
    for (more, status) in [("", 400), ("reusable = true\nsubject_optional = true\nscope_claim = true\n", 200)]
    {
        let program = Program::start(&["--config", &config(&block(more))], &[("SHARED", &secret)]);
        let mut claims = claims(HUB, &program.issuer());
        claims.as_object_mut().expect("claims").remove("jti");
        claims["scope"] = json!("read");
        let grant = key.sign(&claims);
        for _ in 0..2 {
            let answer = granted(&program.token_url(), &grant).await;
            assert_eq!(answer.0, status, "{more}: {}", answer.1);
        }
    }
}

#[tokio::test]
async fn rfc7523_s2_1_what_create_prints_for_a_service_account_works_when_it_is_pasted() {
    let file = crate::program::file("folder", "").with_file_name("robot.key");
    let file = file.to_str().expect("UTF-8");
    let create = [
        "clients",
        "create",
        "--id",
        "robot",
        "--auth",
        "private_key_jwt",
        "--key-out",
        file,
        "--scope",
        "read",
    ];
    let made = printed(&[&create[..], &["--grant", "jwt-bearer"]].concat(), &[]);
    let config =
        config(&format!("{RESOURCE}{}", between(&made, "(--config FILE):\n", "\n# Its private key")));
    let program = Program::start(&["--config", &config], &[]);
    let own = program.issuer();
    let client_assertion = crate::assertion::made("robot", &own, &["--key", file], "");
    let (status, answer) = granted(&program.token_url(), &client_assertion).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")), "t35: typed for another use");
    assert!(made.contains("grantor-server assertion --grant --key") && made.contains(JWT_BEARER), "{made}");
    let grant = crate::assertion::made("robot", &own, &["--grant", "--key", file], "");
    let (status, answer) = granted(&program.token_url(), &grant).await;
    assert_eq!((status, &answer["scope"]), (200, &json!("read")), "{answer}");
    assert_eq!(granted(&program.token_url(), &grant).await.0, 400, "each is taken once");
    let (status, answer) = crate::assertion::sent(&program, &client_assertion).await;
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("unauthorized_client")),
        "only the grant that it has"
    );
    let shown = printed(&["clients", "show", "robot", "--json", "--config", &config], &[]);
    assert!(shown.contains(JWT_BEARER), "{shown}");
}

/// The requests of the README, with and without `-u`.
#[tokio::test]
async fn rfc7523_s2_1_what_assertion_makes_for_a_trusted_issuer_is_a_grant() {
    let (secret, key) = (new_secret(), crate::keys::ED25519);
    let set = json!({ "keys": [crate::keys::public(key)] }).to_string();
    let set = crate::program::file("hub.jwks.json", &set);
    let trust = format!(
        "[[trust]]\nissuer = \"{HUB}\"\nsubject = \"{HUB}\"\nscope = \"read\"\nclient = \"robots\"\njwks_file = \"{}\"\n",
        set.display()
    );
    let program = Program::start(&["--config", &config(&(robots() + &trust))], &[("SHARED", &secret)]);
    let make =
        |more: &[&str]| crate::assertion::made(HUB, &program.issuer(), &[&["--key", key], more].concat(), "");
    let (status, answer) = granted(&program.token_url(), &make(&["--grant"])).await;
    assert_eq!((status, &answer["scope"]), (200, &json!("read")), "{answer}");
    let (status, answer) = granted(&program.token_url(), &make(&[])).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")), "t35: typed for another use");
    let form = [("grant_type", JWT_BEARER), ("assertion", &make(&["--grant"]))];
    let request = crate::tokens::http().post(program.token_url()).basic_auth("robots", Some(&secret));
    assert_eq!(request.form(&form).send().await.expect("an answer").status().as_u16(), 200);
}

/// On memory storage there is nothing that a command could change.
#[test]
fn s10_commands_that_change_an_issuer_need_shared_storage() {
    for command in [&["disable", HUB][..], &["enable", HUB], &["remove", HUB, "--yes"]] {
        let output = run(&[&["trust"], command].concat(), &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--storage") && said.contains("memory storage keeps no issuer"), "{said}");
    }
    assert_eq!(printed(&["trust", "list", "--json"], &[]), "[]\n");
    assert!(printed(&["trust", "list"], &[]).starts_with("No trusted issuers"));
    assert_eq!(run(&["trust", "show", HUB], &[]).status.code(), Some(1));
}
