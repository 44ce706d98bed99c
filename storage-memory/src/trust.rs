//! Trusted issuers.

use grantor::store::{
    Delete, Insert, Revision, StoreError, TrustPage, TrustQuery, TrustRegistry, TrustStore, TrustedIssuer,
    Update, Versioned,
};
use grantor::{IssuerName, async_trait};

use crate::memory_store::{CAVEAT, MemoryStore};
use crate::records::Record;

impl Record for TrustedIssuer {
    type Id = IssuerName;

    fn id(&self) -> &IssuerName {
        self.issuer()
    }
}

#[async_trait]
impl TrustStore for MemoryStore {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        Ok(self.parts().issuers.find(issuer))
    }

    fn caveats(&self) -> Vec<String> {
        vec![CAVEAT.to_owned()]
    }
}

#[async_trait]
impl TrustRegistry for MemoryStore {
    async fn insert(&self, first: Revision, issuer: &TrustedIssuer) -> Result<Insert, StoreError> {
        self.parts().issuers.insert(first, issuer)
    }

    async fn update(&self, expected: Revision, issuer: &TrustedIssuer) -> Result<Update, StoreError> {
        Ok(self.parts().issuers.update(expected, issuer))
    }

    async fn delete(&self, issuer: &IssuerName) -> Result<Delete, StoreError> {
        Ok(self.parts().issuers.delete(issuer))
    }

    async fn list(&self, query: &TrustQuery) -> Result<TrustPage, StoreError> {
        let (issuers, next) = self.parts().issuers.page(query.after(), query.limit(), |_| true);
        Ok(TrustPage::new(issuers, next))
    }
}
