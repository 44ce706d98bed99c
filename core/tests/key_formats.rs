//! Keys as others write them: SubjectPublicKeyInfo, PKCS#8, the older forms, private JWKs (RFC 5280, 5915, 5958, 7517, 8017,
//! 8410). What is weak, broken or no private key at all is refused by name.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use data_encoding::{BASE64, BASE64URL_NOPAD};
use grantor::AssertionAlgorithm as Verifies;
use grantor::{ImportedKey, PublicKey, SigningAlgorithm};
use serde_json::{Value, json};

/// A key that OpenSSL made.
fn pem(name: &str) -> String {
    let keys: Value = serde_json::from_str(include_str!("vectors/own/keys.json")).unwrap();
    keys[name].as_str().unwrap_or_else(|| panic!("no key {name}")).to_owned()
}

fn der(name: &str) -> Vec<u8> {
    let pem = pem(name);
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    BASE64.decode(lines.collect::<String>().as_bytes()).unwrap()
}

fn private_pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der))
}

/// Why it was not imported.
fn refused(key: Result<ImportedKey, grantor::InvalidValue>, what: &str) -> String {
    key.map(|key| format!("{key:?}")).expect_err(what).to_string()
}

fn thumbprint(name: &str, algorithm: Verifies) -> String {
    PublicKey::from_spki_pem(&pem(name), algorithm).unwrap().thumbprint()
}

#[test]
fn rfc5280_s4_1_2_7_public_keys_as_openssl_writes_them() {
    let table = [
        ("p256.pub", Verifies::Es256, "EC", "P-256"),
        ("p384.pub", Verifies::Es384, "EC", "P-384"),
        ("ed25519.pub", Verifies::EdDsa, "OKP", "Ed25519"),
        ("rsa2048.pub", Verifies::Rs256, "RSA", ""),
        ("rsa2048.pub", Verifies::Ps512, "RSA", ""),
        #[cfg(feature = "josekit")]
        ("p521.pub", Verifies::Es512, "EC", "P-521"),
    ];
    for (name, algorithm, kty, crv) in table {
        let key = PublicKey::from_spki_der(&der(name), algorithm).unwrap();
        assert_eq!((key.algorithm(), key.kid()), (algorithm, None), "{name}");
        assert_eq!(key.to_spki_pem(), pem(name), "and back, byte for byte");
        let jwk: Value = serde_json::from_str(&key.to_jwk()).unwrap();
        assert_eq!((jwk["kty"].as_str(), jwk["crv"].as_str().unwrap_or_default()), (Some(kty), crv));
        assert_eq!(jwk["alg"], algorithm.as_str());
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).unwrap(), key, "{name}");
    }
    assert_eq!(
        PublicKey::from_spki_pem(&pem("p256.pub"), SigningAlgorithm::Es256.into())
            .unwrap()
            .algorithm()
            .as_str(),
        "ES256"
    );
}

#[test]
fn rfc5280_s4_1_2_7_other_keys_and_broken_ones_are_refused() {
    for (name, algorithm, why) in [
        ("p256.pub", Verifies::Es384, "alg"),
        ("p256.pub", Verifies::Hs256, "alg"),
        ("rsa2048.pub", Verifies::Es256, "alg"),
        ("k256.pub", Verifies::Es256, "P-256"),
        ("pss.pub", Verifies::Ps256, "RSA"),
        ("p256-compressed.pub", Verifies::Es256, "uncompressed"),
        ("rsa2040.pub", Verifies::Rs256, "2048"),
        ("p256", Verifies::Es256, "SubjectPublicKeyInfo"),
        ("certificate", Verifies::Es256, "SubjectPublicKeyInfo"),
    ] {
        let error = PublicKey::from_spki_der(&der(name), algorithm).expect_err(name).to_string();
        assert!(error.contains(why), "{name}: {error}");
    }
    for name in ["p256", "certificate", "rsa2048-pkcs1.pub"] {
        assert!(PublicKey::from_spki_pem(&pem(name), Verifies::Es256).is_err(), "{name}");
    }
    let mut off_curve = der("p256.pub");
    *off_curve.last_mut().unwrap() ^= 1;
    let error = PublicKey::from_spki_der(&off_curve, Verifies::Es256).unwrap_err().to_string();
    assert!(error.contains("on its curve"), "{error}");
}

