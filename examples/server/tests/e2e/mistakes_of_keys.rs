//! Mistakes in how a client proves itself and in what is loosened for it, each named with file, key and remedy.

use crate::keys::{RESOURCE, RSA, jwk};
use crate::mistakes::check;
use crate::program::new_secret;

const KEY: &str = "{ kty = \"OKP\", crv = \"Ed25519\", x = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\" }";

/// What a client of `private_key_jwt` says, and what the message must hold.
const KEYS: &[(&str, &[&str])] = &[
    ("", &["clients[0].jwks", "no key", "jwks_file = \"PATH\"", "enabled = false"]),
    ("secrets = [{ env = \"GOOD\" }]", &["clients[0].secrets", "private_key_jwt has no use", "jwks_file"]),
    ("jwks = \"hunter2\"", &["clients[0].jwks", "write a table"]),
    ("jwks = {}", &["clients[0].jwks", "1 to 50 public keys"]),
    ("jwks = { keys = [] }", &["clients[0].jwks", "1 to 50 public keys"]),
    (
        "jwks = { keys = [KEY, { kty = \"oct\", k = \"hunter2\" }] }",
        &["clients[0].jwks", "keys[1]", "public: without"],
    ),
    (
        "jwks = { keys = [{ kty = \"RSA\", n = \"hunter2\" }] }",
        &["clients[0].jwks", "keys[0]", "well-formed"],
    ),
    ("jwks = { keys = [{ kty = \"EC\", crv = \"hunter2\" }] }", &["clients[0].jwks", "keys[0]", "P-256"]),
    ("jwks = { keys = [KEY, KEY] }", &["clients[0].jwks", "different ids"]),
    ("jwks = { keys = [KEY] }\njwks_file = \"x\"", &["clients[0].jwks_file", "jwks beside it", "keep"]),
    ("jwks_file = \"none\"", &["clients[0].jwks_file", "none", "beside this file"]),
    ("jwks_file = \"grantor.toml\"", &["clients[0].jwks_file", "no JSON: line 1", "\"keys\""]),
    ("jwks_file = \"THE_RSA_FILE\"", &["clients[0].jwks_file", "1 to 50 public keys"]),
    ("jwks_file = \"/dev/zero\"", &["clients[0].jwks_file", "larger than 262144 bytes"]),
    ("jwks_uri = \"ftp://keys.example.com\"", &["clients[0].jwks_uri", "https URL"]),
    ("jwks_uri = \"https://u:hunter2@a.example/\"", &["clients[0].jwks_uri", "without user information"]),
    ("jwks_uri = \"http://a.example/\"", &["clients[0].jwks_uri", "plain http", "https URL"]),
    ("jwks_uri = \"http://127.0.0.1.a.example/\"", &["clients[0].jwks_uri", "plain http", "https URL"]),
    (
        "jwks = { keys = [KEY] }\njwks_uri = \"https://a.example/\"",
        &["clients[0].jwks_uri", "beside it", "keep jwks_uri"],
    ),
    ("jwks_uri = 7", &["clients[0].jwks_uri", "text in quotes"]),
    ("jwks_file = 7", &["clients[0].jwks_file", "text in quotes"]),
];

/// What a client of `client_secret_jwt` says.
const SECRETS: &[(&str, &[&str])] = &[
    ("", &["clients[0].secrets", "no secret", "env = \"NAME\""]),
    ("jwks = { keys = [KEY] }", &["clients[0].jwks", "client_secret_jwt has no use", "private_key_jwt"]),
    ("jwks_file = \"none\"", &["clients[0].jwks_file", "client_secret_jwt has no use", "private_key_jwt"]),
    (
        "secrets = [{ env = \"BAD\" }]",
        &["clients[0].secrets[0].env", "Grantor made", "clients create --auth client_secret_jwt"],
    ),
    (
        "secrets = [{ argon2id = \"hunter2\" }]",
        &["clients[0].secrets[0].argon2id", "a hash is no key", "clients create --auth client_secret_jwt"],
    ),
    (
        "secrets = [{ env = \"GOOD\", algorithm = \"ES256\" }]",
        &["clients[0].secrets[0].algorithm", "`ES256`", "HS256, HS384 or HS512"],
    ),
    (
        "secrets = [{ env = \"GOOD\" }, { env = \"GOOD\", algorithm = \"HS512\" }]",
        &["clients[0].secrets[1]", "different ids"],
    ),
];

