//! Clients.

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};

use crate::memory_store::{CAVEAT, MemoryStore, Parts};
use crate::records::Record;

impl Record for Client {
    type Id = ClientId;

    fn id(&self) -> &ClientId {
        self.id()
    }
}

#[async_trait]
impl ClientStore for MemoryStore {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        Ok(self.parts().clients.find(id))
    }

    fn caveats(&self) -> Vec<String> {
        vec![CAVEAT.to_owned()]
    }
}

#[async_trait]
impl ClientRegistry for MemoryStore {
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(self, id).await
    }

    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        self.parts().clients.insert(first, client)
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        Ok(self.parts().clients.update(expected, client))
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let Parts { clients, uses, .. } = self.parts();
        uses.forget(id);
        Ok(clients.delete(id))
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        let is_named_so = |client: &Client| match query.name_prefix() {
            Some(prefix) => client.name().unwrap_or_default().starts_with(prefix),
            None => true,
        };
        let (clients, next) = self.parts().clients.page(query.after(), query.limit(), is_named_so);
        Ok(ClientPage::new(clients, next))
    }
}
