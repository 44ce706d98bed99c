//! What a registered public key has to be (RFC 7517 §4, RFC 7518 §6, RFC 8725 §3.4 and §3.5).

use data_encoding::{BASE64, BASE64URL_NOPAD};

use super::json::{Json, Members};
use super::jwk::PublicMembers;
use super::{AssertionAlgorithm, Thumbprints};
use crate::types::{InvalidValue, is_line};

pub(super) const MALFORMED: InvalidValue =
    InvalidValue::new("a JWK", "well-formed, its members of the right type and length");

/// Whether a key shows what nobody but its owner may see.
pub(super) fn shows_private(jwk: &Members<'_>) -> bool {
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    jwk.names().any(|name| PRIVATE.contains(&name))
}

/// The public half of a key, its sizes and exponent checked.
pub(super) fn public_members(jwk: &Members<'_>) -> Result<PublicMembers, InvalidValue> {
    if shows_private(jwk) {
        return Err(InvalidValue::new(
            "a JWK",
            "public: without `d`, `p`, `q`, `dp`, `dq`, `qi`, `oth`, `k`",
        ));
    }
    for_signatures(jwk)?;
    let text = |name| jwk.text(name).ok().flatten().ok_or(MALFORMED);
    match text("kty")? {
        "EC" => {
            let (crv, length) = match text("crv")? {
                "P-256" => ("P-256", 32),
                "P-384" => ("P-384", 48),
                "P-521" if cfg!(feature = "josekit") => ("P-521", 66),
                _ => {
                    return Err(InvalidValue::new(
                        "crv",
                        "P-256, P-384 or, with the feature `josekit`, P-521",
                    ));
                }
            };
            Ok(PublicMembers::Ec {
                crv,
                x: of_length(text("x")?, length)?,
                y: of_length(text("y")?, length)?,
            })
        }
        "OKP" if text("crv")? == "Ed25519" => {
            Ok(PublicMembers::Okp { crv: "Ed25519", x: ed25519(text("x")?)? })
        }
        "OKP" => Err(InvalidValue::new("crv", "Ed25519, in a key of kty OKP")),
        "RSA" => rsa(text("n")?, text("e")?),
        _ => Err(InvalidValue::new("kty", "EC, OKP or RSA; symmetric keys are no public keys")),
    }
}

/// `use` and `key_ops`, where they are there, must allow verification (T35). In a SPIFFE bundle `use` is `jwt-svid` for that,
/// and `x509-svid` for keys of certificates, which sign no token (SPIFFE Trust Domain and Bundle §4.2.2).
fn for_signatures(jwk: &Members<'_>) -> Result<(), InvalidValue> {
    let wrong = InvalidValue::new("a JWK", "for signatures: `use` sig or jwt-svid, `key_ops` with verify");
    let use_ok = matches!(jwk.text("use"), Ok(None | Some("sig" | "jwt-svid")));
    let ops_ok = match jwk.get("key_ops") {
        None => true,
        Some(Json::Array(operations)) => operations.contains(&Json::Text("verify".into())),
        Some(_) => false,
    };
    if use_ok && ops_ok { Ok(()) } else { Err(wrong) }
}

fn of_length(text: &str, length: usize) -> Result<String, InvalidValue> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| MALFORMED)?;
    if bytes.len() == length { Ok(text.to_owned()) } else { Err(MALFORMED) }
}

/// A point whose order is not small: under one of those, one signature fits every message (RFC 8725 §3.4).
fn ed25519(x: &str) -> Result<String, InvalidValue> {
    /// How the points of order 8 begin, in 30 bytes. The others have a y of 0, 1 or -1, each also written with the
    /// prime 2^255 - 19 added.
    const ORDER_8: [&str; 2] =
        ["JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5Ks"];
    let text = of_length(x, 32)?;
    let is_small = match BASE64URL_NOPAD.decode(x.as_bytes()).map_err(|_| MALFORMED)?.as_slice() {
        // The highest bit of the last byte is the sign of x.
        [0 | 1, middle @ .., 0 | 0x80] => middle.iter().all(|byte| *byte == 0),
        [0xec..=0xee, middle @ .., 0x7f | 0xff] => middle.iter().all(|byte| *byte == 0xff),
        [..] => ORDER_8.iter().any(|known| text.starts_with(known)),
    };
    if is_small {
        Err(InvalidValue::new("an Ed25519 key", "a point whose order is not small"))
    } else {
        Ok(text)
    }
}

