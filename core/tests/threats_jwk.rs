//! Attacks by the keys that clients register, T34 to T37 of the threat record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use grantor::PublicKey;
use grantor::event::Reason;
use grantor::store::{AuthMethod, Client, Credential};
use serde_json::{Value, json};
use support::*;

#[track_caller]
fn refused_key(jwk: &Value) -> String {
    let alone = PublicKey::from_jwk(&jwk.to_string());
    let error = alone.map(|key| panic!("{key:?} from {jwk}")).unwrap_err();
    let in_a_set = json!({ "keys": [Signing::es256().jwk, jwk] });
    assert!(PublicKey::from_jwks(&in_a_set.to_string()).is_err(), "one bad key refuses the set");
    error.to_string()
}

/// A modulus of exactly so many bits, odd, without a small factor's fingerprint.
fn modulus(bits: usize) -> Vec<u8> {
    let length = bits.div_ceil(8);
    let mut n: Vec<u8> = (0..length).map(|at| u8::try_from(at * 197 % 251).unwrap()).collect();
    let top = (bits - 1) % 8;
    n[0] = 1 << top;
    n[length - 1] = 0x0f;
    n
}

fn rsa(n: &[u8], e: &[u8]) -> Value {
    json!({"kty": "RSA", "alg": "RS256", "n": BASE64URL_NOPAD.encode(n), "e": BASE64URL_NOPAD.encode(e)})
}

const E: [u8; 3] = [1, 0, 1];

#[test]
fn t34_rsa_sizes() {
    for bits in [512, 1024, 1536, 2040, 2041, 2047, 4097, 4104, 8192, 16_384, 65_536] {
        let error = refused_key(&rsa(&modulus(bits), &E));
        assert!(error.contains("RSA"), "{bits}: {error}");
    }
    for bits in [2048, 2049, 2056, 3072, 4096] {
        assert!(PublicKey::from_jwk(&rsa(&modulus(bits), &E).to_string()).is_ok(), "{bits}");
    }
    // Zeros in front make a key longer and not stronger.
    let padded = [vec![0; 128], modulus(1024)].concat();
    refused_key(&rsa(&padded, &E));
    let mut even = modulus(2048);
    even[255] = 0x10;
    refused_key(&rsa(&even, &E));
    for none in [vec![], vec![0], vec![0; 256]] {
        refused_key(&rsa(&none, &E));
    }
}

#[test]
fn t34_rsa_exponents() {
    let n = modulus(2048);
    for e in [
        &[][..],
        &[0],
        &[1],
        &[3],
        &[17],
        &[1, 0],
        &[0xff, 0xff],
        &[1, 0, 0],
        &[1, 0, 2],
        &[2, 0, 0, 0, 0],
        &[2, 0, 0, 0, 1],
        &[0xff; 8],
        &[0xff; 9],
        &[1, 0, 0, 0, 0, 0, 0, 1, 0, 1],
        &[0xff; 256],
    ] {
        let error = refused_key(&rsa(&n, e));
        assert!(error.contains("RSA") || error.contains("JWK"), "{error}");
    }
    for e in [&E[..], &[1, 0, 3], &[0xff, 0xff, 0xff, 0xff], &[0, 1, 0, 1]] {
        assert!(PublicKey::from_jwk(&rsa(&n, e).to_string()).is_ok(), "{e:?}");
    }
}

/// CVE-2017-15361: powers of 65537 modulo many small primes. 65537^128 is that, odd, and of 2049 bits.
#[test]
fn t34_roca() {
    let mut n = vec![1_u8];
    for _ in 0..128 {
        // n * 65537 = n + n * 2^16, little-endian.
        let shifted: Vec<u8> = [0, 0].into_iter().chain(n.iter().copied()).collect();
        let mut carry = 0;
        n = (0..shifted.len())
            .map(|at| {
                let sum = u16::from(shifted[at]) + u16::from(n.get(at).copied().unwrap_or(0)) + carry;
                carry = sum >> 8;
                u8::try_from(sum & 0xff).unwrap()
            })
            .collect();
        if carry > 0 {
            n.push(u8::try_from(carry).unwrap());
        }
    }
    n.reverse();
    assert_eq!(n.len() * 8 - n[0].leading_zeros() as usize, 2049);
    refused_key(&rsa(&n, &E));
}

/// Row 115: points lie on their curve.
#[test]
fn t34_points_off_the_curve() {
    let mut algs = vec!["ES256", "ES384"];
    if cfg!(feature = "josekit") {
        algs.push("ES512");
    }
    for alg in algs {
        let good = Signing::new(alg).jwk;
        let flip = |name: &str| {
            let mut bytes = BASE64URL_NOPAD.decode(good[name].as_str().unwrap().as_bytes()).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            json!({ name: BASE64URL_NOPAD.encode(&bytes) })
        };
        let length = BASE64URL_NOPAD.decode(good["x"].as_str().unwrap().as_bytes()).unwrap().len();
        let coordinate = |byte: u8| BASE64URL_NOPAD.encode(&vec![byte; length]);
        for broken in [
            flip("x"),
            flip("y"),
            json!({"x": coordinate(0), "y": coordinate(0)}),
            json!({"x": coordinate(0xff), "y": coordinate(0xff)}),
            json!({"x": good["y"], "y": good["x"]}),
        ] {
            refused_key(&merged(&good, &broken));
        }
    }
}

