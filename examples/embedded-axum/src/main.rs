//! Grantor inside one's own axum application: `cargo run -p embedded-axum`, then paste the commands it prints.

use std::error::Error;
use std::net::SocketAddr;

use axum::{Router, routing::get};
use grantor::store::{AuthMethod, Client, ClientRegistry, Revision};
use grantor::{AuthorizationServer, ClientId, HostKeys, Resource, Scope, SystemEntropy};
use grantor_axum::{AccessToken, Refused};
use grantor_storage_memory::MemoryStore;

async fn invoices(AccessToken(token): AccessToken) -> Result<String, Refused> {
    token.require("invoices:read")?;
    Ok(format!("invoices for {}", token.client_id()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let issuer = format!("http://{}", listener.local_addr()?);
    let (store, host_keys) = (MemoryStore::new(), HostKeys::ephemeral());

    // One client, with a secret that is shown once.
    let id = ClientId::new("billing")?;
    let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new())?;
    let client = Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC)
        .credential(credential)
        .scope(Scope::parse("invoices:read invoices:write")?)
        .build()?;
    let _inserted = ClientRegistry::insert(&store, Revision::first(&SystemEntropy::new())?, &client).await?;

    // The server. In production the issuer is https and the host keys come from a secret manager.
    let server = AuthorizationServer::builder(&issuer, store, host_keys)
        .resource(Resource::new("https://api.example.com").scopes(["invoices:read", "invoices:write"]))
        .executor(grantor_axum::TokioExecutor::current())
        .dangerous()
        .allow_http_on_loopback()
        .build()
        .await?;
    println!("curl -u billing:{} -d grant_type=client_credentials {issuer}/oauth2/token", secret.expose());
    println!("curl -H \"Authorization: Bearer $TOKEN\" {issuer}/invoices # with the access_token of that");

    // The application's own routes beside it, one of them for those who have a token.
    let verifier = server.access_token_verifier("https://api.example.com").build()?;
    let app = Router::new()
        .route("/", get(|| async { "our own page" }))
        .route("/invoices", get(invoices))
        .with_state(verifier)
        .merge(grantor_axum::router(server.clone()));
    grantor_axum::spawn_maintenance(server);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
