//! Checking tokens where they are spent: in the API that they are for (RFC 6750, RFC 9068 §4, RFC 9728).
//!
//! An [`AccessTokenVerifier`] is for one resource. In the process of the authorization server it comes from
//! [`AuthorizationServer::access_token_verifier`](crate::AuthorizationServer::access_token_verifier), asks nobody over HTTP and sees
//! revoked tokens at once, and disabled clients as soon as the client store does (a cache in front of it delays that).
//! Elsewhere [`AccessTokenVerifier::of_issuer`] gets the issuer's keys by its metadata. The adapters bring extractors and
//! layers on top of it, so that a handler takes a checked token as an argument.
//!
//! ```
//! # use grantor::{AuthorizationServer, HostKeys, Resource, http::Request};
//! # use grantor::store::{AuthMethod, Client, ClientRegistry, Revision};
//! # use grantor::{ClientId, Scope, SystemEntropy};
//! # use grantor_storage_memory::MemoryStore;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (store, host_keys) = (MemoryStore::new(), HostKeys::ephemeral());
//! # let id = ClientId::new("billing")?;
//! # let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new())?;
//! # let client = Client::builder(id, AuthMethod::CLIENT_SECRET_POST).credential(credential).scope(Scope::parse("read")?).build()?;
//! # let _ = ClientRegistry::insert(&store, Revision::first(&SystemEntropy::new())?, &client).await?;
//! # let server = AuthorizationServer::builder("https://auth.example.com", store, host_keys)
//! #     .resource(Resource::new("https://api.example.com").scopes(["read", "write"])).build().await?;
//! # let form = format!("grant_type=client_credentials&client_id=billing&client_secret={}", secret.expose());
//! # let request = Request::builder("POST", "/oauth2/token").header("content-type", "application/x-www-form-urlencoded").body(form).build();
//! # let answer = server.token(request).await;
//! # let answer = String::from_utf8(answer.into_body().into_owned())?;
//! # let authorization = format!("Bearer {}", answer.split('"').nth(3).unwrap_or_default());
//! let verifier = server.access_token_verifier("https://api.example.com").build()?;
//!
//! let token = verifier.authorize([authorization.as_bytes()]).await?;
//! assert_eq!(token.client_id().as_str(), "billing");
//! assert!(token.require("read").is_ok());
//! let refused = token.require("write").unwrap_err().into_response();
//! assert_eq!(refused.status(), 403);
//! # Ok(()) }
//! ```

pub(crate) mod declared;
mod metadata;
mod protected;
mod refused;
mod remembered;
mod remote;
mod required;
mod verifier;

pub(crate) use protected::ProtectedResource;
pub use refused::Refused;
pub(crate) use remembered::Remembered;
pub use remote::RemoteIssuer;
pub use required::RequiredScope;
pub use verifier::{AccessTokenVerifier, AccessTokenVerifierBuilder};
pub(crate) use verifier::{Source, TokenSource, is_meant_for};

pub use crate::token::AccessToken;
