//! Spent proofs, opaque tokens and revocations.

use std::sync::Arc;

use grantor::store::{Claim, Insert, StoreError, TokenRecord, TokenState, TokenStore};
use grantor::{ProofId, Timestamp, TokenId, async_trait};

use crate::bound::Bound;
use crate::expiring::{ExpiringMap, IfHeld, Put};
use crate::memory_store::{CAVEAT, MemoryStore};

/// Proofs and tokens apart, so that neither an id nor a flood of the one touches the other.
pub(crate) struct Tokens {
    pub(crate) claims: ExpiringMap<()>,
    pub(crate) tokens: ExpiringMap<Held>,
}

/// What is known of a token. Records are shared, so that no lock is held while one is copied.
#[derive(Clone)]
pub(crate) enum Held {
    Live(Arc<TokenRecord>),
    Revoked,
}

impl Tokens {
    pub(crate) fn new(claims: Bound, tokens: Bound) -> Self {
        Self { claims: ExpiringMap::new(claims), tokens: ExpiringMap::new(tokens) }
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        let now = self.parts().clock.now();
        match self.parts().tokens.claims.put(*proof.as_bytes(), (), until, now, IfHeld::Keep)? {
            Put::Added => Ok(Claim::First),
            Put::Held => Ok(Claim::Replayed),
        }
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        let now = self.parts().clock.now();
        let live = Held::Live(Arc::new(record.clone()));
        match self.parts().tokens.tokens.put(*token.as_bytes(), live, record.until(), now, IfHeld::Keep)? {
            Put::Added => Ok(Insert::Done),
            Put::Held => Ok(Insert::Exists),
        }
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        Ok(match self.parts().tokens.tokens.get(token.as_bytes()) {
            None => TokenState::Absent,
            Some(Held::Live(record)) => TokenState::Live(record),
            Some(Held::Revoked) => TokenState::Revoked,
        })
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        let now = self.parts().clock.now();
        let tokens = &self.parts().tokens.tokens;
        match tokens.put(*token.as_bytes(), Held::Revoked, until, now, IfHeld::Overwrite)? {
            Put::Added | Put::Held => Ok(()),
        }
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let Tokens { claims, tokens } = &self.parts().tokens;
        let removed = claims.prune(before, limit);
        Ok(removed + tokens.prune(before, limit - removed))
    }

    fn caveats(&self) -> Vec<String> {
        vec![CAVEAT.to_owned()]
    }
}
