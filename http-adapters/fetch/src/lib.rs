//! What Grantor asks of others over the network: key sets of clients and issuers, and introspection.
//!
//! The URLs are untrusted, since a client may register any `jwks_uri`. So everything goes out through one [`Fetcher`]: over
//! https, to addresses of the public internet alone, judged when they are connected to and not when a name is first looked
//! up; without redirects, proxies, cookies or anything else from the environment; in 5 seconds, 512 KiB and 16 at a time.
//! Every failure is the same to whoever caused it.
//!
//! An authorization server whose clients publish their keys (RFC 7591 §2, `jwks_uri`):
//!
//! ```
//! use grantor::store::{AuthMethod, Client, Credential};
//! use grantor::{AuthorizationServer, ClientId, HostKeys, KeySetUrl, Resource, Scope};
//! use grantor_fetch::{Fetcher, KeySets};
//! use grantor_storage_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key_sets = KeySets::new(Fetcher::builder().build()?);
//! let server = AuthorizationServer::builder("https://auth.example.com", MemoryStore::new(), HostKeys::ephemeral())
//!     .resource(Resource::new("https://api.example.com").scopes(["read"]))
//!     .key_sets(key_sets)
//!     .build()
//!     .await?;
//!
//! let keys = KeySetUrl::new("https://billing.example.com/jwks.json")?;
//! let client = Client::builder(ClientId::new("billing")?, AuthMethod::PRIVATE_KEY_JWT)
//!     .credential(Credential::key_set(keys)?)
//!     .scope(Scope::parse("read")?)
//!     .build()?;
//! # drop((server, client)); Ok(()) }
//! ```
//!
//! An API elsewhere that takes opaque tokens of an issuer beside JWTs. It is a client there too, one that `serves` its
//! resource:
//!
//! ```
//! use grantor::resource::{AccessTokenVerifier, RemoteIssuer};
//! use grantor::{ClientId, Issuer};
//! use grantor_fetch::{Fetcher, Introspection, KeySets};
//!
//! fn verifier(secret: &str) -> Result<AccessTokenVerifier, Box<dyn std::error::Error>> {
//!     let (issuer, id) = ("https://auth.example.com", ClientId::new("invoices-api")?);
//!     let fetcher = Fetcher::builder().build()?;
//!     let asked = Introspection::of_issuer(fetcher.clone(), Issuer::new(issuer)?, &id, secret)?;
//!     let issuer = RemoteIssuer::new(issuer, KeySets::new(fetcher)).introspection(asked);
//!     Ok(AccessTokenVerifier::of_issuer(issuer, "https://invoices.example.com").build()?)
//! }
//! ```
//!
//! Sources inside your own network are named one by one, and their own authority is trusted beside those of the machine:
//!
//! ```
//! # fn fetcher(authority: Vec<u8>) -> Result<grantor_fetch::Fetcher, grantor_fetch::BuildError> {
//! grantor_fetch::Fetcher::builder()
//!     .allow_host("keys.auth.svc.cluster.local")
//!     .root_certificates(authority)
//!     .build()
//! # }
//! ```

mod address;
mod builder;
mod failure;
mod fetcher;
mod freshness;
mod guard;
mod introspection;
mod kept;
mod key_sets;
mod metadata;

pub use builder::{BuildError, Dangerous, FetcherBuilder};
pub use fetcher::Fetcher;
pub use introspection::Introspection;
pub use key_sets::KeySets;
