//! The whole kit.

use std::time::Duration;

use grantor::store::{
    Client, ClientRegistry, ClientStore, Insert, StoreError, TrustRegistry, TrustStore, TrustedIssuer,
    Versioned,
};
use grantor::{ClientId, IssuerName, async_trait};
use grantor_conformance::{Fixture, Planted};
use grantor_storage_postgres::sqlx::postgres::PgConnectOptions;
use grantor_storage_postgres::sqlx::{self, Connection};
use grantor_storage_postgres::{PostgresStore, pool_options};

use crate::database::{Database, server};
use crate::records::{FIRST, client, issuer, named};

#[async_trait]
impl Fixture for Database {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        self.store()
    }

    async fn cut_off(&self) -> Option<PostgresStore> {
        let nobody_listens = PgConnectOptions::new().host("127.0.0.1").port(1);
        let pool =
            pool_options().acquire_timeout(Duration::from_millis(200)).connect_lazy_with(nobody_listens);
        Some(self.store_on(pool))
    }

    async fn plant(&self, document: Planted<'_>) -> bool {
        let mut connection = sqlx::PgConnection::connect_with(&server()).await.unwrap();
        let insert = match document {
            Planted::Client { id, document } => sqlx::query(self.sql(
                "INSERT INTO $SCHEMA.clients (id, revision, document) VALUES ($1, 1, $2)
                 ON CONFLICT (id) DO UPDATE SET document = $2",
            ))
            .bind(id.as_str().to_owned())
            .bind(document.to_owned()),
            Planted::TrustedIssuer { issuer, document } => sqlx::query(self.sql(
                "INSERT INTO $SCHEMA.trusted_issuers (id, revision, document) VALUES ($1, 1, $2)
                 ON CONFLICT (id) DO UPDATE SET document = $2",
            ))
            .bind(issuer.as_str().to_owned())
            .bind(document.to_owned()),
            Planted::InitialAccess { id, document } => sqlx::query(self.sql(
                "INSERT INTO $SCHEMA.initial_access (id, uses, document) VALUES ($1, 1, $2)
                 ON CONFLICT (id) DO UPDATE SET document = $2",
            ))
            .bind(id.as_str().to_owned())
            .bind(document.to_owned()),
            Planted::Keys { document } => sqlx::query(self.sql(
                "INSERT INTO $SCHEMA.key_set (id, revision, document) VALUES (1, 1, $1)
                 ON CONFLICT (id) DO UPDATE SET document = $1",
            ))
            .bind(document.to_owned()),
            Planted::Token { id, document, until } => sqlx::query(self.sql(
                "INSERT INTO $SCHEMA.tokens (id, until, document) VALUES ($1, $2, $3)
                 ON CONFLICT (id) DO UPDATE SET document = $3",
            ))
            .bind(id.as_bytes().to_vec())
            .bind(until.as_unix())
            .bind(document.to_owned()),
            _ => return false,
        };
        insert.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        true
    }
}

async fn fixture() -> Database {
    Database::migrated().await
}

/// A store whose schema goes with it.
#[derive(Debug)]
struct Shown {
    store: PostgresStore,
    _database: Database,
}

#[async_trait]
impl ClientStore for Shown {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(&self.store, id).await
    }

    fn caveats(&self) -> Vec<String> {
        ClientStore::caveats(&self.store)
    }
}

async fn shown() -> (Shown, Vec<Client>) {
    let database = Database::migrated().await;
    let store = database.store();
    let clients = vec![client("plain"), named("named", "Billing"), client(" ~\"'\\%_"), client("PLAIN")];
    for client in &clients {
        assert_eq!(ClientRegistry::insert(&store, FIRST, client).await.unwrap(), Insert::Done);
    }
    (Shown { store, _database: database }, clients)
}

#[async_trait]
impl TrustStore for Shown {
    async fn find(&self, name: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        TrustStore::find(&self.store, name).await
    }

    fn caveats(&self) -> Vec<String> {
        TrustStore::caveats(&self.store)
    }
}

async fn trusted() -> (Shown, Vec<TrustedIssuer>) {
    let database = Database::migrated().await;
    let store = database.store();
    let issuers = ["https://a.example", "https://a.example/", "https://A.example", "~\"'\\%_"].map(issuer);
    for issuer in &issuers {
        assert_eq!(TrustRegistry::insert(&store, FIRST, issuer).await.unwrap(), Insert::Done);
    }
    (Shown { store, _database: database }, issuers.into())
}

grantor_conformance::client_store!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    shown
);
grantor_conformance::client_registry!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    fixture
);
grantor_conformance::trust_store!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    trusted
);
grantor_conformance::trust_registry!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    fixture
);
grantor_conformance::key_store!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    fixture
);
grantor_conformance::token_store!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    fixture
);
grantor_conformance::credential_usage!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    fixture
);
grantor_conformance::initial_access_store!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    fixture
);
