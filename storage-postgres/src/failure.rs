//! What can go wrong, for the operator. Nothing here quotes a value of a row or a connection's settings.

use std::time::Duration;

use grantor::store::StoreError;
use sqlx::PgPool;

/// Why a store failed, where it is more than PostgreSQL's own word.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("PostgreSQL did not answer within {0:?}")]
    TooSlow(Duration),
    /// sqlx tries again until then, and does not say what was wrong.
    #[error(
        "no connection to {at} in time: is PostgreSQL up, reachable from here, and are there connections left?"
    )]
    NoConnection { at: String, source: sqlx::Error },
    #[error("the tables in schema {schema} are missing or of another release: run `PostgresStore::migrate`")]
    Tables { schema: String, source: sqlx::Error },
    #[error("this server is a standby, whose answers may be old: connect the pool to the primary")]
    Standby,
    #[error("the connection that listens was lost")]
    LineLost,
    #[error("the row of a client, an issuer or an initial access token holds the document of another")]
    AnotherRecord,
    #[error("a revision that is not from 0 to 2^63 - 1")]
    Revision,
    #[error("a count of uses that is not from 0 to 2^32 - 1")]
    CountOfUses,
}

/// Nothing to do with what was asked for: the database is away, refuses, or its tables are not as they should be.
pub(crate) fn failed(error: sqlx::Error, schema: &str) -> StoreError {
    if is_about_tables(&error) {
        return StoreError::unavailable(Failure::Tables { schema: schema.to_owned(), source: error });
    }
    StoreError::unavailable(error)
}

/// Where the pool connects to: no user and no password.
pub(crate) fn address(pool: &PgPool) -> String {
    let options = pool.connect_options();
    let database = options.get_database().unwrap_or_default();
    format!("{}:{}/{database}", options.get_host(), options.get_port())
}

/// `undefined_table`, `invalid_schema_name` and `undefined_column`.
fn is_about_tables(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["42P01", "3F000", "42703"].contains(&&*code))
}
