//! Changes through a cache: whatever becomes of them, the old record is forgotten.

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, Delete, Insert, Revision, StoreError, Update, Versioned,
};
use grantor::{ClientId, async_trait};

use super::{ClientCache, Parts};

/// Forgets a client when the change has ended: done, refused, failed and so perhaps done, or given up half way.
struct Change<'a, S> {
    cache: &'a Parts<S>,
    id: &'a ClientId,
}

impl<S> Drop for Change<'_, S> {
    fn drop(&mut self) {
        self.cache.forget(self.id);
    }
}

impl<S> ClientCache<S> {
    fn change<'a>(&'a self, id: &'a ClientId) -> Change<'a, S> {
        Change { cache: &self.0, id }
    }
}

#[async_trait]
impl<S: ClientRegistry> ClientRegistry for ClientCache<S> {
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        // Past the cache.
        self.0.store.latest(id).await
    }

    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        let _change = self.change(client.id());
        self.0.store.insert(first, client).await
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        let _change = self.change(client.id());
        self.0.store.update(expected, client).await
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let _change = self.change(id);
        self.0.store.delete(id).await
    }

    /// As the store has it, past the cache.
    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        self.0.store.list(query).await
    }
}
