//! Initial access tokens, with the flaws of counting their uses.

use std::sync::Mutex;

use grantor::store::{
    Consume, CountedAccess, Delete, InitialAccess, InitialAccessPage, InitialAccessQuery, InitialAccessStore,
    Insert, Revision, StoreError, Versioned,
};
use grantor::{InitialAccessId, async_trait};

use crate::flaw::Flaw;
use crate::records::{Record, is_like};
use crate::store::{Data, Remembered, Store, Table, lock};

/// The number beside the document is the count of uses.
impl Record for InitialAccess {
    type Id = InitialAccessId;

    fn id(&self) -> &InitialAccessId {
        self.id()
    }

    fn text(id: &InitialAccessId) -> &str {
        id.as_str()
    }

    fn id_of(text: &str) -> InitialAccessId {
        InitialAccessId::new(text).unwrap()
    }

    fn without_scope(&self) -> Self {
        let document = self.to_document().unwrap();
        Self::from_document(&document.replace("\"scope\":", "\"lost\":")).unwrap()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn held(data: &Data) -> &Mutex<Table> {
        &data.initial_access
    }

    fn remembered(store: &Store) -> &Mutex<Remembered> {
        &store.read_initial_access
    }
}

#[async_trait]
impl InitialAccessStore for Store {
    async fn find(&self, id: &InitialAccessId) -> Result<Option<CountedAccess>, StoreError> {
        let found = self.find_record(id).await?;
        Ok(found.map(|found| self.counted(found)))
    }

    async fn consume(&self, id: &InitialAccessId, most: u32) -> Result<Consume, StoreError> {
        let when_down: [(Flaw, fn() -> _); 3] = [
            (Flaw::ConsumedWhenDown, || Consume::Done),
            (Flaw::SpentWhenDown, || Consume::Spent),
            (Flaw::MissingWhenDown, || Consume::Missing),
        ];
        if let Some(wrong) = self.reach(&when_down).await? {
            return Ok(wrong);
        }
        let (table, key) = (&self.data.initial_access, self.key(id.as_str()));
        let looked = lock(table).get(&key).cloned();
        self.pause_if(Flaw::LooksThenConsumes);
        self.pause_if(Flaw::ConsumeUndoesDelete);
        let mut tokens = lock(table);
        let mut now = tokens.get(&key).cloned();
        match self.flaw {
            Flaw::LooksThenConsumes => now = now.and(looked),
            Flaw::ConsumeUndoesDelete => now = now.or(looked),
            _ => {}
        }
        let Some((document, uses)) = now else {
            return Ok(match self.flaw {
                Flaw::TakesMissingForSpent => Consume::Spent,
                Flaw::ConsumesWhatIsMissing => Consume::Done,
                _ => Consume::Missing,
            });
        };
        let most = u64::from(most);
        let is_spent = match self.flaw {
            Flaw::IgnoresTheMost => false,
            Flaw::CountsOneMoreThanTheMost => uses > most,
            Flaw::KeepsCountsToItself => {
                lock(&self.own_counts).get(&key).copied().unwrap_or_default() >= most
            }
            _ => uses >= most,
        };
        if is_spent {
            if self.has(Flaw::CountsWhatIsSpent) {
                tokens.insert(key, (document, uses + 1));
            }
            return Ok(Consume::Spent);
        }
        match self.flaw {
            Flaw::ForgetsTheCount => {}
            Flaw::KeepsCountsToItself => *lock(&self.own_counts).entry(key).or_default() += 1,
            // As a column of 8 bits that stays at its highest.
            Flaw::CutsCounts => drop(tokens.insert(key, (document, (uses + 1).min(255)))),
            Flaw::ConsumesByPattern => {
                let like = tokens.iter_mut().filter(|(id, _)| **id == key || is_like(id, &key));
                like.for_each(|(_, (_, uses))| *uses += 1);
            }
            _ => drop(tokens.insert(key, (document, uses + 1))),
        }
        Ok(Consume::Done)
    }

    async fn insert(&self, access: &InitialAccess) -> Result<Insert, StoreError> {
        let kept = lock(&self.data.kept_counts).get(access.id().as_str()).copied();
        let first = match self.flaw {
            Flaw::KeepsTheCount => kept.unwrap_or_default(),
            Flaw::StartsAtOne => 1,
            _ => 0,
        };
        self.insert_record(Revision::new(first), access).await
    }

    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError> {
        let held = lock(&self.data.initial_access).get(id.as_str()).cloned();
        if let Some((_, uses)) = held {
            lock(&self.data.kept_counts).insert(id.as_str().to_owned(), uses);
        }
        self.delete_record::<InitialAccess>(id).await
    }

    async fn list(&self, query: &InitialAccessQuery) -> Result<InitialAccessPage, StoreError> {
        let (tokens, next) =
            self.list_records(query.after(), query.limit(), |_: &InitialAccess| true).await?;
        let counted = |found: Versioned<InitialAccess>| match self.flaw {
            Flaw::ListsWithoutCounts => CountedAccess::new(found.record().clone(), 0),
            _ => self.counted(found),
        };
        Ok(InitialAccessPage::new(tokens.into_iter().map(counted).collect(), next))
    }

    fn caveats(&self) -> Vec<String> {
        self.said::<InitialAccess>()
    }
}

impl Store {
    fn counted(&self, found: Versioned<InitialAccess>) -> CountedAccess {
        let own = lock(&self.own_counts).get(found.record().id().as_str()).copied();
        let uses = if self.has(Flaw::KeepsCountsToItself) {
            own.unwrap_or_default()
        } else {
            found.revision().get()
        };
        CountedAccess::new(found.record().clone(), u32::try_from(uses).unwrap())
    }
}