/// One that is cut, longer, or of another length in any byte of its frame is no key, and none of them is a panic.
#[test]
fn rfc5280_s4_1_2_7_there_is_one_encoding() {
    for (name, algorithm) in [("p256.pub", Verifies::Es256), ("rsa2048.pub", Verifies::Rs256)] {
        let good = der(name);
        for length in 0..good.len() {
            assert!(PublicKey::from_spki_der(&good[..length], algorithm).is_err(), "{name} cut at {length}");
        }
        assert!(PublicKey::from_spki_der(&[&good[..], &[0]].concat(), algorithm).is_err());
        let mut longer_inside = [&good[..], &[5, 0]].concat();
        longer_inside[if good[1] < 0x80 { 1 } else { 3 }] += 2;
        assert!(PublicKey::from_spki_der(&longer_inside, algorithm).is_err(), "a third part");
        for at in 0..26 {
            for bit in 0..8 {
                let mut changed = good.clone();
                changed[at] ^= 1 << bit;
                assert!(PublicKey::from_spki_der(&changed, algorithm).is_err(), "{name}: {at} {bit}");
            }
        }
    }
    assert!(
        PublicKey::from_spki_der(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], Verifies::Rs256).is_err(),
        "an attacker's length"
    );
}

/// What every private key of OpenSSL's becomes: its algorithm, and the thumbprint of the public key that OpenSSL tells.
#[test]
fn rfc5958_s2_private_keys_as_openssl_writes_them() {
    use SigningAlgorithm::{EdDsa, Es256, Es384};
    let table = [
        ("p256", Es256, "p256.pub"),
        ("p256-sec1", Es256, "p256.pub"),
        ("p256-ecparam", Es256, "p256.pub"),
        ("p384", Es384, "p384.pub"),
        ("p384-sec1", Es384, "p384.pub"),
        ("ed25519", EdDsa, "ed25519.pub"),
        ("rfc8410-s10.3", EdDsa, "rfc8410-s10.1.pub"),
    ];
    for (name, algorithm, public) in table {
        let key = ImportedKey::from_pem(&pem(name), None).expect(name);
        assert_eq!(key.algorithm(), algorithm, "{name}");
        assert_eq!(key.kid(), thumbprint(public, algorithm.into()), "{name}");
        let same = ImportedKey::from_pem(&pem(name), Some(algorithm)).expect(name);
        assert_eq!(same.kid(), key.kid());
    }
}

#[cfg(feature = "josekit")]
#[test]
fn rfc8017_a_1_2_rsa_keys_sign_with_rs256_unless_they_say_otherwise() {
    use SigningAlgorithm::{Ps256, Rs256};
    let table = [
        ("rsa2048", None, Rs256),
        ("rsa2048", Some(Rs256), Rs256),
        ("rsa2048", Some(Ps256), Ps256),
        ("rsa2048-pkcs1", None, Rs256),
        ("rsa2048-pkcs1", Some(Ps256), Ps256),
        ("rsa3072", None, Rs256),
        ("pss", None, Ps256),
        ("pss", Some(Ps256), Ps256),
        ("pss-sha256", None, Ps256),
    ];
    for (name, wanted, algorithm) in table {
        let key = ImportedKey::from_pem(&pem(name), wanted).expect(name);
        assert_eq!(key.algorithm(), algorithm, "{name}");
        if name.starts_with("rsa2048") {
            assert_eq!(key.kid(), thumbprint("rsa2048.pub", algorithm.into()), "{name}");
        }
    }
    for (name, why) in [("pss", "alg"), ("pss-sha256", "alg"), ("pss-sha512", "SHA-256")] {
        let why_not = refused(ImportedKey::from_pem(&pem(name), Some(Rs256)), name);
        assert!(why_not.contains(why), "{name}: {why_not}");
    }
}

