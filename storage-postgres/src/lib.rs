//! Storage in PostgreSQL for [Grantor](grantor), shared by all processes of an issuer.
//!
//! [`PostgresStore`] implements [`ClientStore`](grantor::store::ClientStore),
//! [`ClientRegistry`](grantor::store::ClientRegistry), [`KeyStore`](grantor::store::KeyStore),
//! [`TokenStore`](grantor::store::TokenStore), [`TrustStore`](grantor::store::TrustStore),
//! [`TrustRegistry`](grantor::store::TrustRegistry), [`InitialAccessStore`](grantor::store::InitialAccessStore) and
//! [`CredentialUsage`](grantor::store::CredentialUsage), and keeps their promises without reservation on a server as it is
//! described here. It takes a pool, so how to connect is the host's decision; a clone is a further handle.
//!
//! ```no_run
//! use grantor::{AuthorizationServer, HostKeys, Resource};
//! use grantor_storage_postgres::{PostgresStore, pool_options};
//!
//! # async fn example(host_keys: HostKeys) -> Result<(), Box<dyn std::error::Error>> {
//! let pool = pool_options().max_connections(20).connect_lazy("postgres://grantor@db.internal/app")?;
//! let store = PostgresStore::new(pool);
//! store.migrate().await?;
//!
//! let server = AuthorizationServer::builder("https://auth.example.com", store, host_keys)
//!     .resource(Resource::new("https://api.example.com").scopes(["read"]))
//!     .build()
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! Several issuers share a database by schema:
//!
//! ```no_run
//! # fn example(pool: grantor_storage_postgres::sqlx::PgPool) -> Result<(), grantor_storage_postgres::InvalidSchema> {
//! use grantor_storage_postgres::PostgresStore;
//!
//! let store = PostgresStore::builder(pool).schema("grantor_eu")?.build();
//! # Ok(()) }
//! ```
//!
//! # How it keeps the promises
//!
//! - Each call is **one constant statement** with bound parameters, outside of a transaction block: it happens whole or
//!   not at all, whenever the call is dropped. Once it is prepared on its connection it is one round trip. (`prune` with a
//!   large limit is several, of 1000 rows each, and [`touch`](grantor::store::CredentialUsage::touch) two.)
//! - A claim is an insert that does nothing where the id is taken, so the primary key decides who is first. A use of an
//!   initial access token is an update that takes effect only below its most, so the row's lock decides who is last.
//! - Every write is **on the disk before it is answered**, where `synchronous_commit` is `off` too: the statement turns
//!   it on for itself. What stands there otherwise (`local`, `remote_apply`, …) stays. Only the last uses of credentials
//!   are as durable as the role's setting makes them: nothing that is granted hangs on them, and a use that a crash took
//!   is told again within an hour of the next one.
//! - Ids compare byte for byte (`C` collation, `bytea`). Documents are kept as text, exactly as core wrote them.
//! - **A standby is not believed**: `find`, `list` and `load` ask on the way whether the server is in recovery, and fail if it is,
//!   since it may not know of a revocation yet.
//! - A call takes 3 s at the most ([`PostgresStoreBuilder::timeout`]; `prune` and `touch` that for each of their statements),
//!   and an error is never tried again: the answer to a claim that was lost on the way means "perhaps taken". An error says
//!   what PostgreSQL said, to the operator alone.
//!
//! # What the server needs
//!
//! - PostgreSQL 13 or newer (tested with 15), a database in `UTF8`, and the primary. `fsync` and `full_page_writes` on, as
//!   they are by default: with them off a crash can bring back a spent proof, and nothing here could tell.
//! - `default_transaction_isolation` at `read committed`, as it is by default: with a stricter one calls that race fail
//!   instead of answering.
//! - **Fail-over** loses what the new primary had not received: a claim can be honoured again, a revocation be undone. With
//!   `synchronous_standby_names` set, and `synchronous_commit` at `on` or `remote_apply`, a write is answered when a standby
//!   has it too.
//! - **A role** with `USAGE` on the schema and `SELECT, INSERT, UPDATE, DELETE` on its tables is enough to run. Only
//!   [`PostgresStore::migrate`] with something to do needs to own the schema, or `CREATE` on the database to make it. A
//!   release may bring a table, so grant that once more after migrating (or once and for all by `ALTER DEFAULT PRIVILEGES`).
//! - **`statement_timeout`** for that role, a little above the bound of a call: `ALTER ROLE grantor SET statement_timeout =
//!   '5s'`. A call that took too long is given up here; only the server can end what it still does for it. `migrate`
//!   lifts it for itself.
//! - **TLS** as the pool's options say (`sslmode=verify-full` in its URL), against the system's certificates or `sslrootcert`.
//!
//! # The pool
//!
//! [`pool_options`] is a good start. For a pool of your own:
//!
//! ```no_run
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use grantor_storage_postgres::PostgresStore;
//! use grantor_storage_postgres::sqlx::postgres::PgPoolOptions;
//!
//! let pool = PgPoolOptions::new()
//!     // sqlx by default asks before each statement whether the connection is alive: a second round trip.
//!     .test_before_acquire(false)
//!     // By default 30 s. The store gives up after its own bound in any case.
//!     .acquire_timeout(Duration::from_secs(2))
//!     // Ready when the first requests come. A statement takes well under a millisecond, so few carry many requests.
//!     .min_connections(2)
//!     .max_connections(10)
//!     .connect_lazy("postgres://grantor@db.internal/app")?;
//! let store = PostgresStore::new(pool);
//! # Ok(()) }
//! ```
//!
//! With `connect_lazy` a server that is not there yet is no reason to die: calls fail until it is. A pool shared with
//! the rest of the application lets its long transactions hold up tokens; a pool of its own does not. sqlx asks each
//! connection once more when it is given back; no call waits for that. Leave the statement cache on: without it each
//! call is two round trips.
//!
//! **PgBouncer** in transaction mode must be 1.21 or newer with `max_prepared_statements` above 0, since statements are
//! prepared by name. The store keeps nothing in a session, so nothing else is needed, but [`PostgresStore::listen`] wants a
//! connection to the server itself.
//!
//! # Migrations
//!
//! [`PostgresStore::migrate`] makes the schema and its tables and brings them up to date. It may run at each start, in any
//! number of processes at once. What was applied stands in the table `migrations` of the schema, apart from the host's own.
//! Where nothing is due it only looks; otherwise it waits 30 s at the most for its turn.
//!
//! **It refuses what a stranger made** ([`MigrateError::Owner`]), before anything there is read: any role with `CREATE` on
//! the database could make a schema of our name first, see everything that is kept in it, and have functions of its own run
//! as the role that uses it. The schema and each table must be owned by
//!
//! - the role that calls `migrate`, or one that was granted to it (being a superuser is not enough: it may do everything
//!   with the tables of a stranger, but they are still a stranger's), or
//! - the owner of the database or a superuser, who could take everything in any case. By these a role that owns nothing,
//!   and may only read and write rows, knows the tables for the real ones.
//!
//! Where one role owns the tables and another runs, neither granted to the other, and the first is not the database's
//! owner, only the first calls `migrate`: the second cannot tell it from anybody else. Give nobody else `CREATE` on the
//! schema, and choose `public` for it only where `CREATE` there was taken from `PUBLIC`.
//!
//! A team that runs migrations with a tool of its own takes the files in `migrations/`, or [`PostgresStore::migrations`]. The
//! names in them are unqualified, so the schema is chosen by `search_path`:
//!
//! ```sql
//! CREATE SCHEMA grantor;
//! SET search_path TO grantor;
//! \i migrations/0001_tables.sql
//! \i migrations/0002_credential_usage.sql
//! \i migrations/0003_trusted_issuers.sql
//! \i migrations/0004_initial_access.sql
//! ```
//!
//! Let `CREATE SCHEMA` fail where the schema is there, instead of `IF NOT EXISTS`: it may be a stranger's, and no call of the
//! store but `migrate` looks whose it is.
//!
//! Choose one way: `migrate` finds tables that it did not make in its way. Until the tables are there, every call fails as
//! unavailable and says so.
//!
//! # How the tables grow
//!
//! A JWT writes no row. A claim (each authentication with a signed assertion) and a revocation are about 200 bytes with
//! their indexes, an opaque token that and its record. They stay until the server's
//! [`maintain`](grantor::AuthorizationServer::maintain) prunes them, 15 minutes past their end: for 100 assertions a second
//! that live 5 minutes, about 120 000 rows. `prune` locks no table and waits for no row. Autovacuum gives the room back to
//! the table; where claims come by the hundreds a second, let it come sooner:
//!
//! ```sql
//! ALTER TABLE grantor.claims SET (autovacuum_vacuum_scale_factor = 0.02);
//! ```
//!
//! The last use of a credential is a row of `credential_usage`, about 200 bytes with its indexes. It goes with its client,
//! and otherwise with some `touch` that is 401 days later by the clock of the server. A use that was on its way while its
//! client was deleted may come to stand there again, and goes in the same way.
//!
//! # Restoring a backup
//!
//! It takes back all that happened since, also what must never be taken back: spent proofs can be spent again, revoked
//! tokens are good again until they expire, clients and trusted issuers that were deleted, disabled or given another
//! secret or other keys are as they were, and initial access tokens have back the uses that were made of them since. A fail-over that lost something is the same in small. So, with every process stopped:
//!
//! 1. Start none until **an hour and a few minutes** after the old database served last: a client's assertion ends an hour
//!    after it is presented at the latest, and it is signed with the client's key, so nothing that is done here makes it
//!    void sooner.
//! 2. Void the tokens, or wait for them too: the longest lifetime of a resource (10 minutes unless it was set, 24 hours at
//!    the most). Fresh keys void the JWTs, once the APIs have fetched the key set again (they may keep it for 5 minutes), and
//!    a key that was removed because it leaked does not come back with the backup. The opaque ones are rows:
//!
//!    ```sql
//!    DELETE FROM grantor.key_set;
//!    DELETE FROM grantor.tokens WHERE document IS NOT NULL;
//!    ```
//!
//!    The next start makes keys. Revocations stay: they are the rows without a document.
//! 3. Repeat what was done to clients and trusted issuers since the backup, first of all what was deleted or disabled.
//!    Delete initial access tokens of which you do not know how often they were used since, and hand out others.
//!
//! To lose nothing there is only a synchronous standby, as above.
//!
//! # A cache of clients that hears of changes
//!
//! Each change of a client is announced by `NOTIFY`, in the statement that makes it. [`PostgresStore::listen`] brings them to
//! a cache in front of the store, so that other processes see a disabled client sooner than the cache's time to live.

mod changes;
mod clients;
mod columns;
mod connection;
mod failure;
mod initial_access;
mod keys;
mod migrate_error;
mod migrations;
mod ownership;
mod postgres_store;
mod records;
mod schema;
mod statements;
mod tokens;
mod trust;
mod usage;

pub use changes::ClientChange;
pub use connection::pool_options;
pub use migrate_error::MigrateError;
pub use migrations::Migration;
pub use postgres_store::{PostgresStore, PostgresStoreBuilder};
pub use schema::InvalidSchema;
/// The release of sqlx whose pool this takes.
pub use sqlx;
