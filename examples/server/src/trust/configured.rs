//! The trusted issuers of the configuration file: read-only, and in front of those of a store.

use std::collections::HashMap;

use grantor::store::{Revision, StoreError, TrustStore, TrustedIssuer, Versioned};
use grantor::{IssuerName, async_trait};

/// Wins by name, and is never written to the store behind it.
#[derive(Debug)]
pub(crate) struct ConfiguredTrust<S> {
    overlay: HashMap<IssuerName, Versioned<TrustedIssuer>>,
    behind: S,
}

impl<S: TrustStore> ConfiguredTrust<S> {
    pub(crate) fn new(issuers: impl IntoIterator<Item = TrustedIssuer>, behind: S) -> Self {
        let entry =
            |issuer: TrustedIssuer| (issuer.issuer().clone(), Versioned::new(issuer, Revision::new(1)));
        Self { overlay: issuers.into_iter().map(entry).collect(), behind }
    }
}

#[async_trait]
impl<S: TrustStore> TrustStore for ConfiguredTrust<S> {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        match self.overlay.get(issuer) {
            Some(configured) => Ok(Some(configured.clone())),
            None => self.behind.find(issuer).await,
        }
    }

    fn caveats(&self) -> Vec<String> {
        self.behind.caveats()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor::Scope;
    use grantor::store::{ClaimMatch, Insert, IssuerKeys, TrustRegistry};
    use grantor_storage_memory::MemoryStore;

    fn issuer(name: &str, scope: &str) -> TrustedIssuer {
        let name = IssuerName::new(name).expect("name");
        TrustedIssuer::builder(name, IssuerKeys::Discovery, ClaimMatch::Any)
            .scope(Scope::parse(scope).expect("scope"))
            .build()
            .expect("issuer")
    }

    #[tokio::test]
    async fn s10_the_overlay_wins_by_name_and_is_never_written() {
        let memory = MemoryStore::new();
        for stored in [issuer("https://both.example", "stored"), issuer("https://behind.example", "stored")] {
            let inserted = TrustRegistry::insert(&memory, Revision::new(1), &stored).await;
            assert_eq!(inserted.expect("insert"), Insert::Done);
        }
        let file = [issuer("https://both.example", "file"), issuer("https://front.example", "file")];
        let trust = ConfiguredTrust::new(file, memory.clone());
        let find = |store: &'static str| IssuerName::new(format!("https://{store}.example")).expect("name");
        for (name, scope) in [("both", "file"), ("front", "file"), ("behind", "stored")] {
            let found = trust.find(&find(name)).await.expect("find").expect(name);
            assert_eq!(found.record().scope().as_str(), scope, "{name}");
        }
        assert!(trust.find(&find("nobody")).await.expect("find").is_none());
        let kept = TrustStore::find(&memory, &find("both")).await.expect("find").expect("both");
        assert_eq!(kept.record().scope().as_str(), "stored");
    }
}
