//! The store, its builder and its parts.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use grantor::Stores;
use sqlx::postgres::PgPool;

use crate::schema::{InvalidSchema, Schema};
use crate::statements::Statements;

/// Clients, trusted issuers, initial access tokens, keys, spent proofs, tokens, revocations and the last uses of
/// credentials in PostgreSQL, shared by all processes of an issuer.
///
/// A clone is a further handle on the same pool. See the [crate] for what the server needs.
#[derive(Clone)]
pub struct PostgresStore(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) pool: PgPool,
    pub(crate) schema: Schema,
    pub(crate) statements: Statements,
    pub(crate) timeout: Duration,
    /// Whether connections keep prepared statements.
    pub(crate) is_cached: AtomicBool,
}

impl PostgresStore {
    /// A store in the schema `grantor`. Asks the network for nothing.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self::builder(pool).build()
    }

    /// To choose the schema or the bound in time.
    pub fn builder(pool: PgPool) -> PostgresStoreBuilder {
        PostgresStoreBuilder { pool, schema: Schema::default(), timeout: Duration::from_secs(3) }
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }
}

/// Clients, trusted issuers, initial access tokens, keys, tokens and the last uses of credentials all in this store.
impl From<PostgresStore> for Stores {
    fn from(store: PostgresStore) -> Self {
        Self::new(store.clone(), store.clone(), store.clone())
            .with_usage(store.clone())
            .with_trust(store.clone())
            .with_registry(store.clone())
            .with_initial_access(store)
    }
}

/// Shows the schema and how many connections there are, and nothing of how they are made.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { pool, schema, timeout, .. } = self.parts();
        f.debug_struct("PostgresStore")
            .field("schema", schema)
            .field("timeout", timeout)
            .field("connections", &pool.size())
            .finish_non_exhaustive()
    }
}

/// Makes a [`PostgresStore`].
#[derive(Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct PostgresStoreBuilder {
    pool: PgPool,
    schema: Schema,
    timeout: Duration,
}

impl PostgresStoreBuilder {
    /// The schema that holds the tables, `grantor` by default. Issuers that share a database have one each.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema`] for anything but a plain name: 1 to 48 of `a-z`, `0-9` and `_`, not beginning with a digit
    /// and not with `pg_`.
    pub fn schema(mut self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        self.schema = Schema::new(name.into())?;
        Ok(self)
    }

    /// How long a call may take, waiting for a connection included. 3 s by default.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The store. Asks the network for nothing.
    #[must_use]
    pub fn build(self) -> PostgresStore {
        let Self { pool, schema, timeout } = self;
        let statements = Statements::new(&schema);
        PostgresStore(Arc::new(Parts { pool, schema, statements, timeout, is_cached: AtomicBool::new(true) }))
    }
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, timeout, .. } = self;
        f.debug_struct("PostgresStoreBuilder")
            .field("schema", schema)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}
