//! Making the tables, and bringing those of an older release up to this one.

use std::future::Future;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, Row, Transaction};
use tokio::time::timeout;

use crate::PostgresStore;
use crate::connection::Lease;
use crate::failure::address;
use crate::migrate_error::MigrateError;
use crate::ownership::stranger;
use crate::postgres_store::Parts;
use crate::schema::Schema;

/// One step in the making of the tables.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Migration {
    /// Its place in the order, from 1.
    pub version: i32,
    /// What it does, in a word.
    pub name: &'static str,
    /// The statements. Table names are unqualified: run it with the issuer's schema as `search_path`.
    pub sql: &'static str,
}

/// All of them, in order. None of them ever changes once it was released.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "tables", sql: include_str!("../migrations/0001_tables.sql") },
    Migration {
        version: 2,
        name: "credential usage",
        sql: include_str!("../migrations/0002_credential_usage.sql"),
    },
    Migration {
        version: 3,
        name: "trusted issuers",
        sql: include_str!("../migrations/0003_trusted_issuers.sql"),
    },
    Migration {
        version: 4,
        name: "initial access tokens",
        sql: include_str!("../migrations/0004_initial_access.sql"),
    },
];

/// What has been applied, with its text, so that a difference can be looked at.
const HISTORY: &str = "CREATE TABLE migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    sql        text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)";

/// How long to wait for a lock: the other processes of a host are long done then.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// A migration takes as long as it takes, but nobody who holds a lock may keep it waiting for ever.
const PATIENCE: &str = "SELECT pg_catalog.set_config('statement_timeout', '0', true), \
     pg_catalog.set_config('lock_timeout', '30s', true)";

/// Until then functions and operators of other roles, in `public` or wherever the path leads, could be taken for those
/// of PostgreSQL, and would run as this role.
const NOBODY_ELSES: &str = "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)";

impl PostgresStore {
    /// The migrations, for a team that runs them with a tool of its own and does not call [`PostgresStore::migrate`].
    /// The same as the files in `migrations/` of this crate.
    pub fn migrations() -> impl Iterator<Item = Migration> {
        MIGRATIONS.iter().copied()
    }

    /// Makes the schema and its tables, or brings them up to this release. Where that is done it only looks: that takes
    /// no lock of its own and needs no right to create anything. Connecting and looking take
    /// [`timeout`](crate::PostgresStoreBuilder::timeout) each at the most.
    ///
    /// All of it is one transaction: it happens whole or not at all, and any number of processes may call it at once.
    /// They take turns by an advisory lock that belongs to the schema and to that transaction, so neither a host that
    /// runs migrations of its own nor a pooler in transaction mode is in the way. What was applied is written down in
    /// the table `migrations` of the schema.
    ///
    /// With something to do it waits 30 s at the most for that lock, which any role of the database could hold, and for
    /// each lock on a table. The work itself takes as long as it takes, whatever `statement_timeout` says. Dropped at
    /// an await it is undone.
    ///
    /// A schema or tables of a stranger are refused unread, see [the crate](crate#migrations).
    ///
    /// # Errors
    ///
    /// [`MigrateError`], and nothing has changed.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let schema = &self.parts().schema;
        let mut lease = self.lease_in_time().await?;
        let look = async {
            let mut transaction = begin(&mut lease.connection, schema).await?;
            let due = due(&mut transaction, schema).await?;
            Ok((transaction, due))
        };
        let (mut transaction, due_before) = self.in_time(look).await?;
        if due_before.is_empty() {
            return Ok(());
        }
        wait_for_turn(&mut transaction, schema).await?;
        // Somebody else may have done it meanwhile.
        for migration in due(&mut transaction, schema).await? {
            ended(apply(&mut transaction, schema, migration).await, schema)?;
        }
        ended(transaction.commit().await, schema)
    }

    async fn lease_in_time(&self) -> Result<Lease, MigrateError> {
        let Parts { pool, schema, timeout: bound, .. } = self.parts();
        match timeout(*bound, self.lease()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Err(source @ sqlx::Error::PoolTimedOut) => {
                Err(MigrateError::NoConnection { at: address(pool), source })
            }
            leased => ended(leased, schema),
        }
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, MigrateError>>,
    ) -> Result<T, MigrateError> {
        let bound = self.parts().timeout;
        timeout(bound, work).await.unwrap_or(Err(MigrateError::TooSlow(bound)))
    }
}

/// What PostgreSQL said.
fn ended<T>(result: Result<T, sqlx::Error>, schema: &Schema) -> Result<T, MigrateError> {
    result.map_err(|source| {
        let schema = schema.name().to_owned();
        match source.as_database_error().and_then(|error| error.code()).as_deref() {
            // lock_not_available
            Some("55P03") => MigrateError::Locked { schema, waited: LOCK_WAIT, source: Some(source) },
            _ => MigrateError::Database { schema, source },
        }
    })
}

