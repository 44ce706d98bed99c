//! Trusted issuers, with their flaws.

use std::sync::Mutex;

use grantor::store::{
    Delete, Insert, Revision, StoreError, TrustPage, TrustQuery, TrustRegistry, TrustStore, TrustedIssuer,
    Update, Versioned,
};
use grantor::{IssuerName, Scope, async_trait};

use crate::records::Record;
use crate::store::{Data, Remembered, Store, Table};

impl Record for TrustedIssuer {
    type Id = IssuerName;

    fn id(&self) -> &IssuerName {
        self.issuer()
    }

    fn text(id: &IssuerName) -> &str {
        id.as_str()
    }

    fn id_of(text: &str) -> IssuerName {
        IssuerName::new(text).unwrap()
    }

    fn without_scope(&self) -> Self {
        self.to_builder().scope(Scope::empty()).build().unwrap()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn held(data: &Data) -> &Mutex<Table> {
        &data.issuers
    }

    fn remembered(store: &Store) -> &Mutex<Remembered> {
        &store.read_issuers
    }
}

#[async_trait]
impl TrustStore for Store {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        self.find_record(issuer).await
    }

    fn caveats(&self) -> Vec<String> {
        self.said::<TrustedIssuer>()
    }
}

#[async_trait]
impl TrustRegistry for Store {
    async fn insert(&self, first: Revision, issuer: &TrustedIssuer) -> Result<Insert, StoreError> {
        self.insert_record(first, issuer).await
    }

    async fn update(&self, expected: Revision, issuer: &TrustedIssuer) -> Result<Update, StoreError> {
        self.update_record(expected, issuer).await
    }

    async fn delete(&self, issuer: &IssuerName) -> Result<Delete, StoreError> {
        self.delete_record::<TrustedIssuer>(issuer).await
    }

    async fn list(&self, query: &TrustQuery) -> Result<TrustPage, StoreError> {
        let (issuers, next) =
            self.list_records(query.after(), query.limit(), |_: &TrustedIssuer| true).await?;
        Ok(TrustPage::new(issuers, next))
    }
}
