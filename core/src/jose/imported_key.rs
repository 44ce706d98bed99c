//! Private keys of the operator's own, taken over from where they signed before.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::Value;
use zeroize::Zeroizing;

use super::json::{Json, Members};
use super::jwk::{PublicMembers, thumbprint};
use super::pkcs8::{self, PrivateParts, RsaNumbers, Unread};
use super::{AssertionAlgorithm, PublicKey, SigningAlgorithm, SigningKey, pem, system_random};
use crate::types::InvalidValue;

const MAX_JWK_BYTES: usize = 32 * 1024;
const PRIVATE_KEY: &str = "a private key";

/// A private key that signed somewhere else before, to be taken over.
///
/// On P-256, P-384, of Ed25519 or, with the feature `josekit`, of RSA with 2048 to 4096 bits. That its halves fit has been
/// seen: it has made a signature which its public half verifies.
pub struct ImportedKey {
    pub(crate) algorithm: SigningAlgorithm,
    /// As [`SigningKey::open`] takes it.
    pub(crate) pkcs8: Zeroizing<Vec<u8>>,
    pub(crate) public: PublicMembers,
}

impl ImportedKey {
    /// Reads PEM (RFC 7468): one `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` or `RSA PRIVATE KEY`, not encrypted. `algorithm` is
    /// what it is to sign with; by default what its kind implies, RS256 for RSA. Wipe `pem` when it is no longer needed.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] that names the rule which the key breaks: of another kind, weak, encrypted, no private key at all,
    /// halves that do not fit, or an algorithm that is not for its kind.
    pub fn from_pem(pem: &str, algorithm: Option<SigningAlgorithm>) -> Result<Self, InvalidValue> {
        let one = "PEM of one `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`";
        let encrypted = "not encrypted: decrypt it first, such as with `openssl pkey`";
        let public = "the private half: this is a certificate or a public key";
        let rule = |rule| InvalidValue::new(PRIVATE_KEY, rule);
        let blocks = pem::blocks(pem).ok_or(rule(one))?;
        // `openssl ecparam -genkey` writes the curve in front of the key, which names it too.
        let mut blocks = blocks.iter().filter(|block| block.label != "EC PARAMETERS");
        let (Some(block), None) = (blocks.next(), blocks.next()) else { return Err(rule(one)) };
        let is_encrypted = block.label == "ENCRYPTED PRIVATE KEY" || pem.contains("Proc-Type: 4,ENCRYPTED");
        let der = match (block.label, &block.der) {
            _ if is_encrypted => return Err(rule(encrypted)),
            ("PUBLIC KEY" | "RSA PUBLIC KEY" | "CERTIFICATE", _) => return Err(rule(public)),
            (_, Some(der)) => der,
            (_, None) => return Err(rule(one)),
        };
        let parts = match block.label {
            "PRIVATE KEY" => pkcs8::read(der),
            "EC PRIVATE KEY" => pkcs8::read_ec(der, None),
            "RSA PRIVATE KEY" => pkcs8::read_rsa(der, false),
            _ => return Err(rule(one)),
        };
        let parts = parts.map_err(|unread| {
            rule(match unread {
                Unread::Malformed => "well-formed",
                Unread::Kind => "on P-256 or P-384, of Ed25519 or of RSA",
                Unread::Pss => "for PSS with SHA-256 and a salt of 32 bytes, if it is marked as one for PSS",
            })
        })?;
        Self::assemble(&parts, algorithm)
    }

    /// Reads a private JWK (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). An RSA key that names no `alg` is one for RS256. Its `kid`
    /// is not kept. Wipe `json` when it is no longer needed.
    ///
    /// # Errors
    ///
    /// As [`ImportedKey::from_pem`]; also for a member twice, an `alg` that this server does not sign with, `use` or `key_ops`
    /// that do not allow to sign, and an RSA key without its primes.
    pub fn from_jwk(json: &str) -> Result<Self, InvalidValue> {
        let members = Some(json).filter(|json| json.len() <= MAX_JWK_BYTES);
        let members = members.and_then(|json| Members::parse(json.as_bytes()));
        let jwk = members.ok_or(InvalidValue::new("a JWK", "a JSON object, no member twice"))?;
        let algorithm = named(&jwk)?;
        Self::assemble(&parts(&jwk)?, algorithm)
    }

