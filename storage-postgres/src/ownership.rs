//! Whose the schema and the tables are.
//!
//! Any role that may create in the database can make our schema before we do: with tables that it reads and changes
//! later, or with views and triggers, which run as whoever uses them. So what is there already is judged by its owner,
//! before anything in it is read.

use sqlx::{PgConnection, Row};

use crate::migrate_error::MigrateError;

/// All tables that there ever were. One that is missing here would be believed whosever it is.
const TABLES: [&str; 8] = [
    "migrations",
    "clients",
    "key_set",
    "claims",
    "tokens",
    "credential_usage",
    "trusted_issuers",
    "initial_access",
];

/// What belongs to a role that there is no reason to believe. Believed are this role and those that were granted to
/// it, counted by hand, since `pg_has_role` takes a superuser for a member of each; and those who own or could take
/// all of the database anyway: its owner (who is `pg_database_owner` for the schema `public`) and superusers.
const STRANGERS: &str = "
    WITH RECURSIVE mine (role) AS (
        SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user
        UNION
        SELECT granted.roleid FROM pg_catalog.pg_auth_members AS granted JOIN mine ON granted.member = mine.role
    ),
    believed (role) AS (
        SELECT role FROM mine
        UNION ALL SELECT oid FROM pg_catalog.pg_roles WHERE rolsuper OR rolname = 'pg_database_owner'
        UNION ALL SELECT datdba FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
    ),
    found (what, owner) AS (
        SELECT 'schema ' || nspname, nspowner FROM pg_catalog.pg_namespace WHERE nspname = $1
        UNION ALL
        SELECT 'table ' || nspname || '.' || relname, relowner
        FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace AS held ON held.oid = relnamespace
        WHERE nspname = $1 AND relname = ANY ($2)
    )
    SELECT what, pg_catalog.pg_get_userbyid(owner)::pg_catalog.text FROM found
    WHERE owner NOT IN (SELECT role FROM believed) ORDER BY what LIMIT 1";

/// The schema, or a table of ours in it, that belongs to a stranger, as an error.
pub(crate) async fn stranger(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Option<MigrateError>, sqlx::Error> {
    let row = sqlx::query(STRANGERS).bind(schema).bind(TABLES).fetch_optional(connection).await?;
    row.map(|row| Ok(MigrateError::Owner { what: row.try_get(0)?, owner: row.try_get(1)? })).transpose()
}
