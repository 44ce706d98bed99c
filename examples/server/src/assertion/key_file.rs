//! A private key as it stands in a file: PKCS#8 in PEM (RFC 5958, RFC 7468 §10), or a JWK (RFC 7517).

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RsaKeyPair,
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::signing_key::{Kind, SigningKey, system_random};
use crate::config::Mistake;

const KINDS: &str = "use a key on P-256, P-384 or Ed25519, or of RSA with 2048 to 4096 bits, whole (its public half \
                     in it), such as `grantor-server clients create --auth private_key_jwt` makes";

/// `place` is the flag and the file.
pub(super) fn parse(place: &str, text: &str) -> Result<SigningKey, Mistake> {
    if text.trim_start().starts_with('{') {
        return jwk(place, text);
    }
    let mut labels = text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN "));
    let label = labels.by_ref().map(|rest| rest.trim_end_matches('-'));
    match label.last() {
        Some("PRIVATE KEY") => pkcs8(place, text),
        Some(label @ ("EC PRIVATE KEY" | "RSA PRIVATE KEY")) => Err(Mistake::new(
            place,
            format!("`{label}` is not PKCS#8"),
            "convert it: openssl pkcs8 -topk8 -nocrypt -in FILE -out NEW",
        )),
        Some("ENCRYPTED PRIVATE KEY") => Err(Mistake::new(
            place,
            "the key is encrypted, and nobody can be asked for its password",
            "decrypt it for its use: openssl pkcs8 -in FILE -out NEW",
        )),
        Some(label) if label.contains("PUBLIC") || label.contains("CERTIFICATE") => {
            let remedy = "name the file of the private key, which begins with -----BEGIN PRIVATE KEY-----";
            Err(Mistake::new(place, format!("`{label}` is public, and signs nothing"), remedy))
        }
        Some(_) | None => Err(Mistake::new(
            place,
            "no private key",
            "name a file with a key in PKCS#8 PEM, which begins with -----BEGIN PRIVATE KEY-----, or a private JWK",
        )),
    }
}

fn pkcs8(place: &str, text: &str) -> Result<SigningKey, Mistake> {
    let body = text.split("-----BEGIN PRIVATE KEY-----").nth(1);
    let body = body.and_then(|rest| rest.split("-----END PRIVATE KEY-----").next()).unwrap_or_default();
    let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    let der = BASE64.decode(body.as_bytes()).map(Zeroizing::new).map_err(|_| {
        Mistake::new(place, "between its marks there is no base64", "take the file from its source again")
    })?;
    let random = system_random();
    let kind = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random)
        .map(Kind::P256)
        .or_else(|_| {
            EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &der, &random).map(Kind::P384)
        })
        .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Kind::Ed25519))
        .or_else(|_| RsaKeyPair::from_pkcs8(&der).map(Kind::Rsa));
    kind.map(SigningKey::from).map_err(|_| Mistake::new(place, "no key that can sign here", KINDS))
}

fn jwk(place: &str, text: &str) -> Result<SigningKey, Mistake> {
    // Without the parser's words: they may show a part of the key.
    let members: Map<String, Value> = serde_json::from_str(text)
        .map_err(|_| Mistake::new(place, "no JSON", "write one private JWK, or PKCS#8 PEM"))?;
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if members.contains_key("keys") {
        let remedy = "take the one JWK out that shall sign";
        return Err(Mistake::new(place, "a set of keys", remedy));
    }
    if text("d").is_none() {
        let remedy =
            "name the file of the private key, which has a member `d`; a secret goes by --secret-file";
        return Err(Mistake::new(place, "a JWK without its private half", remedy));
    }
    let kind = kind(&members).ok_or_else(|| Mistake::new(place, "no key that can sign here", KINDS))?;
    let owned = |name| text(name).map(str::to_owned);
    Ok(SigningKey::from(kind).named(owned("kid"), owned("alg")))
}