    fn assemble(parts: &PrivateParts, wanted: Option<SigningAlgorithm>) -> Result<Self, InvalidValue> {
        let (public, implied) = match parts {
            PrivateParts::Ec(crv, d, point) => {
                let point = point.clone().map_or_else(|| missing_point(crv, d), Ok)?;
                let es = if *crv == "P-256" { SigningAlgorithm::Es256 } else { SigningAlgorithm::Es384 };
                let uncompressed = InvalidValue::new(PRIVATE_KEY, "with its point uncompressed");
                (PublicMembers::ec(crv, &point).ok_or(uncompressed)?, es)
            }
            PrivateParts::Ed25519(seed, point) => {
                let malformed = |_| InvalidValue::new("an Ed25519 key", "of 32 bytes");
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(malformed)?;
                let point = point.as_deref().unwrap_or(pair.public_key().as_ref());
                (PublicMembers::ed25519(point), SigningAlgorithm::EdDsa)
            }
            PrivateParts::Rsa([n, e, ..], true) => (PublicMembers::rsa(n, e), SigningAlgorithm::Ps256),
            PrivateParts::Rsa([n, e, ..], false) => (PublicMembers::rsa(n, e), SigningAlgorithm::Rs256),
        };
        let algorithm = wanted.unwrap_or(implied);
        let may_choose = matches!(parts, PrivateParts::Rsa(_, false)) && algorithm.is_rsa();
        if algorithm != implied && !may_choose {
            return Err(InvalidValue::new("alg", "one that fits the key"));
        }
        // The rules for public keys hold for this one, since others have to take it.
        let jwk = Value::Object(public.to_json()).to_string();
        let verifying = PublicKey::from_jwk_for(&jwk, AssertionAlgorithm::from(algorithm))?;
        let public = verifying.members().clone();
        let point = || [&[4][..], &public.key_bytes()].concat();
        let pkcs8 = match parts {
            PrivateParts::Ec(crv, d, _) => pkcs8::write_ec(crv, d, Some(&point())),
            PrivateParts::Ed25519(seed, _) => pkcs8::write_ed25519(seed, &public.key_bytes()),
            PrivateParts::Rsa(numbers, _) => pkcs8::write_rsa(algorithm, numbers),
        };
        fits(algorithm, &pkcs8, &verifying)?;
        Ok(Self { algorithm, pkcs8, public })
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The `kid` that it has here: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> String {
        thumbprint(&self.public)
    }
}

/// ring compares the halves when it opens a key. Of an RSA key nobody does; so it signs once.
fn fits(algorithm: SigningAlgorithm, pkcs8: &[u8], public: &PublicKey) -> Result<(), InvalidValue> {
    if algorithm.is_rsa() && !cfg!(feature = "josekit") {
        return Err(InvalidValue::new("the feature `josekit`", "switched on, to sign with an RSA key"));
    }
    let message = b"the halves of a key fit";
    let sign = || SigningKey::open(algorithm, pkcs8, &system_random()).ok()?.sign(message).ok();
    let verified = sign().is_some_and(|signature| public.verifies(message, signature.as_ref()));
    if verified { Ok(()) } else { Err(InvalidValue::new(PRIVATE_KEY, "the one of its public half")) }
}

/// Java writes keys without their point. OpenSSL has what it takes to compute it, and reads only what was written here.
#[cfg(feature = "josekit")]
fn missing_point(crv: &str, d: &[u8]) -> Result<Vec<u8>, InvalidValue> {
    use josekit::jwk::KeyPair;
    use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
    /// How many points the curves have (SP 800-186 §3.2.1.3, §3.2.1.4).
    const P256: [u8; 32] = *b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
        \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    const P384: [u8; 48] = *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
        \xff\xff\xff\xff\xff\xff\xff\xff\xc7\x63\x4d\x81\xf4\x37\x2d\xdf\
        \x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73";
    let (curve, order) = if crv == "P-256" { (EcCurve::P256, &P256[..]) } else { (EcCurve::P384, &P384[..]) };
    let compute = || {
        // josekit panics at the point that 0 stands for.
        if d >= order || d.iter().all(|byte| *byte == 0) {
            return None;
        }
        let jwk = EcKeyPair::from_der(&*pkcs8::write_ec(crv, d, None), Some(curve)).ok()?.to_jwk_public_key();
        let coordinate = |name| BASE64URL_NOPAD.decode(jwk.parameter(name)?.as_str()?.as_bytes()).ok();
        Some([vec![4], coordinate("x")?, coordinate("y")?].concat())
    };
    compute().ok_or(InvalidValue::new(PRIVATE_KEY, "a number from 1 to the order of its curve"))
}

#[cfg(not(feature = "josekit"))]
fn missing_point(_crv: &str, _d: &[u8]) -> Result<Vec<u8>, InvalidValue> {
    Err(InvalidValue::new(PRIVATE_KEY, "with its public half, which `openssl pkey` adds"))
}

fn named(jwk: &Members<'_>) -> Result<Option<SigningAlgorithm>, InvalidValue> {
    let unfit = InvalidValue::new("alg", "ES256, ES384, EdDSA, RS256 or PS256");
    match jwk.text("alg") {
        Ok(None) => Ok(None),
        // RFC 9864 §2.
        Ok(Some("Ed25519")) => Ok(Some(SigningAlgorithm::EdDsa)),
        Ok(Some(name)) => SigningAlgorithm::from_name(name).map(Some).ok_or(unfit),
        Err(_) => Err(unfit),
    }
}

fn parts(jwk: &Members<'_>) -> Result<PrivateParts, InvalidValue> {
    let malformed =
        InvalidValue::new("a private JWK", "well-formed, its members of the right type and length");
    let bytes = |name| {
        let text = jwk.text(name).map_err(|_| malformed)?.ok_or(malformed)?;
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| malformed)
    };
    let of_length =
        |name, length| bytes(name).and_then(|own| if own.len() == length { Ok(own) } else { Err(malformed) });
    let kind = (jwk.text("kty").map_err(|_| malformed)?, jwk.text("crv").map_err(|_| malformed)?);
    if kind.0 == Some("oct") {
        return Err(InvalidValue::new("a private JWK", "of EC, OKP or RSA: this is a symmetric key"));
    }
    if jwk.get("d").is_none() {
        return Err(InvalidValue::new("a private JWK", "the private half, with `d`"));
    }
    let sign = Json::Text("sign".into());
    let may_sign = match jwk.get("key_ops") {
        None => true,
        Some(Json::Array(operations)) => operations.contains(&sign),
        Some(_) => false,
    };
    if !may_sign || !matches!(jwk.text("use"), Ok(None | Some("sig"))) {
        return Err(InvalidValue::new("a private JWK", "for signatures: `use` sig, `key_ops` with sign"));
    }
    let ec = |crv, length| {
        let point = [&[4][..], &of_length("x", length)?, &of_length("y", length)?].concat();
        Ok(PrivateParts::Ec(crv, of_length("d", length)?, Some(point)))
    };
    match kind {
        (Some("EC"), Some("P-256")) => ec("P-256", 32),
        (Some("EC"), Some("P-384")) => ec("P-384", 48),
        (Some("OKP"), Some("Ed25519")) => {
            Ok(PrivateParts::Ed25519(of_length("d", 32)?, Some(of_length("x", 32)?.to_vec())))
        }
        (Some("EC" | "OKP"), _) => Err(InvalidValue::new("crv", "P-256, P-384 or Ed25519")),
        (Some("RSA"), _) if jwk.get("oth").is_some() => {
            Err(InvalidValue::new("a private JWK", "of two primes: without `oth`"))
        }
        (Some("RSA"), _) => {
            let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
            if names.iter().any(|name| jwk.get(name).is_none()) {
                let rule = "with its primes: `p`, `q`, `dp`, `dq` and `qi`";
                return Err(InvalidValue::new("a private JWK of RSA", rule));
            }
            let mut numbers = RsaNumbers::default();
            for (number, name) in numbers.iter_mut().zip(names) {
                *number = bytes(name)?;
            }
            Ok(PrivateParts::Rsa(numbers, false))
        }
        _ => Err(InvalidValue::new("kty", "EC, OKP or RSA")),
    }
}

impl fmt::Debug for ImportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}
