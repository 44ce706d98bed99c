//! Private keys in DER: PKCS#8 (RFC 5958), and what stands in it for each kind of key (RFC 5915, 8017, 8410).

use zeroize::Zeroizing;

use super::SigningAlgorithm;
use super::der::{self, BIT_STRING, INTEGER, OCTET_STRING, Reader, SEQUENCE};
use super::spki::{ED25519, P256, P384, RSA};

/// id-RSASSA-PSS (RFC 4055 §3.1): with any hash, or with SHA-256 for everything and a salt of its length, as PS256 has it.
const PSS_ANY: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const PSS_SHA256: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\
    \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\
    \xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\
    \x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\
    \xa2\x03\x02\x01\x20";

const ATTRIBUTES: u8 = 0xa0;
const PUBLIC: u8 = 0x81;
/// `[0]` and `[1]` of an ECPrivateKey, which are not implicit.
const CURVE: u8 = 0xa0;
const POINT: u8 = 0xa1;

/// The numbers of an RSA key, in the order of RSAPrivateKey: n, e, d, p, q, dp, dq, qi.
pub(super) type RsaNumbers = [Zeroizing<Vec<u8>>; 8];

/// A private key taken apart; nothing of it is checked yet.
pub(super) enum PrivateParts {
    /// `crv`, the private number as long as the field, and the point if it is told.
    Ec(&'static str, Zeroizing<Vec<u8>>, Option<Vec<u8>>),
    /// The seed, and the point if it is told.
    Ed25519(Zeroizing<Vec<u8>>, Option<Vec<u8>>),
    /// The numbers, and whether the key is marked as one for PSS.
    Rsa(RsaNumbers, bool),
}

/// Why a key could not be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    Malformed,
    /// Another kind of key, or another curve.
    Kind,
    /// Marked as one for PSS with other parameters than those of PS256.
    Pss,
}

/// PrivateKeyInfo or OneAsymmetricKey (RFC 5958 §2).
pub(super) fn read(der: &[u8]) -> Result<PrivateParts, Unread> {
    let (kind, key, public) = parts(der).ok_or(Unread::Malformed)?;
    match kind {
        P256 | P384 => read_ec(key, Some(kind)),
        ED25519 => {
            let seed = Reader::of(OCTET_STRING, key).ok_or(Unread::Malformed)?.rest();
            Ok(PrivateParts::Ed25519(Zeroizing::new(seed.to_vec()), public.map(<[u8]>::to_vec)))
        }
        RSA => read_rsa(key, false),
        PSS_ANY | PSS_SHA256 => read_rsa(key, true),
        _ if kind.starts_with(PSS_ANY) => Err(Unread::Pss),
        _ => Err(Unread::Kind),
    }
}

type Parts<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>);

fn parts(der: &[u8]) -> Option<Parts<'_>> {
    let mut reader = Reader::of(SEQUENCE, der)?;
    let [0 | 1] = reader.value(INTEGER)? else { return None };
    let (kind, key) = (reader.value(SEQUENCE)?, reader.value(OCTET_STRING)?);
    let _attributes = reader.value(ATTRIBUTES);
    let public = match reader.value(PUBLIC) {
        Some([0, public @ ..]) => Some(public),
        Some(_) => return None,
        None => None,
    };
    reader.end().then_some((kind, key, public))
}

/// ECPrivateKey (RFC 5915 §3), alone or on the curve that PKCS#8 names.
pub(super) fn read_ec(der: &[u8], kind: Option<&[u8]>) -> Result<PrivateParts, Unread> {
    let mut reader = Reader::of(SEQUENCE, der).ok_or(Unread::Malformed)?;
    let (Some([1]), Some(d)) = (reader.value(INTEGER), reader.value(OCTET_STRING)) else {
        return Err(Unread::Malformed);
    };
    let (curve, point) = (reader.value(CURVE), reader.inside(POINT));
    let point = match point {
        Some(mut point) => Some(point.bytes().ok_or(Unread::Malformed)?.to_vec()),
        None => None,
    };
    if !reader.end() {
        return Err(Unread::Malformed);
    }
    let on =
        |own: &[u8]| kind.is_none_or(|kind| kind == own) && curve.is_none_or(|curve| own.ends_with(curve));
    let (crv, length) = match (kind, curve) {
        (None, None) => return Err(Unread::Kind),
        _ if on(P256) => ("P-256", 32_usize),
        _ if on(P384) => ("P-384", 48),
        _ => return Err(Unread::Kind),
    };
    // Some writers leave zeros in front away.
    let missing = length.checked_sub(d.len()).ok_or(Unread::Malformed)?;
    let mut number = Zeroizing::new(Vec::with_capacity(length));
    number.resize(missing, 0);
    number.extend_from_slice(d);
    Ok(PrivateParts::Ec(crv, number, point))
}

