//! Mistakes in the configuration file: each is named with file, key, what is wrong and the remedy.

use crate::program::{config, new_secret, run};

/// Stands where a secret might, and must never be shown.
const MARK: &str = "hunter2";

const RESOURCE: &str = "[[resources]]\nuri = \"https://api.example.com\"\nscopes = [\"read\"]\n";

/// What the file says after a good resource, and what the message must hold.
const CLIENTS: &[(&str, &[&str])] = &[
    ("[[clients]]\nscope = \"read\"", &["clients[0].id", "missing", "add `id = …`"]),
    ("[[clients]]\nid = \"\"", &["clients[0].id", "1 to 255"]),
    ("[[clients]]\nid = 7", &["clients[0].id", "write text in quotes"]),
    ("[[clients]]\nid = \"a\"\nscop = \"read\"", &["clients[0].scop", "unknown key", "known here: id, name"]),
    ("[[clients]]\nid = \"a\"\nsecret = \"hunter2\"", &["clients[0].secret", "secrets = [{ env ="]),
    ("[[clients]]\nid = \"a\"\nsecrets = \"hunter2\"", &["clients[0].secrets", "write a list"]),
    ("[[clients]]\nid = \"a\"\nsecrets = [\"hunter2\"]", &["clients[0].secrets[0]", "write a table"]),
    ("[[clients]]\nid = \"a\"\nsecrets = [{ env = 7 }]", &["clients[0].secrets[0].env", "text in quotes"]),
    ("[[clients]]\nid = \"a\"", &["clients[0].secrets", "enabled = false"]),
    ("[[clients]]\nid = \"a\"\nsecrets = [{}]", &["clients[0].secrets[0]", "env = \"NAME\""]),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ env = \"GOOD\", file = \"x\" }]",
        &["clients[0].secrets[0]", "more than one", "write one of"],
    ),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ env = \"NO\" }]",
        &["clients[0].secrets[0].env", "`NO` is not set", "clients create"],
    ),
    ("[[clients]]\nid = \"a\"\nsecrets = [{ env = \"EMPTY\" }]", &["clients[0].secrets[0].env", "empty"]),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ env = \"GOOD\" }, { env = \"BAD\" }]",
        &["clients[0].secrets[1].env", "no secret that Grantor made", "clients create", "argon2id"],
    ),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ file = \"none\" }]",
        &["clients[0].secrets[0].file", "none", "beside this file"],
    ),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ file = \"grantor.toml\" }]",
        &["clients[0].secrets[0].file", "Grantor made"],
    ),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ argon2id = \"hunter2\" }]",
        &["clients[0].secrets[0].argon2id", "PHC"],
    ),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ env = \"GOOD\" }, { env = \"GOOD\" }]",
        &["clients[0].secrets[1]", "different ids"],
    ),
    (
        "[[clients]]\nid = \"a\"\nsecrets = [{ env = \"GOOD\", expires_at = \"soon\" }]",
        &["clients[0].secrets[0].expires_at", "2026-12-01T00:00:00Z"],
    ),
    (
        "[[clients]]\nid = \"a\"\nauth = \"none\"",
        &[
            "clients[0].auth",
            "`none`",
            "client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt",
        ],
    ),
    ("[[clients]]\nid = \"a\"\nscope = \"raed\"", &["clients[0].scope", "`raed`", "[[resources]]"]),
    (
        "[[clients]]\nid = \"a\"\nscope = \"\"\ndefault_scope = \"read\"",
        &["clients[0].default_scope", "within scope"],
    ),
    (
        "[[clients]]\nid = \"a\"\nresources = [\"https://x.example\"]",
        &["clients[0].resources[0]", "not declared"],
    ),
    (
        "[[clients]]\nid = \"a\"\nserves = [\"https://x.example\"]",
        &["clients[0].serves[0]", "not declared", "[[resources]]"],
    ),
    ("[[clients]]\nid = \"a\"\nintrospector = \"yes\"", &["clients[0].introspector", "true or false"]),
    (
        "[[clients]]\nid = \"a\"\nintrospection_signed_response_alg = \"HS256\"",
        &["clients[0].introspection_signed_response_alg", "`HS256`", "ES256, ES384, EdDSA, RS256, PS256"],
    ),
    (
        "[[clients]]\nid = \"a\"\nintrospection_signed_response_alg = \"EdDSA\"",
        &[
            "clients[0].introspection_signed_response_alg",
            "no key",
            "write one of ES256, or signing_algorithm",
        ],
    ),
    ("[[clients]]\nid = \"a\"\ntoken_epoch = -1", &["clients[0].token_epoch", "a whole number from 0 on"]),
    (
        "[[clients]]\nid = \"a\"\nenabled = false\n[[clients]]\nid = \"a\"",
        &["clients[1].id", "clients[0]", "an id of its own"],
    ),
];