/// Java leaves it out.
#[cfg(feature = "josekit")]
#[test]
fn rfc5915_s3_a_key_without_its_point_is_completed() {
    for (name, public, algorithm, order) in [
        (
            "p256-no-public",
            "p256.pub",
            Verifies::Es256,
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        ),
        (
            "p384-no-public",
            "p384.pub",
            Verifies::Es384,
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        ),
    ] {
        let key = ImportedKey::from_pem(&pem(name), None).expect(name);
        assert_eq!(key.kid(), thumbprint(public, algorithm), "{name}");
        let order = data_encoding::HEXLOWER.decode(order.as_bytes()).unwrap();
        let zero = vec![0; order.len()];
        let mut last = order.clone();
        *last.last_mut().unwrap() -= 1;
        for (number, is_one) in [(zero, false), (order, false), (last, true)] {
            let mut changed = der(name);
            let at = changed.len() - number.len();
            changed[at..].copy_from_slice(&number);
            let key = ImportedKey::from_pem(&private_pem(&changed), None);
            assert_eq!(key.is_ok(), is_one, "{name}: {number:?}");
        }
    }
}

/// RFC 5915 §3 has the private number at full length; not everybody writes the zeros.
#[cfg(feature = "josekit")]
#[test]
fn rfc5915_s3_zeros_in_front_may_be_missing() {
    let mut full = der("p256-no-public");
    let at = full.len() - 32;
    full[at..].fill(0);
    *full.last_mut().unwrap() = 5;
    let mut short = full[..at].to_vec();
    short.push(5);
    // The lengths of the number and of all that it is in.
    for length in [at - 1, at - 6, at - 8, 1] {
        short[length] -= 31;
    }
    let [full, short] = [full, short].map(|der| ImportedKey::from_pem(&private_pem(&der), None).unwrap());
    assert_eq!(full.kid(), short.kid());
}

#[cfg(not(feature = "josekit"))]
#[test]
fn without_josekit_what_it_is_needed_for_is_told() {
    let why = refused(ImportedKey::from_pem(&pem("rsa2048"), None), "RSA");
    assert!(why.contains("josekit"), "{why}");
    let why = refused(ImportedKey::from_pem(&pem("p256-no-public"), None), "a point to compute");
    assert!(why.contains("openssl pkey"), "{why}");
}

#[test]
fn rfc8725_s3_5_what_is_weak_or_no_private_key_is_refused_by_name() {
    let table = [
        ("rsa2040", "2048 to 4096"),
        ("rsa4104", "2048 to 4096"),
        ("rsa-e3", "65537"),
        ("rsa-3primes", "well-formed"),
        ("p521", "P-256 or P-384"),
        ("k256", "P-256 or P-384"),
        ("p256-explicit", "P-256 or P-384"),
        ("p256-compressed", "uncompressed"),
        ("ed448", "Ed25519"),
        ("x25519", "Ed25519"),
        ("p256-encrypted", "not encrypted"),
        ("p256-encrypted-sec1", "not encrypted"),
        ("p256.pub", "private half"),
        ("rsa2048-pkcs1.pub", "private half"),
        ("certificate", "private half"),
        ("openssh", "PEM of one"),
    ];
    for (name, why) in table {
        let why_not = refused(ImportedKey::from_pem(&pem(name), None), name);
        assert!(why_not.contains(why), "{name}: {why_not}");
    }
    let two = pem("p256") + &pem("p384");
    for text in
        ["", "-----BEGIN PRIVATE KEY-----", &two, &pem("p256").replace('M', "\u{e9}"), &"x".repeat(1 << 17)]
    {
        assert!(refused(ImportedKey::from_pem(text, None), "no PEM of one key").contains("PEM of one"));
    }
    let beside = format!("our key\n{}and what came of it\n", pem("p256"));
    assert!(ImportedKey::from_pem(&beside, None).is_ok(), "RFC 7468 §2: text around it means nothing");
    for wanted in [SigningAlgorithm::Es384, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
        assert!(refused(ImportedKey::from_pem(&pem("p256"), Some(wanted)), "another kind").contains("alg"));
    }
}