/// 2048 to 4096 bits, odd; e odd, from 65537 to 2^33 (dependencies: huge ones make each check slow).
fn rsa(n: &str, e: &str) -> Result<PublicMembers, InvalidValue> {
    let weak = InvalidValue::new("an RSA key", "of 2048 to 4096 bits, n odd, e odd and from 65537 to 2^33");
    let minimal = |text: &str| {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let start = bytes.iter().position(|byte| *byte != 0)?;
        bytes.get(start..).map(<[u8]>::to_vec)
    };
    let (n, e) = (minimal(n).ok_or(MALFORMED)?, minimal(e).ok_or(MALFORMED)?);
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let exponent =
        if e.len() <= 8 { e.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)) } else { u64::MAX };
    let odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte % 2 == 1);
    let sound = (2048..=4096).contains(&bits) && odd(&n) && odd(&e) && (65_537..=1 << 33).contains(&exponent);
    if !sound || is_roca(&n) {
        return Err(weak);
    }
    Ok(PublicMembers::Rsa { n: BASE64URL_NOPAD.encode(&n), e: BASE64URL_NOPAD.encode(&e) })
}

/// Whether a modulus bears the fingerprint of CVE-2017-15361: modulo each of these primes it is a power of 65537.
/// A sound modulus does so with a probability below 2^-27.
fn is_roca(n: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.into_iter().all(|prime| {
        let rest = n.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65_537 % prime) % prime;
            power == rest
        })
    })
}

/// The one algorithm of a key: what its kind implies, what it names, and what is wanted of it must agree.
pub(super) fn algorithm(
    jwk: &Members<'_>,
    members: &PublicMembers,
    wanted: Option<AssertionAlgorithm>,
) -> Result<AssertionAlgorithm, InvalidValue> {
    let unfit = InvalidValue::new("alg", "one that this build verifies and that fits the key");
    let named = match jwk.text("alg") {
        Ok(None) => None,
        Ok(Some(name)) => Some(AssertionAlgorithm::from_name(name).ok_or(unfit)?),
        Err(_) => return Err(unfit),
    };
    let implied = match members {
        PublicMembers::Ec { crv: "P-256", .. } => Some(AssertionAlgorithm::Es256),
        PublicMembers::Ec { crv: "P-384", .. } => Some(AssertionAlgorithm::Es384),
        PublicMembers::Ec { .. } => Some(AssertionAlgorithm::Es512),
        PublicMembers::Okp { .. } => Some(AssertionAlgorithm::EdDsa),
        PublicMembers::Rsa { .. } => None,
    };
    let missing = InvalidValue::new("alg", "named by an RSA key: RS256, RS384, RS512, PS256, PS384 or PS512");
    let algorithm = named.or(implied).or(wanted).ok_or(missing)?;
    let is_rsa = algorithm.as_str().starts_with(['R', 'P']);
    let fits = implied.map_or(is_rsa, |implied| implied == algorithm);
    if fits && wanted.is_none_or(|wanted| wanted == algorithm) { Ok(algorithm) } else { Err(unfit) }
}

pub(super) fn kid(jwk: &Members<'_>) -> Result<Option<String>, InvalidValue> {
    let rule = InvalidValue::new("kid", "text of 1 to 256 bytes without control characters");
    match jwk.text("kid") {
        Ok(None) => Ok(None),
        Ok(Some(kid)) if !kid.is_empty() && is_line(kid, 256) => Ok(Some(kid.to_owned())),
        Ok(Some(_)) | Err(_) => Err(rule),
    }
}

/// The thumbprints by which a header may name the certificate: those that the key names, and those of its `x5c`, which
/// have to agree (RFC 7517 §4.8). The certificate has to be that of the key (§4.7): it is not read, which takes a parser
/// of hostile DER, but the point or the modulus has to stand in it.
pub(super) fn certificate(jwk: &Members<'_>, own_key: &[u8]) -> Result<Thumbprints, InvalidValue> {
    let named = |name, length| {
        let text = jwk.text(name).map_err(|_| MALFORMED)?;
        text.map(|text| of_length(text.trim_end_matches('='), length)).transpose()
    };
    let named = Thumbprints { sha1: named("x5t", 20)?, sha256: named("x5t#S256", 32)? };
    let own = match jwk.get("x5c") {
        None => None,
        Some(Json::Array(chain)) => match chain.first() {
            Some(Json::Text(own)) => Some(own),
            Some(_) => return Err(MALFORMED),
            None => None,
        },
        Some(_) => return Err(MALFORMED),
    };
    let Some(own) = own else { return Ok(named) };
    let der = BASE64.decode(own.as_bytes()).map_err(|_| MALFORMED)?;
    if !der.windows(own_key.len().max(1)).any(|window| window == own_key) {
        return Err(InvalidValue::new("x5c", "first the certificate of this key"));
    }
    let own = Thumbprints::of(&der);
    if named.agree(&own) { Ok(own) } else { Err(MALFORMED) }
}
