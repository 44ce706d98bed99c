//! One statement on one connection, bounded in time, and what becomes of the connection when it is cut off.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use grantor::store::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, Postgres};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::PostgresStore;
use crate::failure::{Failure, address, failed};

/// A statement with what is bound to it.
pub(crate) type Statement = Query<'static, Postgres, PgArguments>;

impl PostgresStore {
    pub(crate) fn statement(&self, sql: &Arc<str>) -> Statement {
        sqlx::query(AssertSqlSafe(Arc::clone(sql))).persistent(self.parts().is_cached.load(Ordering::Relaxed))
    }

    /// How many rows it wrote or gave.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<u64, StoreError> {
        self.within(async {
            let mut leased = self.lease().await?;
            let done = statement.execute(&mut *leased.connection).await?;
            self.note_cache(&leased);
            Ok(done.rows_affected())
        })
        .await
    }

    /// The one row that it always gives.
    pub(crate) async fn one_row(&self, statement: Statement) -> Result<PgRow, StoreError> {
        self.within(async {
            let mut leased = self.lease().await?;
            let row = statement.fetch_one(&mut *leased.connection).await?;
            self.note_cache(&leased);
            Ok(row)
        })
        .await
    }

    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<PgRow>, StoreError> {
        self.within(async {
            let mut leased = self.lease().await?;
            let rows = statement.fetch_all(&mut *leased.connection).await?;
            self.note_cache(&leased);
            Ok(rows)
        })
        .await
    }

    /// Waiting for a connection counts too. No failure is tried again: whoever lost the answer to a statement cannot
    /// know whether it happened.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        let parts = self.parts();
        match timeout(parts.timeout, work).await {
            Ok(Err(source @ sqlx::Error::PoolTimedOut)) => {
                Err(StoreError::unavailable(Failure::NoConnection { at: address(&parts.pool), source }))
            }
            Ok(done) => done.map_err(|error| failed(error, parts.schema.name())),
            Err(_) => Err(StoreError::unavailable(Failure::TooSlow(parts.timeout))),
        }
    }

    pub(crate) async fn lease(&self) -> Result<Lease, sqlx::Error> {
        let connection = self.parts().pool.acquire().await?;
        Ok(Lease { connection, bound: self.parts().timeout })
    }

    /// Where the host has switched the statement cache off, sqlx would leave a named statement behind on the server
    /// with each call, as long as the connection lives. Unnamed ones are replaced.
    fn note_cache(&self, leased: &Lease) {
        if leased.connection.cached_statements_size() == 0 {
            self.parts().is_cached.store(false, Ordering::Relaxed);
        }
    }
}

/// A connection of the pool that is given back within bounds.
///
/// sqlx first reads to its end what a statement that was cut off still sends, and has no bound for it: a server that
/// has gone silent would keep the connection's place in the pool. Here it is closed then. `return_to_pool` is what sqlx
/// runs when a connection is dropped; it is public and not in its docs.
pub(crate) struct Lease {
    pub(crate) connection: PoolConnection<Postgres>,
    bound: Duration,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (given_back, bound) = (self.connection.return_to_pool(), self.bound);
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { timeout(bound, given_back).await });
        }
    }
}

/// Options for a pool that suit this store; the rest is sqlx's, such as 10 connections at the most.
///
/// - A connection that was idle for more than a second is tried before it is used, and replaced if a server that was
///   restarted or has gone silent does not answer. A busy one is not: sqlx would by default ask before each
///   statement, and so make a claim two round trips.
/// - Waiting for a connection ends after 2 s instead of 30.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use grantor_storage_postgres::{PostgresStore, pool_options};
///
/// let pool = pool_options().max_connections(20).connect_lazy("postgres://grantor@db.internal/grantor")?;
/// let store = PostgresStore::new(pool);
/// # Ok(()) }
/// ```
#[must_use]
pub fn pool_options() -> sqlx::postgres::PgPoolOptions {
    const FRESH: Duration = Duration::from_secs(1);
    const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
    sqlx::postgres::PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(2))
        .test_before_acquire(false)
        .before_acquire(|connection, past| {
            Box::pin(async move {
                if past.idle_for < FRESH {
                    return Ok(true);
                }
                Ok(matches!(timeout(ANSWERS_WITHIN, connection.ping()).await, Ok(Ok(()))))
            })
        })
}
