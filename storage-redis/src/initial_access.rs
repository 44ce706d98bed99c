//! Initial access tokens.

use grantor::store::{
    Consume, CountedAccess, Delete, InitialAccess, InitialAccessPage, InitialAccessQuery, InitialAccessStore,
    Insert, Revision, StoreError, Versioned,
};
use grantor::{InitialAccessId, async_trait};

use crate::problem::Problem;
use crate::records::STRIDE;
use crate::scripts::CONSUME;
use crate::store::RedisStore;

#[async_trait]
impl InitialAccessStore for RedisStore {
    async fn find(&self, id: &InitialAccessId) -> Result<Option<CountedAccess>, StoreError> {
        let found = self.find_record(&self.parts().layout.initial_access, id.as_str()).await?;
        found.map(counted).transpose()
    }

    async fn consume(&self, id: &InitialAccessId, most: u32) -> Result<Consume, StoreError> {
        let key = &self.parts().layout.initial_access.records;
        let most = most.to_string();
        match self.parts().access.write(&CONSUME, &[key], &[id.as_str().as_bytes(), most.as_bytes()]).await? {
            1 => Ok(Consume::Done),
            0 => Ok(Consume::Spent),
            -1 => Ok(Consume::Missing),
            _ => Err(unreadable().into()),
        }
    }

    async fn insert(&self, access: &InitialAccess) -> Result<Insert, StoreError> {
        self.insert_record(&self.parts().layout.initial_access, Revision::ABSENT, access).await
    }

    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError> {
        self.delete_record(&self.parts().layout.initial_access, id.as_str()).await
    }

    /// A page is one stride at the most, and says where the next begins.
    async fn list(&self, query: &InitialAccessQuery) -> Result<InitialAccessPage, StoreError> {
        let (table, most) = (&self.parts().layout.initial_access, STRIDE.min(query.limit()));
        let stride = self.stride(table, query.after().map(InitialAccessId::as_str), most).await?;
        let is_full = stride.len() == most;
        let tokens = stride.into_iter().map(counted).collect::<Result<Vec<_>, _>>()?;
        let next = tokens.last().filter(|_| is_full).map(|last| last.access.id().clone());
        Ok(InitialAccessPage::new(tokens, next))
    }

    fn caveats(&self) -> Vec<String> {
        self.parts().caveats.clone()
    }
}

/// The number before the record is the count, where other records have their revision.
fn counted(held: Versioned<InitialAccess>) -> Result<CountedAccess, StoreError> {
    let uses = u32::try_from(held.revision().get()).map_err(|_| unreadable())?;
    Ok(CountedAccess::new(held.record().clone(), uses))
}

fn unreadable() -> Problem {
    Problem::Stored("an initial access token without a count of its uses")
}