#[test]
fn rfc8725_s3_4_a_public_half_that_does_not_fit_is_refused() {
    // The point is what ends it; of an RSA key n is followed by e and d.
    let mut off_curve = der("p256");
    *off_curve.last_mut().unwrap() ^= 1;
    let why = refused(ImportedKey::from_pem(&private_pem(&off_curve), None), "off the curve");
    assert!(why.contains("on its curve"), "{why}");

    let mut of_another = der("p256");
    let at = of_another.len() - 65 - 5 - 32;
    of_another[at + 31] ^= 1;
    let why = refused(ImportedKey::from_pem(&private_pem(&of_another), None), "another private number");
    assert!(why.contains("public half"), "{why}");

    let mut of_another = der("rfc8410-s10.3");
    *of_another.last_mut().unwrap() ^= 1;
    let why = refused(ImportedKey::from_pem(&private_pem(&of_another), None), "another point");
    assert!(why.contains("public half"), "{why}");

    #[cfg(feature = "josekit")]
    {
        let (mut one, other) = (rsa_jwk(), rsa_jwk_of("3_4"));
        one["n"] = other["n"].clone();
        let why = refused(ImportedKey::from_jwk(&one.to_string()), "another modulus");
        assert!(why.contains("public half"), "{why}");
    }
}

fn rsa_jwk_of(part: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/cookbook/jwk");
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(part)).unwrap();
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The key of RFC 7515 §A.2.
#[cfg(feature = "josekit")]
fn rsa_jwk() -> Value {
    let vectors: Value = serde_json::from_str(include_str!("vectors/rfc/jws-and-thumbprints.json")).unwrap();
    let found = find(&vectors, &|value| value["kty"] == "RSA" && value.get("qi").is_some());
    found.expect("a private RSA key").clone()
}

#[cfg(feature = "josekit")]
fn find<'a>(value: &'a Value, wanted: &dyn Fn(&Value) -> bool) -> Option<&'a Value> {
    match value {
        found if wanted(found) => Some(found),
        Value::Array(values) => values.iter().find_map(|value| find(value, wanted)),
        Value::Object(members) => members.values().find_map(|value| find(value, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// RFC 8037 §A.1.
fn ed25519_jwk() -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

/// RFC 7517 §A.2.
fn ec_jwk() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "use": "enc", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    })
}

fn with(jwk: &Value, name: &str, value: Value) -> String {
    let mut jwk = jwk.clone();
    jwk[name] = value;
    jwk.to_string()
}

#[test]
fn rfc7517_s4_private_jwks() {
    let key = ImportedKey::from_jwk(&ed25519_jwk().to_string()).unwrap();
    assert_eq!(key.algorithm(), SigningAlgorithm::EdDsa);
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "RFC 8037 §A.3");
    for alg in ["EdDSA", "Ed25519"] {
        assert!(ImportedKey::from_jwk(&with(&ed25519_jwk(), "alg", alg.into())).is_ok(), "{alg}");
    }
    let sig = with(&ec_jwk(), "use", "sig".into());
    let key = ImportedKey::from_jwk(&sig).unwrap();
    assert_eq!(key.algorithm(), SigningAlgorithm::Es256);
    assert_eq!(key.kid(), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
}

