//! Attacks on the signature of client assertions and on its algorithm, by their number in the threat record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use grantor::event::Reason;
use serde_json::{Value, json};
use support::*;

fn decoded(base64url: &Value) -> Vec<u8> {
    BASE64URL_NOPAD.decode(base64url.as_str().unwrap().as_bytes()).unwrap()
}

/// A P-256 key as SubjectPublicKeyInfo.
fn spki(jwk: &Value) -> Vec<u8> {
    let prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    [HEXLOWER.decode(prefix.as_bytes()).unwrap(), point(jwk)].concat()
}

fn point(jwk: &Value) -> Vec<u8> {
    [vec![4], decoded(&jwk["x"]), decoded(&jwk["y"])].concat()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Everything that stands in public and that somebody could take for the key of an HMAC.
fn public_forms(jwk: &Value) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = vec![Vec::new(), jwk.to_string().into_bytes()];
    forms.push(serde_json::to_string_pretty(jwk).unwrap().into_bytes());
    forms.push(json!({ "keys": [jwk] }).to_string().into_bytes());
    for name in ["x", "y", "n", "e", "kid"] {
        if let Some(text) = jwk[name].as_str() {
            forms.push(text.as_bytes().to_vec());
            forms.push(BASE64URL_NOPAD.decode(text.as_bytes()).unwrap_or_default());
        }
    }
    if jwk["crv"] == "P-256" {
        let (der, pem) = (spki(jwk), pem("PUBLIC KEY", &spki(jwk)));
        forms.push(point(jwk));
        forms.push(pem.trim_end().as_bytes().to_vec());
        forms.push(pem.replace('\n', "\r\n").into_bytes());
        forms.push(BASE64.encode(&der).into_bytes());
        forms.extend([der, pem.into_bytes()]);
    }
    forms
}

#[tokio::test]
async fn t12_hmac_keyed_with_a_public_key() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let mut keys = vec![("demo", key.jwk.clone()), ("demo", jwks(&server).await[0].clone())];
    let mut extra: Vec<Vec<u8>> = Vec::new();
    if cfg!(feature = "josekit") {
        let rsa = Signing::new("RS256");
        world.key_client("rsa", &[&rsa]).await;
        keys.push(("rsa", rsa.jwk.clone()));
        extra.extend(rsa_forms());
    }
    let (mut tried, mut refusals) = (0, Vec::new());
    for (id, jwk) in keys {
        for form in public_forms(&jwk).into_iter().chain(extra.clone()) {
            for alg in ["HS256", "HS384", "HS512"] {
                let forged = Assertion::of(id).sign(&Signing::secret(alg, &form));
                refusals.push(rejected(&world, &server, &forged).await);
                // The header names the key's own algorithm over a MAC.
                let named = jwk["alg"].as_str().unwrap();
                let forged = Assertion::of(id).header("alg", named).sign(&Signing::secret(alg, &form));
                refusals.push(rejected(&world, &server, &forged).await);
                tried += 2;
            }
        }
    }
    assert!(tried > 150, "{tried}");
    for reason in refusals {
        assert!(matches!(reason, Reason::MethodNotRegistered | Reason::JwtSignature), "{reason:?}");
    }
    assert_eq!(world.events.count(&Kind::Issued), 0);
}

#[cfg(feature = "josekit")]
fn rsa_forms() -> Vec<Vec<u8>> {
    use josekit::jwk::KeyPair;
    let pair = josekit::jwk::alg::rsa::RsaKeyPair::from_jwk(&rsa_pair()).unwrap();
    let (der, pem) = (pair.to_der_public_key(), pair.to_pem_public_key());
    vec![der, pem, pair.to_raw_public_key(), pair.to_traditional_pem_public_key()]
}

#[cfg(not(feature = "josekit"))]
fn rsa_forms() -> Vec<Vec<u8>> {
    Vec::new()
}

/// The same for a client that does hold a secret beside its key: its method decides, and not what it holds.
#[tokio::test]
async fn t12_a_client_that_holds_both_is_of_one_method() {
    let world = World::new();
    let server = world.server().await;
    let key = Signing::es256();
    let held = [key.credential(), world.sealed("demo", "s", SECRET, "HS256")];
    world.jwt_client("demo", |client| client.credentials(held)).await;
    let forged = Assertion::of("demo").sign(&Signing::new("HS256"));
    assert_eq!(rejected(&world, &server, &forged).await, Reason::MethodNotRegistered);
    for form in public_forms(&key.jwk) {
        let forged = Assertion::of("demo").sign(&Signing::secret("HS256", &form));
        assert_eq!(rejected(&world, &server, &forged).await, Reason::MethodNotRegistered);
    }
}