/// RSAPrivateKey (RFC 8017 §A.1.2) of two primes.
pub(super) fn read_rsa(der: &[u8], pss: bool) -> Result<PrivateParts, Unread> {
    let read = || {
        let mut reader = Reader::of(SEQUENCE, der)?;
        let [0] = reader.value(INTEGER)? else { return None };
        let mut numbers = RsaNumbers::default();
        for number in &mut numbers {
            *number = Zeroizing::new(reader.unsigned()?.to_vec());
        }
        reader.end().then_some(PrivateParts::Rsa(numbers, pss))
    };
    read().ok_or(Unread::Malformed)
}

/// As ring takes it: the first version of PKCS#8, the point inside of ECPrivateKey. Without a point, what others take.
pub(super) fn write_ec(crv: &str, d: &[u8], point: Option<&[u8]>) -> Zeroizing<Vec<u8>> {
    let point = point.map_or_else(Zeroizing::default, |point| {
        der::value(POINT, &[&der::value(BIT_STRING, &[&[0], point])])
    });
    let key = der::value(SEQUENCE, &[&der::value(INTEGER, &[&[1]]), &der::value(OCTET_STRING, &[d]), &point]);
    private_key_info(0, if crv == "P-256" { P256 } else { P384 }, &key, &[])
}

/// As ring takes it: the second version, with the point.
pub(super) fn write_ed25519(seed: &[u8], point: &[u8]) -> Zeroizing<Vec<u8>> {
    let public = der::value(PUBLIC, &[&[0], point]);
    private_key_info(1, ED25519, &der::value(OCTET_STRING, &[seed]), &public)
}

/// As josekit takes it: a key for PS256 says so.
pub(super) fn write_rsa(algorithm: SigningAlgorithm, numbers: &RsaNumbers) -> Zeroizing<Vec<u8>> {
    let [n, e, d, p, q, dp, dq, qi] = numbers.each_ref().map(|number| der::unsigned(number));
    let version = der::value(INTEGER, &[&[0]]);
    let key = der::value(SEQUENCE, &[&version, &n, &e, &d, &p, &q, &dp, &dq, &qi]);
    private_key_info(0, if algorithm == SigningAlgorithm::Ps256 { PSS_SHA256 } else { RSA }, &key, &[])
}

fn private_key_info(version: u8, kind: &[u8], key: &[u8], public: &[u8]) -> Zeroizing<Vec<u8>> {
    let (version, kind) = (der::value(INTEGER, &[&[version]]), der::value(SEQUENCE, &[kind]));
    der::value(SEQUENCE, &[&version, &kind, &der::value(OCTET_STRING, &[key]), public])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(name: &str) -> Vec<u8> {
        let keys = include_str!("../../tests/vectors/own/keys.json");
        let keys: serde_json::Value = serde_json::from_str(keys).expect("JSON");
        let blocks = super::super::pem::blocks(keys[name].as_str().expect("a key")).expect("PEM");
        blocks[0].der.as_ref().expect("base64").to_vec()
    }

    /// OpenSSL and this write the same bytes.
    #[test]
    fn rfc5958_s2_what_is_read_is_written_as_it_was() {
        for name in ["p256", "p384", "p256-no-public", "rsa2048", "pss-sha256"] {
            let der = der(name);
            let written = match read(&der).unwrap_or_else(|unread| panic!("{name}: {unread:?}")) {
                PrivateParts::Ec(crv, d, point) => write_ec(crv, &d, point.as_deref()),
                PrivateParts::Rsa(numbers, false) => write_rsa(SigningAlgorithm::Rs256, &numbers),
                PrivateParts::Rsa(numbers, true) => write_rsa(SigningAlgorithm::Ps256, &numbers),
                PrivateParts::Ed25519(..) => panic!("{name}"),
            };
            assert!(*written == der, "{name}");
        }
    }

    /// ring and this write the same bytes, which is what ring reads.
    #[test]
    fn rfc8410_s7_ed25519_is_written_in_the_second_version() {
        let document = ring::signature::Ed25519KeyPair::generate_pkcs8(&super::super::system_random());
        let document = document.expect("a key");
        let Ok(PrivateParts::Ed25519(seed, Some(point))) = read(document.as_ref()) else { panic!("Ed25519") };
        assert!(*write_ed25519(&seed, &point) == document.as_ref());
    }
}
