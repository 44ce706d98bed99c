//! Clients.

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};

use crate::records::STRIDE;
use crate::store::RedisStore;

/// How many strides a page is worth. A search by name that finds nothing in so many ends with an empty page and goes
/// on with the next.
const STRIDES: usize = 16;

#[async_trait]
impl ClientStore for RedisStore {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.find_record(&self.parts().layout.clients, id.as_str()).await
    }

    fn caveats(&self) -> Vec<String> {
        self.parts().caveats.clone()
    }
}

#[async_trait]
impl ClientRegistry for RedisStore {
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(self, id).await
    }

    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        self.insert_record(&self.parts().layout.clients, first, client).await
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        self.update_record(&self.parts().layout.clients, expected, client).await
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let gone = self.delete_record(&self.parts().layout.clients, id.as_str()).await?;
        self.forget_uses(id).await;
        Ok(gone)
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        let table = &self.parts().layout.clients;
        let mut found: Vec<Versioned<Client>> = Vec::new();
        let mut last = query.after().cloned();
        for _ in 0..STRIDES {
            let most =
                if query.name_prefix().is_some() { STRIDE } else { STRIDE.min(query.limit() - found.len()) };
            let stride = self.stride::<Client>(table, last.as_ref().map(ClientId::as_str), most).await?;
            let is_last = stride.len() < most;
            for client in stride {
                last = Some(client.record().id().clone());
                if !matches_name(client.record(), query) {
                    continue;
                }
                found.push(client);
                if found.len() == query.limit() {
                    return Ok(ClientPage::new(found, last));
                }
            }
            if is_last {
                return Ok(ClientPage::new(found, None));
            }
        }
        Ok(ClientPage::new(found, last))
    }
}

fn matches_name(client: &Client, query: &ClientQuery) -> bool {
    query.name_prefix().is_none_or(|prefix| client.name().unwrap_or_default().starts_with(prefix))
}
