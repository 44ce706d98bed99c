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
    /// Whether a replay is let through, under a compatibility switch.
    pub(crate) reusable: bool,
}

/// All proofs of this request were spent by it and by no other. `mint` demands one, and only [`claim`] makes one.
#[derive(Debug)]
pub(crate) struct Claimed(());

/// Spends `proofs` in order: client assertion, grant assertion, DPoP proof (RFC 7523 §3 (7), RFC 9449 §11.1).
///
/// Where a later one turns out to be a replay the earlier ones stay spent: the only trace of a refusal.
/// `reused` is called for each replay that is let through.
pub(crate) async fn claim(
    tokens: &dyn TokenStore,
    proofs: &[Proof],
    reused: impl Fn() + Send,
) -> Step<Claimed> {
    for (at, proof) in proofs.iter().enumerate() {
        if proofs.iter().take(at).any(|earlier| earlier.id == proof.id) {
            return reject(ErrorCode::InvalidRequest, Reason::ProofsEqual);
        }
    }
    for proof in proofs {
        match tokens.claim(&proof.id, proof.until).await? {
            Claim::First => {}
            Claim::Replayed if proof.reusable => reused(),
            Claim::Replayed => return reject(proof.replayed, Reason::ProofReplayed),
        }
    }
    Ok(Claimed(()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::error::{FaultKind, Refusal};
    use crate::store::{Insert, StoreError, TokenRecord, TokenState};
    use crate::types::TokenId;

    /// Remembers what was claimed; fails on and after the claim of this number.
    #[derive(Debug)]
    struct Proofs(Mutex<Vec<ProofId>>, usize);

    #[async_trait]
    impl TokenStore for Proofs {
        async fn claim(&self, proof: &ProofId, _until: Timestamp) -> Result<Claim, StoreError> {
            let mut claimed = self.0.lock().expect("lock");
            if claimed.len() >= self.1 {
                return Err(StoreError::unavailable("down"));
            }
            let replayed = claimed.contains(proof);
            claimed.push(*proof);
            Ok(if replayed { Claim::Replayed } else { Claim::First })
        }
        async fn insert(&self, _token: &TokenId, _record: &TokenRecord) -> Result<Insert, StoreError> {
            Err(StoreError::unavailable("not asked"))
        }
        async fn find(&self, _token: &TokenId) -> Result<TokenState, StoreError> {
            Err(StoreError::unavailable("not asked"))
        }
        async fn revoke(&self, _token: &TokenId, _until: Timestamp) -> Result<(), StoreError> {
            Err(StoreError::unavailable("not asked"))
        }
        async fn prune(&self, _before: Timestamp, _limit: u32) -> Result<u32, StoreError> {
            Err(StoreError::unavailable("not asked"))
        }

        fn caveats(&self) -> Vec<String> {
            Vec::new()
        }
    }

    fn proof(byte: u8, replayed: ErrorCode) -> Proof {
        Proof { id: ProofId::from_bytes([byte; 32]), until: Timestamp::MAX, replayed, reusable: false }
    }

    #[tokio::test]
    async fn t77_a_store_that_fails_is_503_and_never_first() {
        for works in [0, 1] {
            let store = Proofs(Mutex::default(), works);
            let proofs = [proof(1, ErrorCode::InvalidClient), proof(2, ErrorCode::InvalidGrant)];
            match claim(&store, &proofs, || ()).await {
                Err(Refusal::Failed(fault)) => assert_eq!(fault.kind, FaultKind::Unavailable),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn s3_equal_proofs_are_refused_before_any_is_spent() {
        let store = Proofs(Mutex::default(), 9);
        let equal = [proof(1, ErrorCode::InvalidClient), proof(1, ErrorCode::InvalidGrant)];
        match claim(&store, &equal, || ()).await {
            Err(Refusal::Rejected(rejection)) => assert_eq!(rejection.reason, Reason::ProofsEqual),
            other => panic!("{other:?}"),
        }
        assert!(store.0.lock().expect("lock").is_empty());
    }

    #[tokio::test]
    async fn t04_a_proof_is_spent_once_and_the_refusal_is_of_its_kind() {
        let store = Proofs(Mutex::default(), 9);
        let assertion = proof(1, ErrorCode::InvalidClient);
        assert!(claim(&store, &[assertion], || ()).await.is_ok());
        for (proofs, code) in [
            (vec![assertion, proof(2, ErrorCode::InvalidGrant)], ErrorCode::InvalidClient),
            (
                vec![proof(3, ErrorCode::InvalidClient), proof(1, ErrorCode::InvalidGrant)],
                ErrorCode::InvalidGrant,
            ),
        ] {
            match claim(&store, &proofs, || ()).await {
                Err(Refusal::Rejected(rejection)) => assert_eq!(rejection.code, code),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn s3_no_proof_asks_no_store() {
        assert!(claim(&Proofs(Mutex::default(), 0), &[], || ()).await.is_ok());
    }
}
