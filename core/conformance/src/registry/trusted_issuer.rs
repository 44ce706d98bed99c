//! Trusted issuers, as one kind of record.

use grantor::store::{
    ClaimMatch, Delete, Insert, IssuerKeys, Revision, StoreError, TrustQuery, TrustRegistry, TrustStore,
    TrustedIssuer, Update, Versioned,
};
use grantor::{IssuerName, KeySetUrl, async_trait};

use super::{Changing, FIRST, Finds, Keeps, Page, Query, Record, Registry};
use crate::broken::{Checked, Promise};
use crate::fixture::Planted;
use crate::hostile;

impl Record for TrustedIssuer {
    type Id = IssuerName;
    type Query = TrustQuery;

    const LONGEST: usize = 512;
    const BEGINS: Revision = FIRST;

    fn id_of(promise: Promise, text: &str) -> Checked<IssuerName> {
        promise.made(IssuerName::new(text))
    }

    fn text(id: &IssuerName) -> &str {
        id.as_str()
    }

    fn is_id(text: &str) -> bool {
        IssuerName::new(text).is_ok()
    }

    fn id(&self) -> &IssuerName {
        self.issuer()
    }

    fn name(&self) -> Option<&str> {
        self.name()
    }

    fn named(promise: Promise, id: &str, name: &str) -> Checked<Self> {
        let keys = IssuerKeys::Url(promise.made(KeySetUrl::new("https://keys.example.com/jwks"))?);
        let issuer = Self::builder(Self::id_of(promise, id)?, keys, ClaimMatch::Any);
        promise.made(issuer.name(name).build())
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn hostile_document(id: &str) -> String {
        hostile::issuer_document(id, hostile::NEWER_KEYS)
    }

    fn hostile_documents(id: &str) -> Vec<String> {
        let keys = hostile::keys_of_issuers();
        keys.iter().map(|keys| hostile::issuer_document(id, keys)).collect()
    }

    fn planted<'a>(id: &'a IssuerName, document: &'a str) -> Planted<'a> {
        Planted::TrustedIssuer { issuer: id, document }
    }

    fn same_members(&self, other: &Self) -> Vec<(&'static str, bool)> {
        vec![
            ("name", self.name() == other.name()),
            ("enabled", self.is_enabled() == other.is_enabled()),
            ("keys", self.keys() == other.keys()),
            ("audience", self.audience() == other.audience()),
            ("subject", self.subject() == other.subject()),
            ("may_omit_subject", self.may_omit_subject() == other.may_omit_subject()),
            ("client", self.client() == other.client()),
            ("clients", self.clients() == other.clients()),
            ("scope", self.scope() == other.scope()),
            ("heeds_scope_claim", self.heeds_scope_claim() == other.heeds_scope_claim()),
            ("resources", self.resources() == other.resources()),
            ("longest_life", self.longest_life() == other.longest_life()),
            ("token_lifetime", self.token_lifetime() == other.token_lifetime()),
            ("reusable", self.is_reusable() == other.is_reusable()),
            ("metadata", self.metadata() == other.metadata()),
        ]
    }
}

impl Changing for TrustedIssuer {
    fn with_enabled(&self, promise: Promise, enabled: bool) -> Checked<Self> {
        promise.made(self.to_builder().enabled(enabled).build())
    }

    fn document_of_word(id: &str, word: &str, enabled: bool) -> String {
        let life = word.len();
        format!(
            r#"{{"v":1,"iss":"{id}","name":"{word}","enabled":{enabled},
            "aud":"{word}","keys":{{"jwks_uri":"https://{word}.example.com/jwks"}},"sub":{{"is":"{word}"}},
            "sub_optional":{enabled},"client":"{word}","clients":["{word}"],"scope":"{word}","scope_claim":{enabled},
            "resources":["https://{word}.example.com"],"longest_life":{life},"token_lifetime":{life},
            "reusable":{enabled},"created_at":{life},"metadata":{{"{word}":"{word}"}}}}"#
        )
    }
}

impl Query<IssuerName> for TrustQuery {
    fn first(limit: usize) -> Self {
        Self::first(limit)
    }

    fn starting_after(self, last: IssuerName) -> Self {
        self.starting_after(last)
    }

    fn after(&self) -> Option<&IssuerName> {
        self.after()
    }

    fn limit(&self) -> usize {
        self.limit()
    }
}

#[async_trait]
impl<S: TrustStore + ?Sized> Finds<TrustedIssuer> for S {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        TrustStore::find(self, issuer).await
    }

    fn caveats(&self) -> Vec<String> {
        TrustStore::caveats(self)
    }
}

#[async_trait]
impl<S: TrustRegistry + ?Sized> Keeps<TrustedIssuer> for S {
    async fn insert(&self, first: Revision, issuer: &TrustedIssuer) -> Result<Insert, StoreError> {
        TrustRegistry::insert(self, first, issuer).await
    }

    async fn delete(&self, issuer: &IssuerName) -> Result<Delete, StoreError> {
        TrustRegistry::delete(self, issuer).await
    }

    async fn list(&self, query: &TrustQuery) -> Result<Page<TrustedIssuer>, StoreError> {
        let page = TrustRegistry::list(self, query).await?;
        Ok((page.issuers, page.next))
    }
}

#[async_trait]
impl<S: TrustRegistry + ?Sized> Registry<TrustedIssuer> for S {
    async fn update(&self, expected: Revision, issuer: &TrustedIssuer) -> Result<Update, StoreError> {
        TrustRegistry::update(self, expected, issuer).await
    }
}
