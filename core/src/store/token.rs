//! Single-use proofs, revocations and opaque tokens.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Insert, StoreError, TokenRecord};
use crate::types::{ProofId, Timestamp, TokenId};

/// Keeps what must be remembered of proofs and tokens. All ids are digests of 32 bytes, safe in any key or query.
///
/// Expiry **permits** removal and never demands it: core judges expiry itself. A store that expires entries by
/// itself keeps them for at least 15 minutes past their `until`, and at least 15 minutes from the write where that
/// comes later, both on its own clock, so that a node whose clock is off destroys nothing; what it has removed by
/// itself [`TokenStore::prune`] does not count. Proofs and tokens are separate: one digest may stand for one of each.
#[async_trait]
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// Spends a single-use proof (RFC 7523 §3 (7), RFC 9449 §11.1).
    ///
    /// Of any number of callers with one id, on all processes, **exactly one** gets [`Claim::First`], and no other
    /// before `until`. [`Claim::Replayed`] changes nothing, the remembered `until` included. It must be
    /// one atomic insert-if-absent, never a look and then a write; it must be durable before it returns and must
    /// not be forgotten before `until`, under memory pressure either: a store that is full answers
    /// [`StoreError::unavailable`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. Core takes it as "perhaps taken", answers 503 and issues nothing.
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError>;

    /// Stores an opaque token, to be kept until [`TokenRecord::until`].
    ///
    /// Must not overwrite, neither a token nor a revocation: then it is [`Insert::Exists`] and nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError>;

    /// What is known of a token. Sees every [`TokenStore::insert`] and [`TokenStore::revoke`] that has returned, on
    /// whichever process: never read it from a replica that lags.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. Never answer [`TokenState::Absent`] for an outage: to a JWT that
    /// means "not revoked".
    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError>;

    /// Revokes a token (RFC 7009) and remembers it at least until `until`.
    ///
    /// Works also where the record cannot be understood. Idempotent and monotone: the latest of the given `until`, an earlier one and the record's own is kept; for
    /// an absent id it leaves a tombstone.
    /// Durable before it returns, and the next [`TokenStore::find`] anywhere sees it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed. Core answers 503: the token may still live.
    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError>;

    /// Removes at most `limit` entries whose `until` is earlier than `before`, and returns how many went.
    ///
    /// Must not remove anything else, an entry whose `until` was just moved included, and must not hold up
    /// requests. `limit` is at least 1; core calls it again while it returns that many. A store that removes entries by
    /// itself has nothing to do here, and still says so where it is out of reach.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed.
    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// What this store does not keep of its promises, in words for the operator: the start-up summary shows each as
    /// a warning. Empty for a store that keeps them all. Constant for the life of the store, and asks nobody.
    fn caveats(&self) -> Vec<String>;
}

/// Whether a proof was still unspent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a proof that was not first is a replay"]
pub enum Claim {
    /// This caller, and no other ever, has spent it.
    First,
    /// It had been spent.
    Replayed,
}

/// What a store knows of a token.
#[derive(Clone, Debug)]
#[must_use = "a token may have been revoked"]
pub enum TokenState {
    /// Nothing. For a JWT: not revoked. For an opaque token: inactive.
    Absent,
    /// An opaque token that was stored and not revoked. It may have expired; core judges that.
    Live(Arc<TokenRecord>),
    /// Revoked.
    Revoked,
}
