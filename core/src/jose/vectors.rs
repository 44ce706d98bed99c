//! The vectors of others: Wycheproof, RFC 7520, RFC 7515, RFC 8037, RFC 7638. Every verdict is theirs; where ours
//! differs it stands in a list, with the reason.

use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::{AssertionAlgorithm, PublicKey, ReceivedJws};

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(path);
    serde_json::from_slice(&std::fs::read(path).expect("vectors")).expect("JSON")
}

/// Verifies as client authentication does: the algorithm is the key's, and the header has to agree with it.
fn verifies(jwk: &Value, jws: &str) -> bool {
    let Ok(received) = ReceivedJws::parse(jws) else { return false };
    let Some(algorithm) = received.header.alg else { return false };
    if jwk["kty"] == "oct" {
        return mac_verifies(jwk, &received, algorithm);
    }
    let Ok(key) = PublicKey::from_jwk_for(&jwk.to_string(), algorithm) else { return false };
    key.is_named(received.header.kid.as_deref(), &received.header.certificate)
        && key.verifies(received.signing_input, received.signature())
}

/// A secret that is also a JWK: what the key says of itself has to agree.
fn mac_verifies(jwk: &Value, received: &ReceivedJws<'_>, algorithm: AssertionAlgorithm) -> bool {
    let secret = jwk["k"].as_str().and_then(|k| BASE64URL_NOPAD.decode(k.as_bytes()).ok());
    let named = jwk.get("alg").is_none_or(|alg| *alg == algorithm.as_str());
    named
        && secret.is_some_and(|secret| {
            algorithm.mac_verifies(&secret, received.signing_input, received.signature())
        })
}

/// How Wycheproof and we judge the tests of a file.
#[derive(Debug, Default, PartialEq)]
struct Verdicts {
    /// Valid to both.
    valid: usize,
    /// Invalid to both.
    invalid: usize,
    /// Those on which we differ, ambiguous ones included.
    differ: Vec<u64>,
}

fn wycheproof(file: &str, judge: impl Fn(&Value, &Value) -> bool) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for group in read(file)["testGroups"].as_array().expect("groups") {
        for test in group["tests"].as_array().expect("tests") {
            match (test["result"].as_str().expect("result"), judge(group, test)) {
                ("valid", true) => verdicts.valid += 1,
                ("invalid", false) => verdicts.invalid += 1,
                ("valid" | "invalid", _) => verdicts.differ.push(test["tcId"].as_u64().expect("id")),
                (other, _) => panic!("{other}"),
            }
        }
    }
    verdicts
}

#[test]
fn wycheproof_signatures() {
    let verdicts = wycheproof("wycheproof/json_web_signature_test.json", |group, test| {
        let jwk = group.get("public").unwrap_or(&group["private"]);
        verifies(jwk, test["jws"].as_str().expect("jws"))
    });
    // 346, 350: the key says PS256 and the header PS384. One key, one algorithm (RFC 8725 §3.1, T14).
    // 367, 370: called invalid, and yet letter for letter the token of 357, which is called valid.
    // 373: called valid with a `?` in its payload, which is no letter of base64url (RFC 7515 §2, T08).
    let differ = vec![346, 350, 367, 370, 373];
    assert_eq!(verdicts, Verdicts { valid: 32, invalid: 264, differ });
}

#[test]
fn wycheproof_keys() {
    let verdicts = wycheproof("wycheproof/json_web_key_test.json", |group, test| {
        let jws = test["jws"].as_str().expect("jws");
        match group.get("public") {
            // A set with one bad key is refused whole.
            Some(set) => PublicKey::from_jwks(&set.to_string())
                .is_ok_and(|_| set["keys"].as_array().expect("keys").iter().any(|jwk| verifies(jwk, jws))),
            // Symmetric keys never come as a set here; each is judged as a secret.
            None => group["private"]["keys"].as_array().expect("keys").iter().any(|jwk| verifies(jwk, jws)),
        }
    });
    // 1: ambiguous, they say: a set of a secret and a public key. Here the two never come as one set (T36), and the test
    // above takes each by itself.
    assert_eq!(verdicts, Verdicts { valid: 5, invalid: 14, differ: vec![1] });
}

#[test]
fn rfc7515_appendix_a_and_rfc8037() {
    let vectors = read("rfc/jws-and-thumbprints.json");
    let tests = vectors["jws"].as_array().expect("jws");
    for test in tests {
        let expected = test["result"] == "valid";
        let source = test["source"].as_str().expect("source");
        let judged = verifies(&test["jwk"], test["jws"].as_str().expect("jws"));
        // A JWK with a private half is no client's public key here.
        let private = test["jwk"].get("d").is_some();
        let public: Value = without_private(&test["jwk"]);
        assert!(!private || !judged, "{source}: a private key was taken");
        assert_eq!(
            verifies(&public, test["jws"].as_str().expect("jws")),
            expected && builds(&public),
            "{source}"
        );
    }
    assert_eq!(tests.len(), 5);
}

