//! PostgreSQL, by `--database-url`.

use grantor_storage_postgres::sqlx;
use grantor_storage_postgres::{MigrateError, PostgresStore, pool_options};

use super::{NotReady, missing};
use crate::config::Mistake;
use crate::failure::Failure;
use crate::flags::Flags;

const FLAG: &str = "--database-url (GRANTOR_DATABASE_URL)";
const REMEDY: &str = "write postgres://USER@HOST/DATABASE; a password is better in PGPASSWORD or the environment variable \
                      than on the command line";

pub(super) fn open(flags: &Flags) -> Result<PostgresStore, Failure> {
    let url = flags.database_url.as_ref().ok_or_else(|| missing(FLAG, REMEDY))?;
    // Without the error, which may quote the URL.
    let wrong = || Mistake::new(FLAG, "no URL of a PostgreSQL database", REMEDY);
    // sqlx takes any scheme.
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme)) {
        return Err(wrong().into());
    }
    let pool = pool_options().connect_lazy(url.expose()).map_err(|_| wrong())?;
    Ok(PostgresStore::new(pool))
}

pub(super) async fn prepare(postgres: &PostgresStore) -> Result<(), NotReady> {
    let Err(error) = postgres.migrate().await else { return Ok(()) };
    let no_answer = matches!(
        &error,
        MigrateError::NoConnection { .. } | MigrateError::TooSlow(_) | MigrateError::Locked { .. }
    );
    let is_away = no_answer || matches!(&error, MigrateError::Database { source, .. } if is_outage(source));
    let failure = Failure::because("PostgreSQL is not ready", error);
    Err(if is_away { NotReady::Away(failure) } else { NotReady::Wrong(failure) })
}

/// Whether it may pass by itself: no connection, or a server that starts, stops or is full.
fn is_outage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|said| said.code()).unwrap_or_default();
    // The last one is a standby, which may be promoted. A proxy whose server is not there yet breaks the protocol.
    let may_pass = ["08", "53", "57", "25006"].iter().any(|class| code.starts_with(class));
    may_pass || matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut)
}
