//! x
mod changes;
mod clients;
mod columns;
mod connection;
mod failure;
mod keys;
mod migrations;
mod postgres_store;
mod schema;
mod statements;
mod tokens;

pub use changes::ClientChange;
pub use connection::pool_options;
pub use migrations::{MigrateError, Migration};
pub use postgres_store::{PostgresStore, PostgresStoreBuilder};
pub use schema::InvalidSchema;
pub use sqlx;
