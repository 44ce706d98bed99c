//! A schema for one test, and stores on it.

use std::env;
use std::future::Future;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use grantor::store::StoreError;
use grantor::{Entropy, SystemEntropy};
use grantor_storage_postgres::sqlx::postgres::{PgConnectOptions, PgPool};
use grantor_storage_postgres::sqlx::{self, AssertSqlSafe, Connection, Row};
use grantor_storage_postgres::{PostgresStore, PostgresStoreBuilder, pool_options};
use tokio::runtime::Builder;

/// Far more than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn server() -> PgConnectOptions {
    let url = env::var("GRANTOR_TEST_POSTGRES")
        .expect("GRANTOR_TEST_POSTGRES is not set: `bash .ci/test` starts a PostgreSQL and sets it");
    PgConnectOptions::from_str(&url).unwrap()
}

pub(crate) fn random_name() -> String {
    let mut bytes = [0; 8];
    SystemEntropy::new().fill(&mut bytes).unwrap();
    format!("test_{:016x}", u64::from_be_bytes(bytes))
}

/// A schema that goes when this is dropped, with the roles that are named like it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) schema: String,
}

impl Database {
    /// Without tables.
    pub(crate) fn empty() -> Self {
        Self { schema: random_name() }
    }

    pub(crate) async fn migrated() -> Self {
        let database = Self::empty();
        database.store().migrate().await.unwrap();
        database
    }

    /// A store with one connection of its own, as another process would have it.
    pub(crate) fn store(&self) -> PostgresStore {
        self.store_on(self.pool())
    }

    pub(crate) fn store_on(&self, pool: PgPool) -> PostgresStore {
        self.builder_on(pool).build()
    }

    pub(crate) fn builder_on(&self, pool: PgPool) -> PostgresStoreBuilder {
        PostgresStore::builder(pool).schema(&self.schema).unwrap().timeout(PATIENCE)
    }

    pub(crate) fn pool(&self) -> PgPool {
        pool_of_one(server())
    }

    /// A statement of the test's own, with the schema in the place of `$SCHEMA`.
    pub(crate) fn sql(&self, template: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(template.replace("$SCHEMA", &self.schema))
    }

    pub(crate) async fn run(&self, template: &str) {
        let mut connection = sqlx::PgConnection::connect_with(&server()).await.unwrap();
        sqlx::raw_sql(self.sql(template)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn number(&self, template: &str) -> i64 {
        let mut connection = sqlx::PgConnection::connect_with(&server()).await.unwrap();
        let row = sqlx::query(self.sql(template)).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        row.try_get(0).unwrap()
    }
}

/// With a connection at once, and time to wait for it.
pub(crate) fn pool_of_one(options: PgConnectOptions) -> PgPool {
    pool_options().max_connections(1).acquire_timeout(PATIENCE).connect_lazy_with(options)
}

impl Drop for Database {
    fn drop(&mut self) {
        let (schema, options) = (self.schema.clone(), server());
        let dropped = async move {
            let mut connection = sqlx::PgConnection::connect_with(&options).await?;
            let drop = format!(
                "SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS {schema} CASCADE; DROP ROLE IF EXISTS {schema}"
            );
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
            connection.close().await
        };
        // On a thread of its own, since this may be dropped inside of a runtime.
        let done = thread::spawn(move || {
            Builder::new_current_thread().enable_all().build().unwrap().block_on(dropped)
        });
        if let Ok(Err(error)) = done.join() {
            eprintln!("a schema of a test was left behind: {error}");
        }
    }
}

/// Asks until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let asking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// An error and all that caused it.
pub(crate) fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