/// What a client that sends its secret says.
const SENT: &[(&str, &[&str])] = &[
    (
        "jwks_uri = \"https://a.example/\"",
        &["clients[0].jwks_uri", "client_secret_basic has no use", "private_key_jwt"],
    ),
    ("jwks = { keys = [KEY] }", &["clients[0].jwks", "client_secret_basic has no use", "private_key_jwt"]),
    (
        "secrets = [{ env = \"GOOD\", algorithm = \"HS256\" }]",
        &["clients[0].secrets[0].algorithm", "signs nothing", "client_secret_jwt"],
    ),
    (
        "secrets = [{ env = \"GOOD\" }]\ncompatibility = [\"raw_base\"]",
        &[
            "clients[0].compatibility[0]",
            "no switch `raw_base`",
            "token_endpoint_audience, assertion_reuse, google_service_account, raw_basic",
        ],
    ),
    (
        "secrets = [{ env = \"GOOD\" }]\ncompatibility = [\"raw_basic\", \"assertion_reuse\"]\n\
         [dangerous]\ncompatibility = { raw_basic = \"listed_clients\" }",
        &[
            "clients[0].compatibility[1]",
            "does not permit `assertion_reuse`",
            "assertion_reuse = \"listed_clients\" in [dangerous.compatibility]",
        ],
    ),
    (
        "secrets = [{ env = \"GOOD\" }]\ncompatibility = [\"openid_discovery\"]",
        &["clients[0].compatibility[0]", "one document", "openid_discovery = \"every_client\""],
    ),
];

/// Whole files.
const FILES: &[(&str, &[&str])] = &[
    ("clock_skew = 61", &["clock_skew", "more than 60 s", "\"10s\""]),
    ("clock_skew = \"soon\"", &["clock_skew", "\"90s\""]),
    ("compatibility = []", &["compatibility", "unknown key", "dangerous"]),
    ("[dangerous]\ncompatible = 1", &["dangerous.compatible", "unknown key", "known here: compatibility"]),
    (
        "[dangerous.compatibility]\nraw_base = \"every_client\"",
        &["dangerous.compatibility.raw_base", "unknown key", "raw_basic"],
    ),
    (
        "[dangerous.compatibility]\nraw_basic = true",
        &["dangerous.compatibility.raw_basic", "listed_clients", "every_client"],
    ),
    (
        "[dangerous.compatibility]\nraw_basic = \"hunter2\"",
        &["dangerous.compatibility.raw_basic", "listed_clients", "every_client"],
    ),
    (
        "[dangerous.compatibility]\nopenid_discovery = \"listed_clients\"",
        &["dangerous.compatibility.openid_discovery", "one document serves all", "\"every_client\""],
    ),
];

fn clients(method: &str, cases: &[(&str, &[&str])]) {
    let good = new_secret();
    for (text, parts) in cases {
        let text = text.replace("KEY", KEY).replace("THE_RSA_FILE", RSA);
        check(&format!("{RESOURCE}[[clients]]\nid = \"a\"\nauth = \"{method}\"\n{text}\n"), parts, &good);
    }
}

#[test]
fn s10_mistakes_of_keys_are_named_with_file_key_and_remedy() {
    clients("private_key_jwt", KEYS);
}

#[test]
fn s10_mistakes_of_secrets_that_sign_are_named_with_file_key_and_remedy() {
    clients("client_secret_jwt", SECRETS);
}

#[test]
fn s10_mistakes_of_clients_that_send_their_secret_are_named_with_file_key_and_remedy() {
    clients("client_secret_basic", SENT);
}

#[test]
fn s10_mistakes_of_switches_are_named_with_file_key_and_remedy() {
    let good = new_secret();
    for (text, parts) in FILES {
        check(text, parts, &good);
    }
}

#[test]
fn t95_a_private_key_in_the_place_of_a_public_one_is_refused_and_not_shown() {
    let private = jwk(RSA);
    let members = private.as_object().expect("object").iter();
    let members = members.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "{RESOURCE}[[clients]]\nid = \"a\"\nauth = \"private_key_jwt\"\njwks = {{ keys = [{{ {members} }}] }}\n"
    );
    let d = private["d"].as_str().expect("d");
    check(&text, &["clients[0].jwks", "keys[0]", "public: without `d`"], d);
}
