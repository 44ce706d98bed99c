//! Public keys as SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), which is how KMSs and certificates hold them.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::der::{self, BIT_STRING, Reader, SEQUENCE};
use super::jwk::PublicMembers;
use super::{AssertionAlgorithm, PublicKey, pem};
use crate::types::InvalidValue;

/// What an AlgorithmIdentifier holds: id-ecPublicKey with a named curve (RFC 5480 §2.1.1).
pub(super) const P256: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(super) const P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";
/// id-Ed25519 (RFC 8410 §3).
pub(super) const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
/// rsaEncryption, with NULL (RFC 3279 §2.3.1).
pub(super) const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

const NOT_SPKI: InvalidValue =
    InvalidValue::new("a public key", "a SubjectPublicKeyInfo in DER, with an uncompressed point");

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in DER: what a KMS gives for a key. `algorithm` is the one that the
    /// key is for.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] that names the rule which the key breaks: those of [`PublicKey::from_jwk`] hold. It may be an RSA key,
    /// an Ed25519 key or, with the point uncompressed, one on P-256, P-384 or (with the feature `josekit`) P-521.
    pub fn from_spki_der(der: &[u8], algorithm: AssertionAlgorithm) -> Result<Self, InvalidValue> {
        let members = Value::Object(read(der)?.to_json());
        Self::from_jwk_for(&members.to_string(), algorithm)
    }

    /// The same from PEM (RFC 7468 §13): one block `PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_spki_der`].
    pub fn from_spki_pem(pem: &str, algorithm: AssertionAlgorithm) -> Result<Self, InvalidValue> {
        let invalid = InvalidValue::new("a public key", "PEM of one `PUBLIC KEY`");
        match pem::blocks(pem).as_deref() {
            Some([pem::Block { label: "PUBLIC KEY", der: Some(der) }]) => Self::from_spki_der(der, algorithm),
            Some(_) | None => Err(invalid),
        }
    }

    /// As PEM, for software that takes no JWK. It names neither algorithm nor `kid`.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        pem::write("PUBLIC KEY", &write(self.members()))
    }
}

fn read(der: &[u8]) -> Result<PublicMembers, InvalidValue> {
    let (kind, key) = parts(der).ok_or(NOT_SPKI)?;
    let ec = |crv| PublicMembers::ec(crv, key).ok_or(NOT_SPKI);
    match kind {
        P256 => ec("P-256"),
        P384 => ec("P-384"),
        P521 => ec("P-521"),
        ED25519 => Ok(PublicMembers::ed25519(key)),
        RSA => rsa(key).ok_or(NOT_SPKI),
        _ => Err(InvalidValue::new("a public key", "of RSA, Ed25519, or on P-256, P-384 or P-521")),
    }
}

fn parts(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::of(SEQUENCE, der)?;
    let parts = (reader.value(SEQUENCE)?, reader.bytes()?);
    reader.end().then_some(parts)
}

/// RSAPublicKey (RFC 8017 §A.1.1).
fn rsa(key: &[u8]) -> Option<PublicMembers> {
    let mut reader = Reader::of(SEQUENCE, key)?;
    let members = PublicMembers::rsa(reader.unsigned()?, reader.unsigned()?);
    reader.end().then_some(members)
}

fn write(members: &PublicMembers) -> Vec<u8> {
    let key = match members {
        PublicMembers::Rsa { e, .. } => {
            let e = BASE64URL_NOPAD.decode(e.as_bytes()).unwrap_or_default();
            der::value(SEQUENCE, &[&der::unsigned(&members.key_bytes()), &der::unsigned(&e)])
        }
        PublicMembers::Okp { .. } => members.key_bytes().into(),
        PublicMembers::Ec { .. } => [&[4][..], &members.key_bytes()].concat().into(),
    };
    let kind = match members {
        PublicMembers::Ec { crv: "P-256", .. } => P256,
        PublicMembers::Ec { crv: "P-384", .. } => P384,
        PublicMembers::Ec { .. } => P521,
        PublicMembers::Okp { .. } => ED25519,
        PublicMembers::Rsa { .. } => RSA,
    };
    let algorithm = der::value(SEQUENCE, &[kind]);
    let key = der::value(BIT_STRING, &[&[0], &key]);
    der::value(SEQUENCE, &[&algorithm, &key]).to_vec()
}