/// At this level each statement sees what others have done before it, so looking a second time is of use.
async fn begin<'c>(
    connection: &'c mut PgConnection,
    schema: &Schema,
) -> Result<Transaction<'c, Postgres>, MigrateError> {
    let begun = async {
        let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        sqlx::query(NOBODY_ELSES).execute(&mut *transaction).await?;
        Ok(transaction)
    };
    ended(begun.await, schema)
}

/// What is to be done, after a look at everything that could be wrong.
async fn due(
    connection: &mut PgConnection,
    schema: &Schema,
) -> Result<Vec<&'static Migration>, MigrateError> {
    check_encoding(connection, schema).await?;
    if let Some(refused) = ended(stranger(connection, schema.name()).await, schema)? {
        return Err(refused);
    }
    let applied = ended(applied(connection, schema).await, schema)?;
    check_applied(&applied, schema.name())?;
    let is_done = |migration: &&Migration| applied.iter().any(|(done, _)| *done == migration.version);
    Ok(MIGRATIONS.iter().filter(|migration| !is_done(migration)).collect())
}

async fn check_encoding(connection: &mut PgConnection, schema: &Schema) -> Result<(), MigrateError> {
    let row = sqlx::query("SELECT pg_catalog.current_setting('server_encoding')").fetch_one(connection).await;
    let encoding: String = ended(row.and_then(|row| row.try_get(0)), schema)?;
    if encoding == "UTF8" { Ok(()) } else { Err(MigrateError::Encoding(encoding)) }
}

async fn wait_for_turn(connection: &mut PgConnection, schema: &Schema) -> Result<(), MigrateError> {
    let turn = async {
        sqlx::query(PATIENCE).execute(&mut *connection).await?;
        let lock = "SELECT pg_catalog.pg_advisory_xact_lock(
            pg_catalog.hashtextextended('grantor migrations of ' || $1, 0::pg_catalog.int8))";
        sqlx::query(lock).bind(schema.name()).execute(connection).await
    };
    // PostgreSQL ends it, unless it has gone silent.
    match timeout(2 * LOCK_WAIT, turn).await {
        Ok(done) => ended(done, schema).map(drop),
        Err(_) => Err(MigrateError::Locked {
            schema: schema.name().to_owned(),
            waited: 2 * LOCK_WAIT,
            source: None,
        }),
    }
}

async fn exists(
    connection: &mut PgConnection,
    question: &'static str,
    schema: &Schema,
) -> Result<bool, sqlx::Error> {
    sqlx::query(question).bind(schema.name()).fetch_one(connection).await?.try_get(0)
}

async fn has_history(connection: &mut PgConnection, schema: &Schema) -> Result<bool, sqlx::Error> {
    let question = "SELECT EXISTS (
        SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'migrations')";
    exists(connection, question, schema).await
}

async fn applied(connection: &mut PgConnection, schema: &Schema) -> Result<Vec<(i32, String)>, sqlx::Error> {
    if !has_history(connection, schema).await? {
        return Ok(Vec::new());
    }
    let read = format!("SELECT version, sql FROM {}.migrations ORDER BY version", schema.quoted());
    let rows = sqlx::query(AssertSqlSafe(read)).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

fn check_applied(applied: &[(i32, String)], schema: &str) -> Result<(), MigrateError> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some(found) = applied.iter().map(|(version, _)| *version).max().filter(|found| *found > known) {
        return Err(MigrateError::Newer { schema: schema.to_owned(), found, known });
    }
    // By lines, since a checkout may have ended them in another way.
    let is_ours = |(version, sql): &&(i32, String)| {
        MIGRATIONS.iter().any(|known| known.version == *version && known.sql.lines().eq(sql.lines()))
    };
    match applied.iter().find(|row| !is_ours(row)) {
        None => Ok(()),
        Some((version, _)) => Err(MigrateError::Changed { schema: schema.to_owned(), version: *version }),
    }
}

/// Sees to the schema and to its table of migrations, and applies one.
async fn apply(
    connection: &mut PgConnection,
    schema: &Schema,
    migration: &Migration,
) -> Result<(), sqlx::Error> {
    // Asked for instead of IF NOT EXISTS, which would take one that somebody made since we looked.
    let question = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    if !exists(connection, question, schema).await? {
        let create = format!("CREATE SCHEMA {}", schema.quoted());
        sqlx::query(AssertSqlSafe(create)).execute(&mut *connection).await?;
    }
    // pg_catalog comes first where it is not named, and a new table goes to the first that is.
    sqlx::query("SELECT pg_catalog.set_config('search_path', $1, true)")
        .bind(format!("{}, pg_temp", schema.quoted()))
        .execute(&mut *connection)
        .await?;
    if !has_history(connection, schema).await? {
        sqlx::query(HISTORY).execute(&mut *connection).await?;
    }
    sqlx::raw_sql(migration.sql).execute(&mut *connection).await?;
    sqlx::query("INSERT INTO migrations (version, name, sql) VALUES ($1, $2, $3)")
        .bind(migration.version)
        .bind(migration.name)
        .bind(migration.sql)
        .execute(connection)
        .await
        .map(drop)
}
