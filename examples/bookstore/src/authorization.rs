//! The authorization server: who may have which tokens.

use std::error::Error;

use grantor::store::{AuthMethod, Client, ClientRegistry, Credential, Revision};
use grantor::{
    AuthorizationServer, ClientId, ClientSecret, HostKeys, PublicKey, Resource, ResourceUri, Scope,
    SystemEntropy, TokenFormat,
};
use grantor_storage_memory::MemoryStore;

use crate::{payment, pdf};

/// What is shown once, to be handed to its owner.
pub(crate) struct Secrets {
    pub(crate) pdf_service: ClientSecret,
}

/// With two clients and two resources. In production the issuer is https, and store and host keys last.
pub(crate) async fn server(
    issuer: &str,
    payment_key: PublicKey,
) -> Result<(AuthorizationServer, Secrets), Box<dyn Error>> {
    let (store, host_keys) = (MemoryStore::new(), HostKeys::ephemeral());

    // The payment service brings a key of its own. The server holds the public half, and nothing that could be stolen.
    let client = Client::builder(ClientId::new(payment::ID)?, AuthMethod::PRIVATE_KEY_JWT)
        .credential(Credential::key(payment_key)?)
        .scope(Scope::parse("receipts:write receipts:read archive:read")?)
        .build()?;
    let _done = ClientRegistry::insert(&store, Revision::first(&SystemEntropy::new())?, &client).await?;

    // The PDF service asks about the tokens of the archive, which it serves, and gets none itself.
    let id = ClientId::new(pdf::ID)?;
    let (pdf_service, credential) = host_keys.new_secret(&id, &SystemEntropy::new())?;
    let client = Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC)
        .credential(credential)
        .serves([ResourceUri::new(pdf::ARCHIVE)?])
        .build()?;
    let _done = ClientRegistry::insert(&store, Revision::first(&SystemEntropy::new())?, &client).await?;

    let server = AuthorizationServer::builder(issuer, store, host_keys)
        .resource(Resource::new(pdf::RECEIPTS).scopes(["receipts:write", "receipts:read"]))
        .resource(Resource::new(pdf::ARCHIVE).scopes(["archive:read"]).format(TokenFormat::Opaque))
        .executor(grantor_axum::TokioExecutor::current())
        .dangerous()
        .allow_http_on_loopback()
        .build()
        .await?;
    Ok((server, Secrets { pdf_service }))
}
