//! The authorization server and an API, in one application of axum.

use std::error::Error;
use std::net::SocketAddr;

use axum::{Router, routing::get};
use grantor::store::{AuthMethod, Client, ClientRegistry, Credential, GrantType, Revision};
use grantor::{AuthorizationServer, ClientId, HostKeys, PublicKey, Resource, Scope, SystemEntropy};
use grantor_axum::{AccessToken, Refused};
use grantor_storage_memory::MemoryStore;

async fn report(AccessToken(token): AccessToken) -> Result<String, Refused> {
    token.require("report:read")?;
    Ok(format!("a report for {}", token.client_id()))
}

/// Serves both, and gives the issuer. In production it is https, and store and host keys last.
pub(crate) async fn serve(id: &str, public_jwk: &str) -> Result<String, Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let issuer = format!("http://{}", listener.local_addr()?);
    let store = MemoryStore::new();

    // A client that is its own issuer: only who has the private half can speak for it.
    let key = PublicKey::from_jwk(public_jwk)?;
    let client = Client::builder(ClientId::new(id)?, AuthMethod::PRIVATE_KEY_JWT)
        .credential(Credential::key(key)?)
        .grant_types([GrantType::JWT_BEARER])
        .scope(Scope::parse("report:read")?)
        .build()?;
    let _done = ClientRegistry::insert(&store, Revision::first(&SystemEntropy::new())?, &client).await?;

    let server = AuthorizationServer::builder(&issuer, store, HostKeys::ephemeral())
        .resource(Resource::new("https://api.example.com").scopes(["report:read"]))
        .executor(grantor_axum::TokioExecutor::current())
        .dangerous()
        .allow_http_on_loopback()
        .build()
        .await?;
    let verifier = server.access_token_verifier("https://api.example.com").build()?;
    let app = Router::new()
        .route("/report", get(report))
        .with_state(verifier)
        .merge(grantor_axum::router(server.clone()));
    grantor_axum::spawn_maintenance(server);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(issuer)
}
