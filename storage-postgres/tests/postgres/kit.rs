//! The whole kit.

use std::time::Duration;

use grantor::async_trait;
use grantor::store::{Client, ClientRegistry, Insert};
use grantor_conformance::{Fixture, Planted};
use grantor_storage_postgres::sqlx::postgres::PgConnectOptions;
use grantor_storage_postgres::sqlx::{self, Connection};
use grantor_storage_postgres::{PostgresStore, pool_options};

use crate::database::{Database, server};
use crate::records::{FIRST, client, named};

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

/// The schema goes when the handle on it does.
#[derive(Debug)]
struct Shown(PostgresStore, #[allow(dead_code)] Kept);

struct Kept(#[allow(dead_code)] Database);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.schema)
    }
}

#[async_trait]
impl grantor::store::ClientStore for Shown {
    async fn find(
        &self,
        id: &grantor::ClientId,
    ) -> Result<Option<grantor::store::Versioned<Client>>, grantor::store::StoreError> {
        grantor::store::ClientStore::find(&self.0, id).await
    }

    fn caveats(&self) -> Vec<String> {
        grantor::store::ClientStore::caveats(&self.0)
    }
}

async fn shown() -> (Shown, Vec<Client>) {
    let database = Database::migrated().await;
    let store = database.store();
    let clients = vec![client("plain"), named("named", "Billing"), client(" ~\"'\\%_"), client("PLAIN")];
    for client in &clients {
        assert_eq!(ClientRegistry::insert(&store, FIRST, client).await.unwrap(), Insert::Done);
    }
    (Shown(store, Kept(database)), clients)
}

grantor_conformance::client_store!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    shown
);
grantor_conformance::client_registry!(
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
