//! Grantor in one's own axum application, its signing keys in AWS KMS: `cargo run -p aws-kms`, with credentials and a region
//! as every AWS tool finds them.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

use aws_kms::KmsSigner;
use grantor::store::{AuthMethod, Client, ClientRegistry, Revision};
use grantor::{AuthorizationServer, ClientId, HostKeys, Resource, Scope, SystemEntropy};
use grantor_axum::TokioExecutor;
use grantor_storage_memory::MemoryStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let issuer = format!("http://{}", listener.local_addr()?);
    // In production a shared store: it keeps the names of the keys, and who loses it makes new ones.
    let (store, host_keys) = (MemoryStore::new(), HostKeys::ephemeral());

    let id = ClientId::new("billing")?;
    let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new())?;
    let client = Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC)
        .credential(credential)
        .scope(Scope::parse("invoices:read")?)
        .build()?;
    let _inserted = ClientRegistry::insert(&store, Revision::first(&SystemEntropy::new())?, &client).await?;

    let server = AuthorizationServer::builder(&issuer, store, host_keys)
        .resource(Resource::new("https://api.example.com").scopes(["invoices:read"]))
        .signer(KmsSigner::from_environment(&issuer).await)
        .executor(TokioExecutor::current())
        .dangerous()
        .allow_http_on_loopback()
        .build()
        .await?;
    let summary = server.summary();
    let token =
        format!("curl -u billing:{} -d grant_type=client_credentials {issuer}/oauth2/token", secret.expose());
    writeln!(std::io::stdout(), "{summary}{token}\ncurl {issuer}/.well-known/jwks.json")?;

    grantor_axum::spawn_maintenance(server.clone());
    let app = grantor_axum::router(server).into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}