#[test]
fn t34_coordinates_of_another_length() {
    let (ec, ed) = (Signing::es256().jwk, Signing::new("EdDSA").jwk);
    let bytes =
        |jwk: &Value, name: &str| BASE64URL_NOPAD.decode(jwk[name].as_str().unwrap().as_bytes()).unwrap();
    for jwk in [&ec, &ed] {
        let x = bytes(jwk, "x");
        for other in [&x[1..], &x[..31], &[&[0], x.as_slice()].concat(), &[x.as_slice(), &[0]].concat(), &[]]
        {
            refused_key(&merged(jwk, &json!({"x": BASE64URL_NOPAD.encode(other)})));
        }
        let text = jwk["x"].as_str().unwrap();
        for other in
            [format!("{text}="), format!(" {text}"), format!("{text}\n"), text.replace(|c| c != '!', "!")]
        {
            refused_key(&merged(jwk, &json!({ "x": other })));
        }
        for other in [json!(null), json!(7), json!([text]), json!({"x": text})] {
            refused_key(&merged(jwk, &json!({ "x": other })));
        }
    }
    let mut without = ec.clone();
    without.as_object_mut().unwrap().remove("y");
    refused_key(&without);
    for crv in
        [json!("P-384"), json!("P-521"), json!("secp256k1"), json!("p-256"), json!("Ed25519"), json!(null)]
    {
        refused_key(&merged(&ec, &json!({ "crv": crv })));
    }
    for crv in ["X25519", "Ed448", "X448", "P-256", "ed25519"] {
        refused_key(&merged(&ed, &json!({ "crv": crv })));
    }
}

/// T36: private and symmetric keys have no place in what a client registers.
#[test]
fn t36_private_members_and_symmetric_keys() {
    for key in ["ES256", "EdDSA"].map(Signing::new) {
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            for value in [json!("AAAA"), json!(""), json!(null), json!([])] {
                let error = refused_key(&merged(&key.jwk, &json!({ name: value })));
                assert!(error.contains("public"), "{error}");
            }
        }
    }
    let secret = BASE64URL_NOPAD.encode(SECRET.as_bytes());
    refused_key(&json!({"kty": "oct", "k": secret}));
    refused_key(&json!({"kty": "oct", "alg": "HS256", "k": secret}));
    refused_key(&json!({"kty": "oct", "alg": "HS256"}));
    for kty in [json!("ec"), json!("AKP"), json!(""), json!(null), json!(7)] {
        refused_key(&merged(&Signing::es256().jwk, &json!({ "kty": kty })));
    }
    for alg in ["HS256", "HS512", "none", "ES384", "RS256", "EdDSA", "ECDH-ES", "es256", ""] {
        refused_key(&merged(&Signing::es256().jwk, &json!({ "alg": alg })));
    }
}

#[cfg(feature = "josekit")]
#[test]
fn t36_a_private_rsa_key() {
    let pair = serde_json::to_value(rsa_pair().as_ref()).unwrap();
    let error = refused_key(&merged(&pair, &json!({"alg": "RS256"})));
    assert!(error.contains("public"), "{error}");
    for alg in ["ES256", "HS256", "RSA-OAEP", "RS1", "EdDSA"] {
        refused_key(&merged(&Signing::new("RS256").jwk, &json!({ "alg": alg })));
    }
    let named = Signing::new("RS256").jwk.to_string();
    assert!(PublicKey::from_jwk_for(&named, grantor::AssertionAlgorithm::Rs256).is_ok());
    assert!(PublicKey::from_jwk_for(&named, grantor::AssertionAlgorithm::Ps256).is_err(), "it names another");
}

#[test]
fn t35_use_key_ops_and_alg_are_honoured() {
    let good = Signing::es256().jwk;
    for more in [
        json!({"use": "enc"}),
        json!({"use": "Sig"}),
        json!({"use": ""}),
        json!({"use": null}),
        json!({"use": ["sig"]}),
        json!({"key_ops": ["sign"]}),
        json!({"key_ops": ["encrypt"]}),
        json!({"key_ops": ["deriveKey", "deriveBits"]}),
        json!({"key_ops": []}),
        json!({"key_ops": "verify"}),
        json!({"key_ops": null}),
        json!({"use": "enc", "key_ops": ["verify"]}),
        json!({"alg": null}),
        json!({"alg": 7}),
        json!({"kid": ""}),
        json!({"kid": 7}),
        json!({"kid": null}),
        json!({"kid": "k".repeat(257)}),
        json!({"x5t": "AA"}),
        json!({"x5t#S256": "AA"}),
        json!({"x5t": 7}),
        json!({"x5c": ["not base64!"]}),
        json!({"x5c": ["AAAA"], "x5t": BASE64URL_NOPAD.encode(&[1; 20])}),
        json!({"x5c": ["AAAA"], "x5t#S256": BASE64URL_NOPAD.encode(&[1; 32])}),
    ] {
        refused_key(&merged(&good, &more));
    }
    for more in [
        json!({"use": "sig"}),
        json!({"key_ops": ["verify"]}),
        json!({"ext": true, "x": good["x"]}),
        json!({"kid": "k"}),
    ] {
        assert!(PublicKey::from_jwk(&merged(&good, &more).to_string()).is_ok(), "{more}");
    }
}

