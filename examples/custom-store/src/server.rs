//! The server over the table.

use grantor::{AuthorizationServer, ConfigError, HostKeys, Resource, Stores};
use grantor_storage_memory::{ClientCache, MemoryStore};
use sqlx::postgres::PgPool;

use crate::{Bcrypt, Customers};

/// A server whose clients are the application's customers; the rest is in memory, so it is for one process.
///
/// Customers are cached for 5 s: one that the application locks out still gets tokens for that long.
///
/// # Errors
///
/// [`ConfigError`] if the issuer cannot be one.
pub async fn server(issuer: &str, pool: PgPool) -> Result<AuthorizationServer, ConfigError> {
    let stores = Stores::from(MemoryStore::new()).with_clients(ClientCache::new(Customers::new(pool)));
    AuthorizationServer::builder(issuer, stores, HostKeys::ephemeral())
        .resource(Resource::new("https://api.example.com").scopes(["invoices:read", "invoices:write"]))
        .executor(grantor_axum::TokioExecutor::current())
        .imported_secrets(Bcrypt)
        .dangerous()
        .allow_http_on_loopback()
        .build()
        .await
}
