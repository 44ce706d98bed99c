//! Initial access tokens, as one kind of record: the count of their uses is the number that stands beside them.

use grantor::store::{
    CountedAccess, Delete, InitialAccess, InitialAccessQuery, InitialAccessStore, Insert, Revision,
    StoreError, Versioned,
};
use grantor::{InitialAccessId, async_trait};

use super::{Finds, Keeps, Page, Query, Record};
use crate::broken::{Checked, Promise};
use crate::fixture::Planted;
use crate::hostile;

impl Record for InitialAccess {
    type Id = InitialAccessId;
    type Query = InitialAccessQuery;

    const LONGEST: usize = 64;
    const BEGINS: Revision = Revision::ABSENT;

    fn id_of(promise: Promise, text: &str) -> Checked<InitialAccessId> {
        promise.made(InitialAccessId::new(text))
    }

    fn text(id: &InitialAccessId) -> &str {
        id.as_str()
    }

    fn is_id(text: &str) -> bool {
        InitialAccessId::new(text).is_ok()
    }

    fn id(&self) -> &InitialAccessId {
        self.id()
    }

    fn name(&self) -> Option<&str> {
        self.label()
    }

    /// From a document, since a new token has a random id.
    fn named(promise: Promise, id: &str, name: &str) -> Checked<Self> {
        let digest = "A".repeat(43);
        let document = format!(r#"{{"v":1,"id":"{id}","digest":"{digest}","label":"{name}"}}"#);
        promise.made(Self::from_document(&document))
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn hostile_document(id: &str) -> String {
        hostile::initial_access_document(id)
    }

    fn hostile_documents(id: &str) -> Vec<String> {
        vec![Self::hostile_document(id)]
    }

    fn planted<'a>(id: &'a InitialAccessId, document: &'a str) -> Planted<'a> {
        Planted::InitialAccess { id, document }
    }

    fn same_members(&self, other: &Self) -> Vec<(&'static str, bool)> {
        vec![
            ("label", self.label() == other.label()),
            ("max_uses", self.max_uses() == other.max_uses()),
            ("expires_at", self.expires_at() == other.expires_at()),
            ("scope", self.scope() == other.scope()),
            ("auth_methods", self.auth_methods() == other.auth_methods()),
            ("created_at", self.created_at() == other.created_at()),
        ]
    }
}

impl Query<InitialAccessId> for InitialAccessQuery {
    fn first(limit: usize) -> Self {
        Self::first(limit)
    }

    fn starting_after(self, last: InitialAccessId) -> Self {
        self.starting_after(last)
    }

    fn after(&self) -> Option<&InitialAccessId> {
        self.after()
    }

    fn limit(&self) -> usize {
        self.limit()
    }
}

#[async_trait]
impl<S: InitialAccessStore + ?Sized> Finds<InitialAccess> for S {
    async fn find(&self, id: &InitialAccessId) -> Result<Option<Versioned<InitialAccess>>, StoreError> {
        Ok(InitialAccessStore::find(self, id).await?.map(with_count))
    }

    fn caveats(&self) -> Vec<String> {
        InitialAccessStore::caveats(self)
    }
}

#[async_trait]
impl<S: InitialAccessStore + ?Sized> Keeps<InitialAccess> for S {
    /// Its count begins where the store begins it.
    async fn insert(&self, _first: Revision, access: &InitialAccess) -> Result<Insert, StoreError> {
        InitialAccessStore::insert(self, access).await
    }

    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError> {
        InitialAccessStore::delete(self, id).await
    }

    async fn list(&self, query: &InitialAccessQuery) -> Result<Page<InitialAccess>, StoreError> {
        let page = InitialAccessStore::list(self, query).await?;
        Ok((page.tokens.into_iter().map(with_count).collect(), page.next))
    }
}

fn with_count(counted: CountedAccess) -> Versioned<InitialAccess> {
    Versioned::new(counted.access, Revision::new(counted.uses.into()))
}
