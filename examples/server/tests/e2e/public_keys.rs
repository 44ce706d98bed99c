//! Clients whose public keys are in a file: `--jwks FILE`, as a JWK Set, a JWK or PEM.

use grantor::{AssertionAlgorithm, PublicKey};
use serde_json::Value;

use crate::assertion::{made, sent};
use crate::keys::{ED25519, RESOURCE, RSA, jwk, public};
use crate::program::{Program, config, file, printed, run};

const CREATE: [&str; 8] =
    ["clients", "create", "--id", "signer", "--auth", "private_key_jwt", "--scope", "read"];

fn path(name: &str, text: &str) -> String {
    file(name, text).to_str().expect("UTF-8").to_owned()
}

/// The public half of a JWK, as PEM.
fn pem(of: &str, algorithm: AssertionAlgorithm) -> String {
    PublicKey::from_jwk_for(&public(of).to_string(), algorithm).expect("a key").to_spki_pem()
}

#[tokio::test]
async fn rfc7591_s2_jwks_the_public_keys_of_a_file_are_taken_in_each_of_their_forms() {
    let files = [
        (path("set.json", &format!("{{\"keys\":[{}]}}", public(ED25519))), ED25519, "EdDSA"),
        (path("one.json", &public(ED25519).to_string()), ED25519, "EdDSA"),
        (path("key.pem", &pem(ED25519, AssertionAlgorithm::EdDsa)), ED25519, "EdDSA"),
        (path("rsa.pem", &pem(RSA, AssertionAlgorithm::Rs256)), RSA, "RS256"),
    ];
    for (jwks, private, algorithm) in files {
        let made_client = printed(&[&CREATE[..], &["--jwks", &jwks, "--json"]].concat(), &[]);
        let told: Value = serde_json::from_str(&made_client).expect("JSON");
        let held = &told["client"]["credentials"][0];
        assert_eq!((&held["kind"], &held["alg"]), (&"key".into(), &algorithm.into()), "{told}");
        assert!(told.get("client_secret").is_none() && told.get("environment").is_none(), "{told}");
        let block = told["configuration"].as_str().expect("a block");
        let program = Program::start(&["--config", &config(&format!("{RESOURCE}{block}"))], &[]);
        let assertion = made("signer", &program.issuer(), &["--key", private], "");
        assert_eq!(sent(&program, &assertion).await.0, 200, "{jwks}");
    }
}

#[test]
fn t36_t95_no_other_file_makes_a_client() {
    let weak = r#"{"keys":[{"kty":"RSA","alg":"RS256","e":"AQAB","n":"sXchDaQ"}]}"#;
    let good = path("set.json", &format!("{{\"keys\":[{}]}}", public(ED25519)));
    let private = jwk(ED25519)["d"].as_str().expect("a private key").to_owned();
    let cases = [
        (path("private.json", &jwk(ED25519).to_string()), "--jwks"),
        (path("private-set.json", &format!("{{\"keys\":[{}]}}", jwk(ED25519))), "keys[0]"),
        (path("private.pem", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"), "-pubout"),
        (path("weak.json", weak), "keys[0]"),
        (path("secret.json", r#"{"kty":"oct","k":"AAAA"}"#), "--jwks"),
        (path("none.json", r#"{"keys":[]}"#), "1 to 50"),
        (path("text.txt", "hunter2"), "no JSON"),
        ("/nowhere.json".to_owned(), "cannot be read"),
    ];
    let refused = |arguments: &[&str], parts: &[&str]| {
        let output = run(&[&CREATE[..], arguments].concat(), &[]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            parts.iter().all(|part| text.contains(part)) && output.stdout.is_empty(),
            "{parts:?}: {text}"
        );
        assert!(!text.contains("hunter2") && !text.contains(&private), "{text}");
    };
    for (jwks, part) in &cases {
        refused(&["--jwks", jwks], &["--jwks", part]);
    }
    refused(
        &["--jwks", &good, "--jwks-uri", "https://x.example"],
        &["--jwks-uri", "beside it", "RFC 7591 §2"],
    );
    refused(&["--jwks", &good, "--key-out", "/nowhere.pem"], &["--key-out", "beside it"]);
    let output = run(&["clients", "create", "--jwks", &good], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("--auth private_key_jwt"), "{text}");
}