#[tokio::test]
async fn t13_none_in_any_spelling() {
    let world = World::new();
    let (server, key) = world.demo().await;
    world.mac_client("mac", "HS256").await;
    let world = &world;
    for id in ["demo", "mac"] {
        for alg in
            ["none", "None", "NONE", "nOnE", "noNE", "none ", " none", "none\u{0}", "", "null", "plain"]
        {
            let header = json!({ "alg": alg }).to_string();
            let unsigned =
                Signing::constant("none", Vec::new()).sign_raw(&header, Assertion::of(id).payload());
            assert!(unsigned.ends_with('.'));
            assert_eq!(rejected(world, &server, &unsigned).await, Reason::JwtAlgorithm, "{alg:?}");
            let signed = key.sign_raw(&header, Assertion::of(id).payload());
            assert_eq!(rejected(world, &server, &signed).await, Reason::JwtAlgorithm, "{alg:?}, signed");
            let two_parts = unsigned.trim_end_matches('.');
            assert_eq!(rejected(world, &server, two_parts).await, Reason::JwtMalformed, "{alg:?}");
        }
        for header in ["{}", r#"{"typ":"JWT"}"#, r#"{"ALG":"ES256"}"#] {
            let absent = key.sign_raw(header, Assertion::of(id).payload());
            assert_eq!(rejected(world, &server, &absent).await, Reason::JwtMalformed, "{header}");
        }
        for alg in [json!(null), json!(["ES256"]), json!(7), json!({}), json!(false)] {
            let wrong = Assertion::of(id).header("alg", alg.clone()).sign(&key);
            assert_eq!(rejected(world, &server, &wrong).await, Reason::JwtMalformed, "{alg}");
        }
    }
}

/// Row 110: names of algorithms are compared in exact case, and only those of the table exist.
#[tokio::test]
async fn t13_exact_names() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for alg in
        ["es256", "Es256", "ES256 ", "ES256K", "ES256\n", "RS1", "HS1", "SHA256withECDSA", "ECDSA", "dir"]
    {
        let assertion = Assertion::of("demo").header("alg", alg).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAlgorithm, "{alg}");
    }
}

/// Row 109: the header's algorithm is the key's, one for each key.
#[tokio::test]
async fn t14_the_header_names_another_algorithm_than_the_key() {
    let world = World::new();
    let server = world.server().await;
    let mut families: Vec<&[&'static str]> = vec![&["ES256", "ES384", "EdDSA"]];
    if cfg!(feature = "josekit") {
        families.push(&["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES512"]);
    }
    for family in families {
        let keys: Vec<Signing> = family.iter().map(|alg| Signing::new(alg)).collect();
        for key in &keys {
            world.key_client(key.alg, &[key]).await;
        }
        for (own, other) in keys.iter().flat_map(|own| keys.iter().map(move |other| (own, other))) {
            if own.alg == other.alg {
                continue;
            }
            let lying = Assertion::of(own.alg).header("alg", own.alg).sign(other);
            assert_eq!(
                rejected(&world, &server, &lying).await,
                Reason::JwtSignature,
                "{} {}",
                own.alg,
                other.alg
            );
            let lying = Assertion::of(own.alg).header("alg", other.alg).sign(own);
            assert_eq!(
                rejected(&world, &server, &lying).await,
                Reason::JwtKeyUnknown,
                "{} {}",
                own.alg,
                other.alg
            );
            let honest = Assertion::of(own.alg).sign(other);
            assert_eq!(
                rejected(&world, &server, &honest).await,
                Reason::JwtKeyUnknown,
                "{} {}",
                own.alg,
                other.alg
            );
        }
    }
    for (own, other) in [("HS256", "HS512"), ("HS512", "HS256"), ("HS384", "HS256")] {
        world.mac_client(own, own).await;
        let assertion = Assertion::of(own).sign(&Signing::new(other));
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtKeyUnknown, "{own} {other}");
        let lying = Assertion::of(own).header("alg", own).sign(&Signing::new(other));
        assert_eq!(rejected(&world, &server, &lying).await, Reason::JwtSignature, "{own} {other}");
    }
}

