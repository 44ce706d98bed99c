//! Clients, as one kind of record.

use grantor::store::{
    AuthMethod, Client, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};

use super::{Changing, FIRST, Finds, Keeps, Page, Query, Record, Registry};
use crate::broken::{Checked, Promise};
use crate::fixture::Planted;
use crate::hostile;
use crate::ids::client_id;

impl Record for Client {
    type Id = ClientId;
    type Query = ClientQuery;

    const LONGEST: usize = 255;
    const BEGINS: Revision = FIRST;

    fn id_of(promise: Promise, text: &str) -> Checked<ClientId> {
        client_id(promise, text)
    }

    fn text(id: &ClientId) -> &str {
        id.as_str()
    }

    fn is_id(text: &str) -> bool {
        ClientId::new(text).is_ok()
    }

    fn id(&self) -> &ClientId {
        self.id()
    }

    fn name(&self) -> Option<&str> {
        self.name()
    }

    fn named(promise: Promise, id: &str, name: &str) -> Checked<Self> {
        let id = client_id(promise, id)?;
        promise.made(Self::builder(id, AuthMethod::CLIENT_SECRET_BASIC).name(name).build())
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn hostile_document(id: &str) -> String {
        hostile::client_document(id)
    }

    fn hostile_documents(id: &str) -> Vec<String> {
        vec![hostile::client_document(id), hostile::publishing_client_document(id)]
    }

    fn planted<'a>(id: &'a ClientId, document: &'a str) -> Planted<'a> {
        Planted::Client { id, document }
    }

    fn same_members(&self, other: &Self) -> Vec<(&'static str, bool)> {
        vec![
            ("name", self.name() == other.name()),
            ("enabled", self.is_enabled() == other.is_enabled()),
            ("auth_method", self.auth_method() == other.auth_method()),
            ("auth_signing_alg", self.auth_signing_alg() == other.auth_signing_alg()),
            ("credentials", self.credentials() == other.credentials()),
            ("grant_types", self.grant_types().eq(other.grant_types())),
            ("scope", self.scope() == other.scope()),
            ("resources", self.resources() == other.resources()),
            ("token_epoch", self.token_epoch() == other.token_epoch()),
            ("metadata", self.metadata() == other.metadata()),
            ("registration", self.registration() == other.registration()),
        ]
    }
}

impl Changing for Client {
    fn with_enabled(&self, promise: Promise, enabled: bool) -> Checked<Self> {
        promise.made(self.to_builder().enabled(enabled).build())
    }

    fn document_of_word(id: &str, word: &str, enabled: bool) -> String {
        let credentials: Vec<String> = (0..10)
            .map(|number| {
                format!(r#"{{"id":"{word}-{number}","kind":{{"newer":"{word}"}},"label":"{word}"}}"#)
            })
            .collect();
        format!(
            r#"{{"v":1,"id":"{id}","name":"{word}","enabled":{enabled},"auth_method":"client_secret_basic",
            "auth_signing_alg":"{word}","registration":{},
            "credentials":[{}],"grant_types":["client_credentials","{word}"],"scope":"{word}",
            "resources":["https://{word}.example.com"],"token_epoch":{},"metadata":{{"{word}":"{word}"}}}}"#,
            hostile::registration(word, &format!(r#"{{"client_uri":"https://{word}.example.com"}}"#)),
            credentials.join(","),
            word.len()
        )
    }
}

impl Query<ClientId> for ClientQuery {
    fn first(limit: usize) -> Self {
        Self::first(limit)
    }

    fn starting_after(self, last: ClientId) -> Self {
        self.starting_after(last)
    }

    fn after(&self) -> Option<&ClientId> {
        self.after()
    }

    fn limit(&self) -> usize {
        self.limit()
    }
}

#[async_trait]
impl<S: ClientStore + ?Sized> Finds<Client> for S {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(self, id).await
    }

    fn caveats(&self) -> Vec<String> {
        ClientStore::caveats(self)
    }
}

#[async_trait]
impl<S: ClientRegistry + ?Sized> Keeps<Client> for S {
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        ClientRegistry::insert(self, first, client).await
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        ClientRegistry::delete(self, id).await
    }

    async fn list(&self, query: &ClientQuery) -> Result<Page<Client>, StoreError> {
        let page = ClientRegistry::list(self, query).await?;
        Ok((page.clients, page.next))
    }
}

#[async_trait]
impl<S: ClientRegistry + ?Sized> Registry<Client> for S {
    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        ClientRegistry::update(self, expected, client).await
    }
}