/// Whole files.
const FILES: &[(&str, &[&str])] = &[
    ("issuer = \"https://a.example\nclients = \"hunter2\"", &["line 1, column", "not TOML", "remedy"]),
    ("issuer = 'a'\n[[clients]]\n  secret hunter2", &["line 3, column", "not TOML"]),
    ("listen = 'a'\nlisten = 'hunter2'", &["line 2, column 1", "duplicate"]),
    ("isuer = \"https://a.example\"", &["isuer", "unknown key", "known here: issuer, listen"]),
    ("issuer = \"https://a.example/?x\"", &["issuer", "https://a.example/?x", "https://auth.example.com"]),
    ("issuer = \"http://a.example\"", &["issuer", "https"]),
    ("signing_algorithm = \"HS256\"", &["signing_algorithm", "HS256", "ES256, ES384, EdDSA, RS256, PS256"]),
    ("default_resource = \"https://b.example\"", &["default_resource", "https://b.example", "[[resources]]"]),
    ("resource_default_scope = 1", &["resource_default_scope", "true or false"]),
    ("[[resources]]\nscopes = []", &["resources[0].uri", "missing"]),
    ("[[resources]]\nuri = \"api\"", &["resources[0]", "`api`", "absolute URI"]),
    ("[[resources]]\nuri = \"a:b\"\nscopes = [\"a b\"]", &["resources[0]", "a:b", "without spaces"]),
    ("[[resources]]\nuri = \"a:b\"\n[[resources]]\nuri = \"a:b\"", &["resources[1].uri", "twice"]),
    ("[[resources]]\nuri = \"a:b\"\nlifetime = \"2 weeks\"", &["resources[0].lifetime", "\"10m\""]),
    ("[[resources]]\nuri = \"a:b\"\nlifetime = \"25h\"", &["resources[0].lifetime", "24 hours"]),
    (
        "[[resources]]\nuri = \"a:b\"\nsigning_algorithm = \"none\"",
        &["resources[0].signing_algorithm", "ES256"],
    ),
    ("[[resources]]\nuri = \"a:b\"\nformat = \"jwe\"", &["resources[0].format", "`jwe`", "\"opaque\""]),
    ("[keys]\nrotate = \"90d\"", &["keys.rotate", "unknown key", "known here: rotate_every or propagation"]),
    ("[keys]\nrotate_every = \"90 weeks\"", &["keys.rotate_every (line 2", "\"90d\""]),
    ("[keys]\nrotate_every = \"3y\"", &["keys.rotate_every", "a number with its unit"]),
    ("[keys]\nrotate_every = \"800d\"", &["keys.rotate_every", "at most 2 years", "such as \"90d\""]),
    (
        "[keys]\nrotate_every = \"1h\"",
        &["keys.rotate_every", "the propagation time", "longer than propagation"],
    ),
    ("[keys]\npropagation = 0", &["keys.propagation", "at least a second", "such as \"1d\""]),
    ("[keys]\npropagation = \"91d\"", &["keys.propagation", "less than rotate_every"]),
    (
        "[keys]\nrotate_every = \"30s\"\npropagation = \"1s\"\n[[resources]]\nuri = \"a:b\"\nlifetime = \"24h\"",
        &["keys.rotate_every", "too many keys", "longest lifetime"],
    ),
    ("[endpoints]\nintrospection = \"look\"", &["endpoints.introspection", "begin with `/`"]),
    ("[endpoints]\nrevocation = \"/oauth2/introspect\"", &["endpoints.revocation", "another endpoint"]),
    ("[endpoints]\ntoken = \"token\"", &["endpoints.token", "begin with `/`", "/oauth2/token"]),
    ("[endpoints]\njwks = \"/oauth2/token\"", &["endpoints.jwks", "another endpoint"]),
];

pub(crate) fn check(text: &str, parts: &[&str], good: &str) {
    let file = config(text);
    let environment = [("GOOD", good), ("BAD", MARK), ("EMPTY", "")];
    let output = run(&["--config", &file, "--listen", "127.0.0.1:0"], &environment);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}: {message}");
    assert!(output.stdout.is_empty(), "{text}");
    let place = format!("{file}: ");
    let remedy = "\n  remedy: ";
    for part in parts.iter().chain(&[place.as_str(), remedy]) {
        assert!(message.contains(part), "{part} is not in the message for\n{text}\n{message}");
    }
    for secret in [MARK, good, &good[20..]] {
        assert!(!message.contains(secret), "t95: {message}");
    }
}

#[test]
fn s10_mistakes_of_clients_are_named_with_file_key_and_remedy() {
    let good = new_secret();
    for (text, parts) in CLIENTS {
        check(&format!("{RESOURCE}{text}\n"), parts, &good);
    }
}

#[test]
fn s10_mistakes_of_the_rest_are_named_with_file_key_and_remedy() {
    let good = new_secret();
    for (text, parts) in FILES {
        check(text, parts, &good);
    }
}

#[test]
fn s10_clients_without_a_resource_are_told_so() {
    let client = "[[clients]]\nid = \"a\"\nsecrets = [{ env = \"GOOD\" }]\n";
    check(client, &["resources", "audience", "[[resources]]"], &new_secret());
}

#[cfg(not(feature = "josekit"))]
#[test]
fn s8_an_algorithm_that_this_build_has_not_is_told_so() {
    let resource = "[[resources]]\nuri = \"a:b\"\nsigning_algorithm = \"RS256\"";
    check(
        "signing_algorithm = \"PS256\"",
        &["signing_algorithm", "PS256", "feature `josekit`"],
        &new_secret(),
    );
    check(resource, &["resources[0].signing_algorithm", "RS256", "feature `josekit`"], &new_secret());
}
