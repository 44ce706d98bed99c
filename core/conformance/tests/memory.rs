//! The whole kit is green on the memory store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use grantor::async_trait;
use grantor::store::{
    AuthMethod, ClaimMatch, Client, ClientRegistry, Insert, IssuerKeys, Revision, TrustRegistry,
    TrustedIssuer,
};
use grantor::{ClientId, IssuerName, Scope};
use grantor_conformance::{Fixture, Planted};
use grantor_storage_memory::MemoryStore;

struct Memory(MemoryStore);

#[async_trait]
impl Fixture for Memory {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn cut_off(&self) -> Option<MemoryStore> {
        None
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}

async fn fixture() -> impl Fixture<Store = MemoryStore> {
    Memory(MemoryStore::new())
}

/// Some clients that differ by what a store over a foreign table might overlook.
async fn shown() -> (MemoryStore, Vec<Client>) {
    let store = MemoryStore::new();
    let mut clients = Vec::new();
    for id in ["billing", "Billing", "billing ", "bill", "50%", &"x".repeat(255)] {
        let client = Client::builder(ClientId::new(id).unwrap(), AuthMethod::CLIENT_SECRET_BASIC)
            .scope(Scope::parse("read write").unwrap())
            .build()
            .unwrap();
        assert_eq!(ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap(), Insert::Done);
        clients.push(client);
    }
    (store, clients)
}

/// The same for issuers.
async fn trusted() -> (MemoryStore, Vec<TrustedIssuer>) {
    let store = MemoryStore::new();
    let mut issuers = Vec::new();
    for name in ["https://a.example", "https://a.example/", "https://a.example/50%", "https://a.example/A"] {
        let name = IssuerName::new(name).unwrap();
        let keys = IssuerKeys::inline(
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        );
        let issuer = TrustedIssuer::builder(name, keys.unwrap(), ClaimMatch::Any)
            .scope(Scope::parse("read write").unwrap())
            .build()
            .unwrap();
        assert_eq!(TrustRegistry::insert(&store, Revision::new(1), &issuer).await.unwrap(), Insert::Done);
        issuers.push(issuer);
    }
    (store, issuers)
}

grantor_conformance::client_store!(shown);
grantor_conformance::trust_store!(trusted);
grantor_conformance::trust_registry!(fixture);
grantor_conformance::client_registry!(fixture);
grantor_conformance::key_store!(fixture);
grantor_conformance::token_store!(fixture);
grantor_conformance::credential_usage!(fixture);
grantor_conformance::initial_access_store!(fixture);

/// The other forms of a line: in a module, by a path, and with attributes for each test.
mod attributes {
    mod are_passed_on {
        // Were they not, each of these would run and fail.
        #[allow(dead_code)]
        async fn unreachable() -> super::super::Memory {
            panic!("a test with `#[cfg(false)]` was run");
        }
        grantor_conformance::token_store!(
            #[cfg(false)]
            unreachable
        );
    }
    grantor_conformance::client_registry!(
        #[cfg(true)]
        crate::fixture
    );
}