fn kind(jwk: &Map<String, Value>) -> Option<Kind> {
    let text = |name: &str| jwk.get(name)?.as_str();
    let bytes = |name: &str| BASE64URL_NOPAD.decode(text(name)?.as_bytes()).ok().map(Zeroizing::new);
    match (text("kty")?, text("crv")) {
        ("EC", Some(curve)) => {
            let scheme = match curve {
                "P-256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
                "P-384" => &ECDSA_P384_SHA384_FIXED_SIGNING,
                _ => return None,
            };
            let point = [&[4], bytes("x")?.as_slice(), bytes("y")?.as_slice()].concat();
            let private = bytes("d")?;
            let pair =
                EcdsaKeyPair::from_private_key_and_public_key(scheme, &private, &point, &system_random())
                    .ok()?;
            Some(if curve == "P-256" { Kind::P256(pair) } else { Kind::P384(pair) })
        }
        ("OKP", Some("Ed25519")) => {
            let (seed, public) = (bytes("d")?, bytes("x")?);
            Ed25519KeyPair::from_seed_and_public_key(&seed, &public).ok().map(Kind::Ed25519)
        }
        ("RSA", _) => {
            let parts = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(bytes);
            let [Some(n), Some(e), Some(d), Some(p), Some(q), Some(dp), Some(dq), Some(qi)] = &parts else {
                return None;
            };
            let public_key = PublicKeyComponents { n: n.as_slice(), e: e.as_slice() };
            let components = KeyPairComponents {
                public_key,
                d: d.as_slice(),
                p: p.as_slice(),
                q: q.as_slice(),
                dP: dp.as_slice(),
                dQ: dq.as_slice(),
                qInv: qi.as_slice(),
            };
            RsaKeyPair::from_components(&components).ok().map(Kind::Rsa)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64_MIME;
    use grantor::AssertionAlgorithm as Alg;
    use ring::signature::{self, KeyPair, UnparsedPublicKey, VerificationAlgorithm};

    fn pem(der: &[u8]) -> String {
        let body = BASE64_MIME.encode(der);
        format!(
            "Bag Attributes: what some tools write before\n-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
        )
    }

    fn signs(text: &str, algorithm: Alg, scheme: &'static dyn VerificationAlgorithm, public: &[u8]) {
        let key = parse("--key", text).unwrap_or_else(|mistake| panic!("{mistake}"));
        assert_eq!(key.algorithms().first(), Some(&algorithm));
        let made = key.sign(algorithm, b"message").expect("signature");
        UnparsedPublicKey::new(scheme, public).verify(b"message", &made).expect("verifies");
    }

    #[test]
    fn rfc5958_s2_a_key_of_each_kind_is_found_by_what_it_is() {
        let random = system_random();
        let scheme = &ECDSA_P384_SHA384_FIXED_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(scheme, &random).expect("key");
        let pair = EcdsaKeyPair::from_pkcs8(scheme, der.as_ref(), &random).expect("pair");
        let verify = &signature::ECDSA_P384_SHA384_FIXED;
        signs(&pem(der.as_ref()), Alg::Es384, verify, pair.public_key().as_ref());
        // Version 2, as ring makes it, and version 1, as OpenSSL does: RFC 8410 §10.3.
        let der = Ed25519KeyPair::generate_pkcs8(&random).expect("key");
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("pair");
        signs(&pem(der.as_ref()), Alg::EdDsa, &signature::ED25519, pair.public_key().as_ref());
        let text = "-----BEGIN PRIVATE KEY-----\r\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\r\n\
                    -----END PRIVATE KEY-----\r\n";
        let public = BASE64.decode(b"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").expect("base64");
        signs(text, Alg::EdDsa, &signature::ED25519, &public);
    }

    #[test]
    fn rfc7515_a3_a_jwk_on_p_256_signs() {
        let (x, y) =
            ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"{d}","kid":"1"}}"#);
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url");
        let point = [vec![4], decode(x), decode(y)].concat();
        signs(&jwk, Alg::Es256, &signature::ECDSA_P256_SHA256_FIXED, &point);
        assert_eq!(
            parse("--key", &jwk).ok().and_then(|key| key.kid().map(str::to_owned)).as_deref(),
            Some("1")
        );
        // A public half of another key.
        assert!(parse("--key", &jwk.replace(y, x)).is_err());
    }
}
