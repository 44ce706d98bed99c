//! Trusted issuers.

use grantor::store::{
    Delete, Insert, Revision, StoreError, TrustPage, TrustQuery, TrustRegistry, TrustStore, TrustedIssuer,
    Update, Versioned,
};
use grantor::{IssuerName, async_trait};

use crate::records::STRIDE;
use crate::store::RedisStore;

#[async_trait]
impl TrustStore for RedisStore {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        self.find_record(&self.parts().layout.issuers, issuer.as_str()).await
    }

    fn caveats(&self) -> Vec<String> {
        self.parts().caveats.clone()
    }
}

#[async_trait]
impl TrustRegistry for RedisStore {
    async fn insert(&self, first: Revision, issuer: &TrustedIssuer) -> Result<Insert, StoreError> {
        self.insert_record(&self.parts().layout.issuers, first, issuer).await
    }

    async fn update(&self, expected: Revision, issuer: &TrustedIssuer) -> Result<Update, StoreError> {
        self.update_record(&self.parts().layout.issuers, expected, issuer).await
    }

    async fn delete(&self, issuer: &IssuerName) -> Result<Delete, StoreError> {
        self.delete_record(&self.parts().layout.issuers, issuer.as_str()).await
    }

    /// A page is one stride at the most, and says where the next begins.
    async fn list(&self, query: &TrustQuery) -> Result<TrustPage, StoreError> {
        let (table, most) = (&self.parts().layout.issuers, STRIDE.min(query.limit()));
        let after = query.after().map(IssuerName::as_str);
        let issuers = self.stride::<TrustedIssuer>(table, after, most).await?;
        let next = issuers.last().filter(|_| issuers.len() == most);
        let next = next.map(|last| last.record().issuer().clone());
        Ok(TrustPage::new(issuers, next))
    }
}
