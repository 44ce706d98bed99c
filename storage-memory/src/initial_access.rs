//! Initial access tokens.

use grantor::store::{
    Consume, CountedAccess, Delete, InitialAccess, InitialAccessPage, InitialAccessQuery, InitialAccessStore,
    Insert, Revision, StoreError, Versioned,
};
use grantor::{InitialAccessId, async_trait};

use crate::memory_store::{CAVEAT, MemoryStore};
use crate::records::Record;

/// Held as what has revisions is: the count of its uses stands in the place of one, since nothing else of it changes.
impl Record for InitialAccess {
    type Id = InitialAccessId;

    fn id(&self) -> &InitialAccessId {
        self.id()
    }
}

#[async_trait]
impl InitialAccessStore for MemoryStore {
    async fn find(&self, id: &InitialAccessId) -> Result<Option<CountedAccess>, StoreError> {
        self.parts().initial_access.find(id).map(counted).transpose()
    }

    async fn consume(&self, id: &InitialAccessId, most: u32) -> Result<Consume, StoreError> {
        Ok(self.parts().initial_access.consume(id, most))
    }

    async fn insert(&self, access: &InitialAccess) -> Result<Insert, StoreError> {
        self.parts().initial_access.insert(Revision::ABSENT, access)
    }

    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError> {
        Ok(self.parts().initial_access.delete(id))
    }

    async fn list(&self, query: &InitialAccessQuery) -> Result<InitialAccessPage, StoreError> {
        let (tokens, next) = self.parts().initial_access.page(query.after(), query.limit(), |_| true);
        Ok(InitialAccessPage::new(tokens.into_iter().map(counted).collect::<Result<_, _>>()?, next))
    }

    fn caveats(&self) -> Vec<String> {
        vec![CAVEAT.to_owned()]
    }
}

/// The count is a number of 32 bits, since `most` is one.
fn counted(held: Versioned<InitialAccess>) -> Result<CountedAccess, StoreError> {
    let uses = u32::try_from(held.revision().get()).map_err(StoreError::corrupt)?;
    Ok(CountedAccess::new(held.record().clone(), uses))
}
