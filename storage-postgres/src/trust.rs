//! Trusted issuers: one row each.

use grantor::store::{
    Delete, Insert, Revision, StoreError, TrustPage, TrustQuery, TrustRegistry, TrustStore, TrustedIssuer,
    Update, Versioned,
};
use grantor::{IssuerName, async_trait};

use crate::PostgresStore;
use crate::columns::to_number;
use crate::records::one_more;

#[async_trait]
impl TrustStore for PostgresStore {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        self.find_record(self.statement(&self.parts().statements.find_issuer).bind(issuer.as_str())).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl TrustRegistry for PostgresStore {
    async fn insert(&self, first: Revision, issuer: &TrustedIssuer) -> Result<Insert, StoreError> {
        let insert = self
            .statement(&self.parts().statements.insert_issuer)
            .bind(issuer.issuer().as_str())
            .bind(to_number(first)?)
            .bind(issuer.to_document()?);
        Ok(if self.execute(insert).await? == 1 { Insert::Done } else { Insert::Exists })
    }

    async fn update(&self, expected: Revision, issuer: &TrustedIssuer) -> Result<Update, StoreError> {
        let update = self
            .statement(&self.parts().statements.update_issuer)
            .bind(issuer.issuer().as_str())
            .bind(to_number(expected)?)
            .bind(to_number(expected.next())?)
            .bind(issuer.to_document()?);
        self.update_record(update).await
    }

    async fn delete(&self, issuer: &IssuerName) -> Result<Delete, StoreError> {
        let delete = self.statement(&self.parts().statements.delete_issuer).bind(issuer.as_str());
        Ok(if self.execute(delete).await? == 1 { Delete::Done } else { Delete::Missing })
    }

    async fn list(&self, query: &TrustQuery) -> Result<TrustPage, StoreError> {
        let list = self
            .statement(&self.parts().statements.list_issuers)
            // Every name comes after the empty text.
            .bind(query.after().map_or("", IssuerName::as_str))
            .bind(one_more(query.limit()));
        let (page, has_more) = self.page::<TrustedIssuer>(list, query.limit()).await?;
        let next = page.last().filter(|_| has_more).map(|last| last.record().issuer().clone());
        Ok(TrustPage::new(page, next))
    }
}
