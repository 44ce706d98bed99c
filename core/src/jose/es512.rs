//! ES512 by josekit, since ring has no P-521. Only keys that passed our own rules, and raw signatures of the exact
//! length, go to it.

use josekit::jwk::Jwk;
use josekit::jws::{ES512, JwsVerifier};

use super::jwk::PublicMembers;

/// r and s of 66 bytes each (RFC 7518 §3.4).
const SIGNATURE_BYTES: usize = 132;

pub(super) fn verifies(key: &PublicMembers, message: &[u8], signature: &[u8]) -> bool {
    signature.len() == SIGNATURE_BYTES
        && verifier(key).is_some_and(|verifier| verifier.verify(message, signature).is_ok())
}

/// OpenSSL refuses a point that is not on the curve.
pub(super) fn is_usable(key: &PublicMembers) -> bool {
    verifier(key).is_some()
}

fn verifier(key: &PublicMembers) -> Option<impl JwsVerifier> {
    let jwk = Jwk::from_map(key.to_json()).ok()?;
    ES512.verifier_from_jwk(&jwk).ok()
}
