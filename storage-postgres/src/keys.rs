//! The key set: one row, or none.

use grantor::async_trait;
use grantor::store::{KeySet, KeyStore, Replace, Revision, StoreError};

use crate::PostgresStore;
use crate::columns::{column, from_primary, to_number, to_revision};

#[async_trait]
impl KeyStore for PostgresStore {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        let load = self.statement(&self.parts().statements.load_keys);
        let row = from_primary(self.one_row(load).await?)?;
        match column::<Option<i64>>(&row, 2)? {
            None => Ok((KeySet::default(), Revision::ABSENT)),
            Some(revision) => Ok((KeySet::from_document(column(&row, 3)?)?, to_revision(revision)?)),
        }
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        let (statements, next) = (&self.parts().statements, to_number(expected.next())?);
        let replace = if expected == Revision::ABSENT {
            self.statement(&statements.insert_keys).bind(next)
        } else {
            self.statement(&statements.replace_keys).bind(to_number(expected)?).bind(next)
        };
        let written = self.execute(replace.bind(keys.to_document()?)).await?;
        Ok(if written == 1 { Replace::Won } else { Replace::Lost })
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