#[cfg(feature = "josekit")]
#[test]
fn rfc7518_s6_3_2_private_jwks_of_rsa() {
    let jwk = rsa_jwk_of("3_4");
    let key = ImportedKey::from_jwk(&jwk.to_string()).unwrap();
    assert_eq!(key.algorithm(), SigningAlgorithm::Rs256);
    let ps256 = ImportedKey::from_jwk(&with(&jwk, "alg", "PS256".into())).unwrap();
    assert_eq!((ps256.algorithm(), ps256.kid()), (SigningAlgorithm::Ps256, key.kid()));
    for (name, value, why) in [
        ("alg", json!("RS512"), "alg"),
        ("oth", json!([]), "oth"),
        ("e", json!("Aw"), "65537"),
        ("p", json!(1), "right type"),
    ] {
        let why_not = refused(ImportedKey::from_jwk(&with(&jwk, name, value)), name);
        assert!(why_not.contains(why), "{name}: {why_not}");
    }
    for prime in ["p", "q", "dp", "dq", "qi"] {
        let mut without = jwk.clone();
        without.as_object_mut().unwrap().remove(prime);
        let why = refused(ImportedKey::from_jwk(&without.to_string()), prime);
        assert!(why.contains("primes"), "{prime}: {why}");
    }
}

#[test]
fn t35_t36_private_jwks_that_are_none_or_for_something_else_are_refused() {
    let (jwk, sig) = (ed25519_jwk(), with(&ec_jwk(), "use", "sig".into()));
    let sig: Value = serde_json::from_str(&sig).unwrap();
    let mut public = sig.clone();
    public.as_object_mut().unwrap().remove("d");
    let p521 = rsa_jwk_of("3_2");
    let table = [
        (ec_jwk().to_string(), "for signatures"),
        (with(&sig, "key_ops", json!(["verify"])), "for signatures"),
        (with(&sig, "key_ops", json!("sign")), "for signatures"),
        (with(&sig, "alg", "ES384".into()), "alg"),
        (with(&sig, "alg", "none".into()), "alg"),
        (with(&sig, "alg", 1.into()), "alg"),
        (with(&sig, "y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyA".into()), "on its curve"),
        (with(&sig, "d", "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAI".into()), "public half"),
        (with(&sig, "d", "AA".into()), "right type and length"),
        (with(&sig, "d", 1.into()), "right type and length"),
        (with(&jwk, "x", BASE64URL_NOPAD.encode(&[9; 32]).into()), "public half"),
        (with(&jwk, "crv", "X25519".into()), "crv"),
        (p521.to_string(), "crv"),
        (public.to_string(), "`d`"),
        (json!({"kty": "oct", "k": "c2VjcmV0"}).to_string(), "symmetric"),
        (json!({"kty": "oct", "k": "c2VjcmV0", "d": "AA"}).to_string(), "symmetric"),
        (json!({"kty": "AKP", "d": "AA"}).to_string(), "kty"),
        (jwk.to_string().replacen('{', "{\"kty\":\"OKP\",", 1), "no member twice"),
        (json!({"keys": [jwk]}).to_string(), "`d`"),
        (String::new(), "JSON object"),
    ];
    for (text, why) in table {
        let why_not = refused(ImportedKey::from_jwk(&text), why);
        assert!(why_not.contains(why), "{why}: {why_not}");
    }
}

#[test]
fn t95_an_imported_key_cannot_be_printed() {
    let key = ImportedKey::from_jwk(&ed25519_jwk().to_string()).unwrap();
    let seed = BASE64URL_NOPAD.decode(ed25519_jwk()["d"].as_str().unwrap().as_bytes()).unwrap();
    for printed in [format!("{key:?}"), format!("{key:#?}")] {
        assert!(printed.contains(&key.kid()) && printed.contains("EdDsa"), "{printed}");
        assert!(
            !printed.contains("nWGxne") && !printed.contains(&format!("{}, {}", seed[0], seed[1])),
            "{printed}"
        );
    }
}