/// P-521 needs josekit.
fn builds(jwk: &Value) -> bool {
    jwk["crv"] != "P-521" || cfg!(feature = "josekit")
}

fn without_private(jwk: &Value) -> Value {
    let mut jwk = jwk.as_object().expect("object").clone();
    jwk.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
    Value::Object(jwk)
}

#[test]
fn rfc7638_and_rfc8037_thumbprints() {
    let vectors = read("rfc/jws-and-thumbprints.json");
    let tests = vectors["thumbprints"].as_array().expect("thumbprints");
    for test in tests {
        let jwk = without_private(&test["jwk"]).to_string();
        let key = PublicKey::from_jwk(&jwk).expect("key");
        assert_eq!(key.thumbprint(), test["thumbprint_sha256"].as_str().expect("text"));
    }
    assert_eq!(tests.len(), 2);
}

#[test]
fn rfc7520_signatures() {
    let mut judged = 0;
    for file in [
        "4_1.rsa_v15_signature",
        "4_2.rsa-pss_signature",
        "4_3.ecdsa_signature",
        "4_4.hmac-sha2_integrity_protection",
    ] {
        let vector = read(&format!("cookbook/jws/{file}.json"));
        let jwk = without_private(&vector["input"]["key"]);
        let jws = vector["output"]["compact"].as_str().expect("compact");
        assert_eq!(verifies(&jwk, jws), builds(&jwk), "{file}");
        let json = vector["output"]["json"].to_string();
        assert!(ReceivedJws::parse(&json).is_err(), "T24: {file}");
        judged += 1;
    }
    // Detached content and JSON-only forms are no JWTs.
    for file in [
        "4_5.signature_with_detached_content",
        "4_6.protecting_specific_header_fields",
        "4_7.protecting_content_only",
        "4_8.multiple_signatures",
    ] {
        let vector = read(&format!("cookbook/jws/{file}.json"));
        let key = &vector["input"]["key"];
        let jwk = key.get(0).unwrap_or(key);
        for text in [
            vector["output"]["compact"].as_str().map(str::to_owned),
            Some(vector["output"]["json"].to_string()),
        ] {
            assert!(text.is_none_or(|text| !verifies(&without_private(jwk), &text)), "{file}");
        }
        judged += 1;
    }
    let ed25519 = read("cookbook/curve25519/jws.json");
    let jws = ed25519["output"]["compact"].as_str().expect("compact");
    assert!(verifies(&without_private(&ed25519["input"]["key"]), jws));
    assert_eq!(judged, 8);
}

/// Public keys are taken, private and symmetric ones are not, and what is left of a private one is its public half.
#[test]
fn rfc7520_keys() {
    for (file, public) in
        [("3_1.ec_public_key", "3_2.ec_private_key"), ("3_3.rsa_public_key", "3_4.rsa_private_key")]
    {
        let (own, private) =
            (read(&format!("cookbook/jwk/{file}.json")), read(&format!("cookbook/jwk/{public}.json")));
        let algorithm =
            if own["kty"] == "RSA" { AssertionAlgorithm::Rs256 } else { AssertionAlgorithm::Es512 };
        let key = |jwk: &Value| PublicKey::from_jwk_for(&jwk.to_string(), algorithm);
        assert_eq!(key(&own).is_ok(), builds(&own), "{file}");
        assert!(key(&private).is_err(), "T36: {public}");
        assert_eq!(key(&without_private(&private)).ok(), key(&own).ok(), "{public}");
    }
    for file in ["3_5.symmetric_key_mac_computation", "3_6.symmetric_key_encryption"] {
        let jwk = read(&format!("cookbook/jwk/{file}.json"));
        assert!(
            AssertionAlgorithm::all()
                .all(|algorithm| PublicKey::from_jwk_for(&jwk.to_string(), algorithm).is_err())
        );
    }
}

#[test]
fn rfc7797_b64_false_is_refused() {
    for file in ["4.2.hmac-sha2_b64_false", "hmac-sha2_b64_false"] {
        let vector = read(&format!("cookbook/rfc7797/{file}.json"));
        for text in [
            vector["output"]["compact"].as_str().map(str::to_owned),
            Some(vector["output"]["json"].to_string()),
        ] {
            assert!(text.is_none_or(|text| ReceivedJws::parse(&text).is_err()), "{file}");
        }
    }
}
