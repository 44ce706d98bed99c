//! Spent proofs, opaque tokens and revocations.

use std::sync::Arc;

use grantor::store::{Claim, Insert, StoreError, TokenRecord, TokenState, TokenStore};
use grantor::{ProofId, Timestamp, TokenId, async_trait};

use crate::problem::Problem;
use crate::scripts::{KEEP, OVERWRITE};
use crate::store::RedisStore;

/// What is kept of a spent proof. A number below 10000 costs Redis no memory.
const SPENT: &[u8] = b"1";

/// What is kept of a revoked token.
const REVOKED: &[u8] = b"R";

/// What the document of a token that was not revoked begins with.
const LIVE: u8 = b'L';

#[async_trait]
impl TokenStore for RedisStore {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        let key = self.parts().layout.proof(proof);
        let until = until.as_unix().to_string();
        match self.parts().access.write(&KEEP, &[&key], &[until.as_bytes(), SPENT]).await? {
            1 => Ok(Claim::First),
            _ => Ok(Claim::Replayed),
        }
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        let key = self.parts().layout.token(token);
        let until = record.until().as_unix().to_string();
        let mut live = vec![LIVE];
        live.extend_from_slice(record.to_document()?.as_bytes());
        match self.parts().access.write(&KEEP, &[&key], &[until.as_bytes(), &live]).await? {
            1 => Ok(Insert::Done),
            _ => Ok(Insert::Exists),
        }
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        let key = self.parts().layout.token(token);
        let held = self.parts().access.read(&key, redis::cmd("GET").arg(&key.name)).await?;
        let Some(held) = held else { return Ok(TokenState::Absent) };
        match held.split_first() {
            Some((&LIVE, document)) => {
                let document = str::from_utf8(document).map_err(StoreError::corrupt)?;
                Ok(TokenState::Live(Arc::new(TokenRecord::from_document(document)?)))
            }
            _ if held == REVOKED => Ok(TokenState::Revoked),
            _ => Err(Problem::Stored("a token that is neither live nor revoked").into()),
        }
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        let key = self.parts().layout.token(token);
        let until = until.as_unix().to_string();
        self.parts().access.write(&OVERWRITE, &[&key], &[until.as_bytes(), REVOKED]).await?;
        Ok(())
    }

    /// Redis removes by itself what has ended. That it does not answer is told all the same, and so a dead connection
    /// is found though nobody uses it.
    async fn prune(&self, _before: Timestamp, _limit: u32) -> Result<u32, StoreError> {
        self.parts().access.ping().await?;
        Ok(0)
    }

    fn caveats(&self) -> Vec<String> {
        self.parts().caveats.clone()
    }
}
