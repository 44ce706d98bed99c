//! Grantor: an OAuth 2.0 authorization server for machines, as a library.
//!
//! A client authenticates with its secret or a JWT, gets a short-lived signed access token with scopes no wider than it was
//! given; APIs check that token, and it can be revoked. No users, no browser, no consent page: the client credentials grant
//! (RFC 6749 §4.4), client secrets (§2.3.1), JWT client authentication (RFC 7523 §2.2), access tokens (RFC 9068) and opaque ones,
//! JWTs as grants (RFC 7523 §2.1) and the tokens of workloads (RFC 7521 §4.2), resources (RFC 8707), introspection (RFC 7662, 9701),
//! revocation (RFC 7009), registration (RFC 7591, 7592), published keys (RFC 7517) and metadata (RFC 8414).
//!
//! This crate is the protocol and the ports. It brings no async runtime, no web framework, no database and no HTTP
//! client: those are separate crates, and yours if you like.
//!
//! # A server
//!
//! ```
//! use grantor::http::Request;
//! use grantor::store::{AuthMethod, Client};
//! use grantor::{AuthorizationServer, ClientId, HostKeys, Resource, Scope};
//! use grantor_storage_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = AuthorizationServer::builder("https://auth.example.com", MemoryStore::new(), HostKeys::ephemeral())
//!     .resource(Resource::new("https://api.example.com").scopes(["read", "write"]))
//!     .build()
//!     .await?;
//!
//! // A client, with a secret that is shown once.
//! let billing = Client::builder(ClientId::new("billing")?, AuthMethod::CLIENT_SECRET_POST);
//! let created = server.clients()?.create(billing.scope(Scope::parse("read write")?)).await?;
//! let secret = created.secret.ok_or("a client of this method has a secret")?;
//!
//! // An adapter does this for you.
//! let form = format!("grant_type=client_credentials&client_id=billing&client_secret={}&scope=read", secret.expose());
//! let request = Request::builder("POST", "/oauth2/token")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(form)
//!     .build();
//! let response = server.token(request).await;
//! assert_eq!(response.status(), 200);
//! # Ok(()) }
//! ```
//!
//! # Where to go on
//!
//! - [`AuthorizationServer`] and [`Builder`]: what can be set, and what is found wrong at start.
//! - [`Clients`]: administering clients, and [`Registration`]: clients that register themselves.
//! - [`store`]: the storage traits, their promises, and a store over a table that you have.
//! - [`resource`]: checking tokens in the API that they are for.
//! - [`KeyRotation`], [`SigningKeys`] and [`Signer`]: signing keys that change by themselves, and where they are.
//! - [`policy`]: who decides what a token says.
//! - [`event`]: what happened, for audit trails and metrics.
//! - [`guide`]: how-to pages, the reasons behind each default, and which test holds which requirement.

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

mod assertion;
mod auth;
mod basic;
mod bearer;
mod builder;
mod claim;
mod clients;
mod clock;
mod compatibility;
mod config;
mod endpoint;
mod entropy;
mod error;
pub mod event;
mod executor;
mod fetch;
mod form;
mod grant;
mod guard;
pub mod guide;
mod host_keys;
pub mod http;
mod jose;
mod keys;
pub mod policy;
mod rate_limit;
pub mod resource;
mod secret_verifier;
mod server;
mod signer;
pub mod store;
mod stores;
mod token;
mod types;

pub use async_trait::async_trait;
pub use builder::{Builder, Dangerous};
pub use clients::{Clients, ClientsError, CreatedClient, HeldCredential, RotatedSecret};
pub use clock::{Clock, SystemClock};
pub use compatibility::Reach;
pub use config::{ConfigError, Limits};
pub use endpoint::{Endpoint, Endpoints, Registration};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use executor::{Executor, ExecutorError, Job, Task};
pub use fetch::{FetchError, KeySetFetcher, KeySource, TokenIntrospector};
pub use host_keys::{HostKey, HostKeys, ResealError, SealSecretError};
pub use jose::{AssertionAlgorithm, ImportedKey, PublicKey, PublicKeySet, SigningAlgorithm};
pub use keys::KeyRotation;
pub use rate_limit::{Admission, Attempt, Budget, RateLimiter, RateLimits};
pub use resource::declared::{DeclaredResource, Resource, Resources, TokenFormat};
#[cfg(feature = "imported-secrets")]
pub use secret_verifier::Argon2id;
pub use secret_verifier::{SecretMatch, SecretVerifier, SecretVerifierError};
pub use server::{
    AuthorizationServer, SigningKeyHolder, SigningKeyInfo, SigningKeyState, SigningKeys, SigningKeysError,
    Summary,
};
pub use signer::{Signer, SignerError, SignerKey};
pub use stores::Stores;
pub use types::{
    ClientId, ClientSecret, CredentialId, HostKeyId, InitialAccessId, InitialAccessToken, InvalidValue,
    Issuer, IssuerName, Jti, KeyId, KeySetUrl, ProofId, ProofNamespace, RegistrationAccessToken, ResourceUri,
    Scope, Timestamp, TokenId,
};
