//! When each credential was last used: one row each.

use grantor::store::{CredentialUsage, CredentialUse, StoreError};
use grantor::{ClientId, CredentialId, Timestamp, async_trait};

use crate::PostgresStore;
use crate::columns::{column, from_primary};

#[async_trait]
impl CredentialUsage for PostgresStore {
    /// Two statements, each whole or not at all. The second forgets what is too old, and is one of its own so that it
    /// never holds a row while the first one waits for another.
    async fn touch(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        let statements = &self.parts().statements;
        let clients: Vec<&str> = uses.iter().map(|used| used.client.as_str()).collect();
        let credentials: Vec<&str> = uses.iter().map(|used| used.credential.as_str()).collect();
        let times: Vec<i64> = uses.iter().map(|used| used.at.as_unix()).collect();
        let touch = self.statement(&statements.touch_credentials);
        self.execute(touch.bind(clients).bind(credentials).bind(times)).await?;
        self.execute(self.statement(&statements.forget_credentials)).await.map(drop)
    }

    async fn last_used(&self, client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        let last_used = self.statement(&self.parts().statements.last_used).bind(client.as_str());
        let mut uses = Vec::new();
        for row in self.rows(last_used).await? {
            let row = from_primary(row)?;
            // The one row where there is none has no credential.
            let Some(credential) = column::<Option<&str>>(&row, 2)? else { break };
            let credential = CredentialId::new(credential).map_err(StoreError::corrupt)?;
            uses.push((credential, Timestamp::from_unix(column(&row, 3)?).map_err(StoreError::corrupt)?));
        }
        Ok(uses)
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
