//! Spending the single-use proofs of a request: the last step that can refuse, before anything is made.

use crate::error::{ErrorCode, Reason, Step, reject};
use crate::store::{Claim, TokenStore};
use crate::types::{ProofId, Timestamp};

/// A proof that may be spent once, to be remembered until it can no longer be presented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
    pub(crate) id: ProofId,
    pub(crate) until: Timestamp,
    /// What the client is told of a replay: `invalid_client` or `invalid_grant`.
    pub(crate) replayed: ErrorCode,
}

/// All proofs of this request were spent by it and by no other. `mint` demands one, and only [`claim`] makes one.
#[derive(Debug)]
pub(crate) struct Claimed(());

/// Spends `proofs` in order: client assertion, grant assertion, DPoP proof (RFC 7523 §3 (7), RFC 9449 §11.1).
///
/// Where a later one turns out to be a replay the earlier ones stay spent: the only trace of a refusal.
pub(crate) async fn claim(tokens: &dyn TokenStore, proofs: &[Proof]) -> Step<Claimed> {
    for (at, proof) in proofs.iter().enumerate() {
        if proofs.iter().take(at).any(|earlier| earlier.id == proof.id) {
            return reject(ErrorCode::InvalidRequest, Reason::ProofsEqual);
        }
    }
    for proof in proofs {
        match tokens.claim(&proof.id, proof.until).await? {
            Claim::First => {}
            Claim::Replayed => return reject(proof.replayed, Reason::ProofReplayed),
        }
    }
    Ok(Claimed(()))
}