#[test]
fn t25_a_jwk_with_a_member_twice() {
    let text = Signing::es256().jwk.to_string();
    for more in [r#"{"kty":"RSA","#, r#"{"alg":"HS256","#, r#"{"\u006bty":"EC","#, r#"{"z":1,"z":1,"#] {
        let twice = text.replacen('{', more, 1);
        assert!(PublicKey::from_jwk(&twice).is_err(), "{twice}");
        assert!(PublicKey::from_jwks(&format!(r#"{{"keys":[{twice}]}}"#)).is_err(), "{twice}");
    }
    let set = format!(r#"{{"keys":[{text}],"keys":[]}}"#);
    assert!(PublicKey::from_jwks(&set).is_err(), "keys twice");
}

#[test]
fn t37_key_sets() {
    let key = Signing::es256().jwk;
    let named = |n: usize| merged(&key, &json!({"kid": format!("k{n}")}));
    let set = |n: usize| json!({"keys": (0..n).map(named).collect::<Vec<_>>()}).to_string();
    assert_eq!(PublicKey::from_jwks(&set(50)).unwrap().len(), 50);
    for n in [0, 51, 5000] {
        let began = stopwatch();
        assert!(PublicKey::from_jwks(&set(n)).is_err(), "{n}");
        assert!(began.elapsed() < Duration::from_secs(3), "{n}");
    }
    for broken in [
        json!({"keys": [named(1), named(1)]}),
        json!({"keys": [named(1), merged(&Signing::new("EdDSA").jwk, &json!({"kid": "k1"}))]}),
        json!({"keys": null}),
        json!({"keys": key}),
        json!({"keys": [null]}),
        json!({"keys": [key.to_string()]}),
        json!({"keys": [[key]]}),
        json!({"Keys": [key]}),
        json!([key]),
        json!(key),
        json!({}),
    ] {
        assert!(PublicKey::from_jwks(&broken.to_string()).is_err(), "{broken}");
    }
    for text in ["", "x", "null", "{", "[]", "{}{}"] {
        assert!(PublicKey::from_jwks(text).is_err() && PublicKey::from_jwk(text).is_err(), "{text}");
    }
    let deep = format!(r#"{{"keys":[{}],"x":{}{}}}"#, key, "[".repeat(100_000), "]".repeat(100_000));
    assert!(PublicKey::from_jwks(&deep).is_err());
    let unknown = json!({"keys": [merged(&key, &json!({"future": {"a": 1}}))], "next": "x"});
    assert_eq!(PublicKey::from_jwks(&unknown.to_string()).unwrap().len(), 1, "RFC 7517 §4, §5: ignored");
}

/// A key that came into a store by another door opens nothing, and its record is kept or refused whole.
#[tokio::test]
async fn t34_a_weak_key_in_a_stored_document() {
    let key = Signing::es256();
    let client = Client::builder(client_id("demo"), AuthMethod::PRIVATE_KEY_JWT)
        .credential(key.credential())
        .scope(scope("read"))
        .build()
        .unwrap();
    let document: Value = serde_json::from_str(&client.to_document().unwrap()).unwrap();
    for jwk in [
        json!({"kty": "oct", "alg": "HS256", "k": BASE64URL_NOPAD.encode(SECRET.as_bytes())}),
        merged(&key.jwk, &json!({"use": "enc"})),
        merged(&key.jwk, &json!({"d": "AAAA"})),
        merged(&key.jwk, &json!({"y": key.jwk["x"]})),
    ] {
        let mut stored = document.clone();
        stored["credentials"][0]["kind"]["key"] = jwk.clone();
        let weak = Client::from_document(&stored.to_string()).unwrap();
        let again: Value = serde_json::from_str(&weak.to_document().unwrap()).unwrap();
        assert_eq!(again["credentials"][0]["kind"]["key"], jwk, "kept as it was");
        let world = World::new();
        world.insert(&weak).await;
        let server = world.server().await;
        for assertion in
            [Assertion::of("demo").sign(&key), Assertion::of("demo").sign(&Signing::new("HS256"))]
        {
            let reason = rejected(&world, &server, &assertion).await;
            let fits =
                [Reason::JwtKeyUnknown, Reason::JwtSignature, Reason::MethodNotRegistered].contains(&reason);
            assert!(fits, "{reason:?} {jwk}");
        }
    }
    assert!(Credential::key(key.public()).is_ok());
    let mut stored = document;
    stored["credentials"][0]["kind"]["key"] = rsa(&modulus(1024), &E);
    assert!(
        Client::from_document(&stored.to_string()).is_err(),
        "in the form of ours: the record is damaged"
    );
}
