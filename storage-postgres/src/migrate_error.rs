//! Why a migration did not happen.

use std::time::Duration;

/// Why the tables were not brought up to date. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// PostgreSQL refused a statement, or the connection broke.
    #[error("PostgreSQL failed while migrating schema {schema}")]
    Database {
        /// The schema.
        schema: String,
        /// PostgreSQL's word.
        source: sqlx::Error,
    },
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
    /// It was asked what is there, and did not say.
    #[error("PostgreSQL did not answer within {0:?}")]
    TooSlow(Duration),
    /// Something is to be done, and somebody holds the lock of the migrations, or one on a table that is to change.
    #[error(
        "the lock to migrate schema {schema} was not free within {waited:?}: another process migrates it, or some \
         session holds a lock; see pg_locks"
    )]
    Locked {
        /// The schema.
        schema: String,
        /// How long.
        waited: Duration,
        /// PostgreSQL's word, if it had one.
        source: Option<sqlx::Error>,
    },
    /// The schema or a table in it belongs to a role that could read and change everything there, and nobody said that
    /// it may: it may have been made to be mistaken for ours.
    #[error(
        "{what} is owned by role {owner:?}, which is neither this role, nor one that was granted to it, nor the owner \
         of the database, nor a superuser: if that is meant so, migrate as {owner:?} or grant it to this role"
    )]
    Owner {
        /// The schema or the table.
        what: String,
        /// The role.
        owner: String,
    },
    /// The database does not hold text as UTF-8, so some records could not be kept.
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
