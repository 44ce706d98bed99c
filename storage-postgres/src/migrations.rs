//! Making the tables, and bringing those of an older release up to this one.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::PostgresStore;
use crate::failure::address;

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
const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "tables", sql: include_str!("../migrations/0001_tables.sql") }];

/// What has been applied, with its text, so that a difference can be looked at.
const HISTORY: &str = "CREATE TABLE migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    sql        text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)";

/// Why the tables were not brought up to date. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// PostgreSQL cannot be reached, or refused a statement.
    #[error("PostgreSQL failed while migrating schema {schema}")]
    Database {
        /// The schema.
        schema: String,
        /// PostgreSQL's word.
        source: sqlx::Error,
    },
    /// The database does not hold text as UTF-8, so some records could not be kept.
    /// There is no connection.
    #[error(
        "no connection to {at} in time: is PostgreSQL up, reachable from here, and are there connections left?"
    )]
    NoConnection {
        /// Host, port and database.
        at: String,
        /// What the pool says.
        source: sqlx::Error,
    },
    /// It stores text in another encoding.
    #[error("the database has the encoding {0}; it must be UTF8")]
    Encoding(String),
    /// A migration that was applied is not the one that this release has under its number.
    #[error(
        "migration {version} of schema {schema} is not the one of this release: compare `sql` in {schema}.migrations \
         with the file, and put right whichever was changed"
    )]
    Changed {
        /// The schema.
        schema: String,
        /// The migration.
        version: i32,
    },
    /// A newer release has migrated this schema. This one would not know what it must keep.
    #[error("schema {schema} is at migration {found}, and this release knows {known}: run a newer one")]
    Newer {
        /// The schema.
        schema: String,
        /// The newest that was applied.
        found: i32,
        /// The newest that this release has.
        known: i32,
    },
}

impl PostgresStore {
    /// The migrations, for a team that runs them with a tool of its own and does not call [`PostgresStore::migrate`].
    /// The same as the files in `migrations/` of this crate.
    pub fn migrations() -> impl Iterator<Item = Migration> {
        MIGRATIONS.iter().copied()
    }

    /// Makes the schema and its tables, or brings them up to this release. Does nothing where that is done, and then
    /// needs no right to create anything.
    ///
    /// All of it is one transaction: it happens whole or not at all, and any number of processes may call it at once.
    /// They take turns by an advisory lock that belongs to the schema and to that transaction, so neither a host that
    /// runs migrations of its own nor a pooler in transaction mode is in the way. What was applied is written down in
    /// the table `migrations` of the schema.
    ///
    /// It waits as long as it takes, whatever [`timeout`](crate::PostgresStoreBuilder::timeout) and
    /// `statement_timeout` say. Dropped at an await it is undone.
    ///
    /// # Errors
    ///
    /// [`MigrateError`], and nothing has changed.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let schema = self.parts().schema.name();
        let failed = |source| MigrateError::Database { schema: schema.to_owned(), source };
        let pool = &self.parts().pool;
        let mut transaction = pool.begin().await.map_err(|source| {
            let timed_out = matches!(source, sqlx::Error::PoolTimedOut);
            if timed_out { MigrateError::NoConnection { at: address(pool), source } } else { failed(source) }
        })?;
        check_encoding(&mut transaction, schema).await?;
        prepare(&mut transaction, schema).await.map_err(failed)?;
        let applied = applied(&mut transaction).await.map_err(failed)?;
        check_applied(&applied, schema)?;
        let due =
            MIGRATIONS.iter().filter(|migration| applied.iter().all(|(done, _)| *done != migration.version));
        for migration in due {
            apply(&mut transaction, migration).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }
}

async fn check_encoding(connection: &mut PgConnection, schema: &str) -> Result<(), MigrateError> {
    let failed = |source| MigrateError::Database { schema: schema.to_owned(), source };
    let row = sqlx::query("SELECT current_setting('server_encoding')").fetch_one(connection).await;
    let encoding: String = row.and_then(|row| row.try_get(0)).map_err(failed)?;
    if encoding == "UTF8" { Ok(()) } else { Err(MigrateError::Encoding(encoding)) }
}

/// Waits for its turn, and sees to the schema and to its table of migrations.
async fn prepare(connection: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")
        .execute(&mut *connection)
        .await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('grantor migrations of ' || $1, 0))")
        .bind(schema)
        .execute(&mut *connection)
        .await?;
    // Asked for instead of IF NOT EXISTS, which wants the right to create even where there is nothing to do.
    if !exists(connection, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema).await? {
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(&mut *connection).await?;
    }
    // The name is plain, so it needs no quotes.
    sqlx::query("SELECT set_config('search_path', $1, true)").bind(schema).execute(&mut *connection).await?;
    let has_history =
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'migrations')";
    if !exists(connection, has_history, schema).await? {
        sqlx::query(HISTORY).execute(connection).await?;
    }
    Ok(())
}

async fn exists(
    connection: &mut PgConnection,
    question: &'static str,
    schema: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query(question).bind(schema).fetch_one(connection).await?.try_get(0)
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<(i32, String)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT version, sql FROM migrations ORDER BY version").fetch_all(connection).await?;
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

async fn apply(connection: &mut PgConnection, migration: &Migration) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(migration.sql).execute(&mut *connection).await?;
    sqlx::query("INSERT INTO migrations (version, name, sql) VALUES ($1, $2, $3)")
        .bind(migration.version)
        .bind(migration.name)
        .bind(migration.sql)
        .execute(connection)
        .await
        .map(drop)
}
