//! Initial access tokens: one row each.

use grantor::store::{
    Consume, CountedAccess, Delete, InitialAccess, InitialAccessPage, InitialAccessQuery, InitialAccessStore,
    Insert, StoreError, Update, Versioned,
};
use grantor::{InitialAccessId, async_trait};

use crate::PostgresStore;
use crate::failure::Failure;
use crate::records::one_more;

#[async_trait]
impl InitialAccessStore for PostgresStore {
    async fn find(&self, id: &InitialAccessId) -> Result<Option<CountedAccess>, StoreError> {
        let find = self.statement(&self.parts().statements.find_initial_access).bind(id.as_str());
        self.find_record(find).await?.map(counted).transpose()
    }

    async fn consume(&self, id: &InitialAccessId, most: u32) -> Result<Consume, StoreError> {
        let consume = self
            .statement(&self.parts().statements.consume_initial_access)
            .bind(id.as_str())
            .bind(i64::from(most));
        Ok(match self.update_record(consume).await? {
            Update::Done => Consume::Done,
            Update::Conflict => Consume::Spent,
            Update::Missing => Consume::Missing,
        })
    }

    async fn insert(&self, access: &InitialAccess) -> Result<Insert, StoreError> {
        let insert = self
            .statement(&self.parts().statements.insert_initial_access)
            .bind(access.id().as_str())
            .bind(access.to_document()?);
        Ok(if self.execute(insert).await? == 1 { Insert::Done } else { Insert::Exists })
    }

    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError> {
        let delete = self.statement(&self.parts().statements.delete_initial_access).bind(id.as_str());
        Ok(if self.execute(delete).await? == 1 { Delete::Done } else { Delete::Missing })
    }

    async fn list(&self, query: &InitialAccessQuery) -> Result<InitialAccessPage, StoreError> {
        let list = self
            .statement(&self.parts().statements.list_initial_access)
            // Every id comes after the empty text.
            .bind(query.after().map_or("", InitialAccessId::as_str))
            .bind(one_more(query.limit()));
        let (page, has_more) = self.page(list, query.limit()).await?;
        let tokens = page.into_iter().map(counted).collect::<Result<Vec<_>, _>>()?;
        let next = tokens.last().filter(|_| has_more).map(|last| last.access.id().clone());
        Ok(InitialAccessPage::new(tokens, next))
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The number beside the document is the count, where other records have their revision.
fn counted(held: Versioned<InitialAccess>) -> Result<CountedAccess, StoreError> {
    let uses = u32::try_from(held.revision().get()).map_err(|_| StoreError::corrupt(Failure::CountOfUses))?;
    Ok(CountedAccess::new(held.record().clone(), uses))
}
