//! Spent proofs, opaque tokens and revocations: one row each.

use std::sync::Arc;

use grantor::store::{Claim, Insert, StoreError, TokenRecord, TokenState, TokenStore};
use grantor::{ProofId, Timestamp, TokenId, async_trait};

use crate::PostgresStore;
use crate::columns::{column, from_primary};
use crate::statements::PRUNE_BATCH;

#[async_trait]
impl TokenStore for PostgresStore {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        let claim = self
            .statement(&self.parts().statements.claim)
            .bind(proof.as_bytes().as_slice())
            .bind(until.as_unix());
        Ok(if self.execute(claim).await? == 1 { Claim::First } else { Claim::Replayed })
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        let insert = self
            .statement(&self.parts().statements.insert_token)
            .bind(token.as_bytes().as_slice())
            .bind(record.until().as_unix())
            .bind(record.to_document()?);
        Ok(if self.execute(insert).await? == 1 { Insert::Done } else { Insert::Exists })
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        let find = self.statement(&self.parts().statements.find_token).bind(token.as_bytes().as_slice());
        let row = from_primary(self.one_row(find).await?)?;
        if column::<Option<&[u8]>>(&row, 1)?.is_none() {
            return Ok(TokenState::Absent);
        }
        match column::<Option<&str>>(&row, 2)? {
            None => Ok(TokenState::Revoked),
            Some(document) => Ok(TokenState::Live(Arc::new(TokenRecord::from_document(document)?))),
        }
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        let revoke = self
            .statement(&self.parts().statements.revoke)
            .bind(token.as_bytes().as_slice())
            .bind(until.as_unix());
        self.execute(revoke).await.map(drop)
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut removed = 0;
        while removed < limit {
            let most = PRUNE_BATCH.min(limit - removed);
            let prune =
                self.statement(&self.parts().statements.prune).bind(before.as_unix()).bind(i64::from(most));
            let gone: i64 = column(&self.one_row(prune).await?, 0)?;
            removed += u32::try_from(gone).map_err(StoreError::corrupt)?;
            if gone < i64::from(most) {
                break;
            }
        }
        Ok(removed)
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
