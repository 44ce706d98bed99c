//! Grantor in one's own axum application, any number of times: clients and keys in PostgreSQL, tokens in Redis.
//!
//! ```text
//! export DATABASE_URL=postgres://grantor@localhost/grantor REDIS_URL=redis://localhost:6379
//! export HOST_KEY="$(openssl rand -base64 32)"   # once, from a secret manager: it has to last as long as the database
//! cargo run -p shared-stores
//! ```

use std::env;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

use axum::Router;
use grantor::{AuthorizationServer, HostKey, HostKeyId, HostKeys, Resource, Stores};
use grantor_axum::TokioExecutor;
use grantor_storage_memory::ClientCache;
use grantor_storage_postgres::{ClientChange, PostgresStore, pool_options};
use grantor_storage_redis::RedisStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pool = pool_options().max_connections(20).connect_lazy(&env::var("DATABASE_URL")?)?;
    let postgres = PostgresStore::new(pool);
    let redis = RedisStore::single(redis::Client::open(env::var("REDIS_URL")?)?).build()?;
    let host_key = HostKey::new(HostKeyId::new("2026-11")?, env::var("HOST_KEY")?.as_bytes())?;

    // Each token asks for a client. That costs nothing for some seconds, and a change is heard of at once.
    let clients = ClientCache::new(postgres.clone());
    tokio::spawn(forget_what_changes(postgres.clone(), clients.clone()));
    // Neither store has to be there yet: until they are, tokens are answered 503.
    tokio::spawn(make_tables(postgres.clone()));

    let stores = Stores::from(postgres).with_clients(clients).with_tokens(redis);
    let server = AuthorizationServer::builder("https://auth.example.com", stores, HostKeys::new([host_key])?)
        .resource(Resource::new("https://api.example.com").scopes(["read", "write"]))
        .executor(TokioExecutor::current())
        .build()
        .await?;
    grantor_axum::spawn_maintenance(server.clone());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    writeln!(std::io::stdout(), "{}on http://{}", server.summary(), listener.local_addr()?)?;
    Ok(axum::serve(listener, Router::new().merge(grantor_axum::router(server))).await?)
}

async fn make_tables(postgres: PostgresStore) {
    while let Err(error) = postgres.migrate().await {
        let _ = writeln!(std::io::stderr(), "no tables yet: {error}");
        #[allow(clippy::disallowed_methods)] // Nothing waits for it but the next attempt.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn forget_what_changes(postgres: PostgresStore, clients: ClientCache<PostgresStore>) {
    let forget = |change| {
        if let ClientChange::Client(id) = change { clients.forget(&id) } else { clients.forget_all() }
    };
    postgres.listen(forget).await;
}
