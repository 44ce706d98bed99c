//! Clients, with their flaws.

use std::sync::Mutex;

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, Scope, async_trait};

use crate::flaw::Flaw;
use crate::records::{Record, is_like};
use crate::store::{Data, Remembered, Store, Table};

impl Record for Client {
    type Id = ClientId;

    fn id(&self) -> &ClientId {
        self.id()
    }

    fn text(id: &ClientId) -> &str {
        id.as_str()
    }

    fn id_of(text: &str) -> ClientId {
        ClientId::new(text).unwrap()
    }

    fn without_scope(&self) -> Self {
        self.to_builder().default_scope(None).scope(Scope::empty()).build().unwrap()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn held(data: &Data) -> &Mutex<Table> {
        &data.clients
    }

    fn remembered(store: &Store) -> &Mutex<Remembered> {
        &store.read_clients
    }
}

#[async_trait]
impl ClientStore for Store {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.find_record(id).await
    }

    fn caveats(&self) -> Vec<String> {
        self.said::<Client>()
    }
}

#[async_trait]
impl ClientRegistry for Store {
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.find_record(id).await
    }

    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        self.insert_record(first, client).await
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        self.update_record(expected, client).await
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        self.delete_record::<Client>(id).await
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        let is_named_so = |client: &Client| matches_name(self.flaw, client, query);
        let (clients, next) = self.list_records(query.after(), query.limit(), is_named_so).await?;
        Ok(ClientPage::new(clients, next))
    }
}

fn matches_name(flaw: Flaw, client: &Client, query: &ClientQuery) -> bool {
    let (name, Some(prefix)) = (client.name().unwrap_or_default(), query.name_prefix()) else { return true };
    match flaw {
        Flaw::NamesByPattern => is_like(name, &format!("{prefix}%")),
        Flaw::NamesWithoutCase => name.to_lowercase().starts_with(&prefix.to_lowercase()),
        _ => name.starts_with(prefix),
    }
}
