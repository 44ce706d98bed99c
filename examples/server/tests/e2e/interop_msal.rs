//! MSAL for Python (PyPI) gets tokens with a certificate, unchanged. `.ci/test` installs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::interop::{lines, prepared};
use crate::program::{Program, config, file};

/// MSAL speaks https alone, to what has a segment in its path.
const ISSUER: &str = "https://login.example.com/tenant";
const RESOURCE: &str = "[[resources]]\nuri = \"https://api.example.com\"\nscopes = [\"read\", \"write\"]\n";
const DISCOVERY: &str = "[dangerous.compatibility]\nopenid_discovery = \"every_client\"\n";
const SWITCHES: [&str; 2] = ["token_endpoint_audience", "assertion_reuse"];

/// Each way in which MSAL takes a certificate, which is the id of a client: the algorithm and the members of the header
/// that follow from it, and the member by which the certificate is registered, if it is.
const WAYS: [[&str; 4]; 4] = [
    ["certificate", "PS256", "x5c+x5t#S256", "x5c"],
    ["pfx", "PS256", "x5t#S256", "x5t#S256"],
    ["thumbprint", "RS256", "x5t", "x5t"],
    ["thumbprint-x5c", "RS256", "x5c+x5t", ""],
];

fn msal(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(prepared("GRANTOR_INTEROP_PYTHON"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/msal_client.py"));
    command.args(arguments).arg(folder);
    command
}

/// A key with a self-signed certificate: the folder of both, and the public JWK with all that names the certificate.
fn certified() -> (PathBuf, Value) {
    let folder = file("folder", "").parent().expect("folder").to_owned();
    let jwk = serde_json::from_str(&lines(&mut msal(&["new"], &folder)).concat()).expect("JSON");
    (folder, jwk)
}

/// The same key for `alg`, whose certificate `member` alone names.
fn registered(jwk: &Value, alg: &str, member: &str) -> Value {
    let mut key = json!({ "kty": "RSA", "n": jwk["n"], "e": jwk["e"], "alg": alg });
    if !member.is_empty() {
        key[member] = jwk[member].clone();
    }
    key
}

/// A client that names these switches, with these keys.
fn block(id: &str, keys: &[Value], switches: &[&str]) -> String {
    let set = file("jwks.json", &json!({ "keys": keys }).to_string());
    format!(
        "[[clients]]\nid = \"{id}\"\nauth = \"private_key_jwt\"\nscope = \"read write\"\n\
         jwks_file = \"{}\"\ncompatibility = {}\n",
        set.display(),
        json!(switches)
    )
}

fn start(clients: &str, switches: &[&str]) -> Program {
    let permitted: String =
        switches.iter().map(|switch| format!("{switch} = \"listed_clients\"\n")).collect();
    let config = config(&format!("{RESOURCE}{clients}{DISCOVERY}{permitted}"));
    Program::start(&["--config", &config, "--issuer", ISSUER], &[])
}

/// MSAL asks for two tokens for each of these clients.
fn tokens(program: &Program, folder: &Path, ids: &str) -> Command {
    msal(&["get", &program.issuer(), ISSUER, ids], folder)
}

#[test]
#[ignore = "needs python3 with MSAL"]
fn clients_md_msal_gets_tokens_with_a_certificate_under_its_two_switches() {
    let ((folder, jwk), (_, other)) = (certified(), certified());
    // Beside another certificate, as while one takes the place of the other.
    let clients = WAYS.map(|[id, alg, _, member]| {
        block(id, &[registered(&other, alg, member), registered(&jwk, alg, member)], &SWITCHES)
    });
    let program = start(&clients.concat(), &SWITCHES);
    let expected: Vec<String> = WAYS
        .iter()
        .flat_map(|[id, alg, header, _]| {
            ["new", "again"]
                .map(|which| format!("{id} {alg} {header} {which} {ISSUER}/oauth2/token 200 Bearer"))
        })
        .collect();
    assert_eq!(lines(&mut tokens(&program, &folder, &WAYS.map(|[id, ..]| id).join(","))), expected);
    let log = program.stopped().written;
    for switch in SWITCHES {
        let used = format!("compatibility switch used client_id=certificate switch=\"{switch}\"");
        assert!(log.contains(&used), "{log}");
    }
}

#[test]
#[ignore = "needs python3 with MSAL"]
fn rfc7523bis_s4_msal_is_refused_without_either_of_its_switches() {
    let (folder, jwk) = certified();
    let key = [registered(&jwk, "PS256", "x5c")];
    let [audience, reuse] = SWITCHES;
    let refused = "401 invalid_client";
    for (switches, answers, reason) in [
        (&[][..], [refused, refused], "jwt_audience"),
        (&[reuse], [refused, refused], "jwt_audience"),
        (&[audience], ["200 Bearer", refused], "proof_replayed"),
    ] {
        let program = start(&block("certificate", &key, switches), switches);
        let [first, second] = answers;
        let expected = [("new", first), ("again", second)].map(|(which, answer)| {
            format!("certificate PS256 x5c+x5t#S256 {which} {ISSUER}/oauth2/token {answer}")
        });
        assert_eq!(lines(&mut tokens(&program, &folder, "certificate")), expected, "{switches:?}");
        let log = program.stopped().written;
        assert!(log.contains(reason), "{log}");
    }
}

/// A certificate that the client made itself proves nothing, where another is registered or none.
#[test]
#[ignore = "needs python3 with MSAL"]
fn t17_msal_is_refused_whose_certificate_is_not_registered() {
    let ((folder, _), (_, other)) = (certified(), certified());
    for (member, reason) in [("x5c", "jwt_key_unknown"), ("", "jwt_signature")] {
        let clients = block("certificate", &[registered(&other, "PS256", member)], &SWITCHES);
        let program = start(&clients, &SWITCHES);
        let answers = lines(&mut tokens(&program, &folder, "certificate"));
        assert!(
            answers.len() == 2 && answers.iter().all(|line| line.ends_with(" 401 invalid_client")),
            "{answers:?}"
        );
        let log = program.stopped().written;
        assert!(log.contains(reason), "{log}");
    }
}