#[tokio::test]
async fn t20_psychic_signatures() {
    let world = World::new();
    let server = world.server().await;
    let order = |hex: &str| HEXLOWER.decode(hex.as_bytes()).unwrap();
    let p256 = order("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let p384 = order(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    );
    let mut curves = vec![("ES256", p256), ("ES384", p384)];
    if cfg!(feature = "josekit") {
        let p521 = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d0\
                    3bb5c9b8899c47aebb6fb71e91386409";
        curves.push(("ES512", order(p521)));
    }
    for (alg, n) in curves {
        let key = Signing::new(alg);
        world.key_client(alg, &[&key]).await;
        let length = n.len();
        let mut one = vec![0; length];
        one[length - 1] = 1;
        let (zero, ones) = (vec![0; length], vec![0xff; length]);
        for r in [&zero, &one, &n, &ones] {
            for s in [&zero, &one, &n, &ones] {
                let forged = Assertion::of(alg).sign(&Signing::constant(alg, [r.as_slice(), s].concat()));
                assert_eq!(rejected(&world, &server, &forged).await, Reason::JwtSignature, "{alg}");
            }
        }
    }
    let ed = Signing::new("EdDSA");
    world.key_client("ed", &[&ed]).await;
    for signature in [vec![0; 64], vec![0xff; 64], [vec![1], vec![0; 63]].concat()] {
        let forged = Assertion::of("ed").sign(&Signing::constant("EdDSA", signature));
        assert_eq!(rejected(&world, &server, &forged).await, Reason::JwtSignature);
    }
}

/// Under a point of small order one signature fits every message: anybody's.
#[tokio::test]
async fn t20_t34_ed25519_keys_of_small_order() {
    let ends = |first: u8, middle: u8, last: u8| [vec![first], vec![middle; 30], vec![last]].concat();
    let order_8 = [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    let mut points: Vec<Vec<u8>> = order_8.map(|hex| HEXLOWER.decode(hex.as_bytes()).unwrap()).to_vec();
    points.extend([
        ends(0, 0, 0),
        ends(1, 0, 0),
        ends(0xec, 0xff, 0x7f),
        ends(0xed, 0xff, 0x7f),
        ends(0xee, 0xff, 0x7f),
    ]);
    for mut point in points {
        for _ in 0..2 {
            let x = BASE64URL_NOPAD.encode(&point);
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
            let error = grantor::PublicKey::from_jwk(&jwk.to_string()).unwrap_err();
            assert!(error.to_string().contains("Ed25519"), "{error} {x}");
            // The other sign of x.
            point[31] ^= 0x80;
        }
    }
}

/// Row 128: r and s raw, of the exact length.
#[tokio::test]
async fn t21_der_and_wrong_lengths() {
    let world = World::new();
    let server = world.server().await;
    let mut algs = vec!["ES256", "ES384", "EdDSA", "HS256"];
    if cfg!(feature = "josekit") {
        algs.extend(["ES512", "RS256", "PS256"]);
    }
    for alg in algs {
        let key = Signing::new(alg);
        match alg {
            "HS256" => world.mac_client(alg, alg).await,
            _ => world.key_client(alg, &[&key]).await,
        }
        let good = Assertion::of(alg).sign(&key);
        let (message, _) = good.rsplit_once('.').unwrap();
        let raw = key.sign_bytes(message.as_bytes());
        let (r, s) = raw.split_at(raw.len() / 2);
        for (name, signature) in [
            ("DER", der(r, s)),
            ("one byte less", raw[..raw.len() - 1].to_vec()),
            ("one byte more", [raw.as_slice(), &[0]].concat()),
            ("a zero in front", [&[0], raw.as_slice()].concat()),
            ("both padded", [&[0], r, &[0], s].concat()),
            ("cut to half", r.to_vec()),
            ("swapped", [s, r].concat()),
            ("twice", [raw.as_slice(), &raw].concat()),
            ("empty", Vec::new()),
            ("long", vec![1; 4096]),
        ] {
            let forged = format!("{message}.{}", BASE64URL_NOPAD.encode(&signature));
            assert_eq!(rejected(&world, &server, &forged).await, Reason::JwtSignature, "{alg} {name}");
        }
        accepted(&server, &good, alg).await;
    }
}

fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
        let mut value = bytes[start..].to_vec();
        if value[0] > 0x7f {
            value.insert(0, 0);
        }
        let length = u8::try_from(value.len()).unwrap_or(0x7f);
        [vec![2, length], value].concat()
    };
    let inner = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(inner.len()).unwrap_or(0x7f)], inner].concat()
}
