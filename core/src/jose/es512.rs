//! ES512 by josekit, since ring has no P-521. Only keys that passed our own rules, and raw signatures of the exact
//! length, go to it.

use std::sync::{Arc, OnceLock};

use josekit::jwk::Jwk;
use josekit::jws::alg::ecdsa::EcdsaJwsVerifier;
use josekit::jws::{ES512, JwsVerifier};

use super::jwk::PublicMembers;

/// r and s of 66 bytes each (RFC 7518 §3.4).
const SIGNATURE_BYTES: usize = 132;

/// A P-521 key. Making its verifier takes long, so that is done when it is first needed, and once for all copies of
/// the record.
#[derive(Clone)]
pub(super) struct Es512Key {
    members: PublicMembers,
    verifier: Arc<OnceLock<Option<EcdsaJwsVerifier>>>,
}

impl Es512Key {
    pub(super) fn new(members: &PublicMembers) -> Self {
        Self { members: members.clone(), verifier: Arc::default() }
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == SIGNATURE_BYTES
            && self.verifier().is_some_and(|verifier| verifier.verify(message, signature).is_ok())
    }

    /// OpenSSL refuses a point that is not on the curve.
    pub(super) fn is_usable(&self) -> bool {
        self.verifier().is_some()
    }

    fn verifier(&self) -> Option<&EcdsaJwsVerifier> {
        let make = || ES512.verifier_from_jwk(&Jwk::from_map(self.members.to_json()).ok()?).ok();
        self.verifier.get_or_init(make).as_ref()
    }
}

impl PartialEq for Es512Key {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl Eq for Es512Key {}
