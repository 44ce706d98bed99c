//! Grantor
mod auth;
mod basic;
mod builder;
mod claim;
mod clock;
mod config;
mod endpoint;
mod entropy;
mod error;
pub mod event;
mod executor;
mod form;
mod grant;
mod host_keys;
pub mod http;
mod jose;
mod keys;
pub mod policy;
mod rate_limit;
mod resource;
mod secret_verifier;
mod server;
pub mod store;
mod stores;
mod token;
mod types;

pub use async_trait::async_trait;
pub use builder::{Builder, Dangerous};
pub use clock::{Clock, SystemClock};
pub use config::{ConfigError, Limits};
pub use endpoint::{Endpoint, Endpoints};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use executor::{Executor, ExecutorError, Job, Task};
pub use host_keys::{HostKey, HostKeys};
pub use jose::SigningAlgorithm;
pub use rate_limit::{Admission, Attempt, RateLimiter};
pub use resource::{DeclaredResource, Resource, Resources};
#[cfg(feature = "imported-secrets")]
pub use secret_verifier::Argon2id;
pub use secret_verifier::{SecretMatch, SecretVerifier, SecretVerifierError};
pub use server::{AuthorizationServer, Summary};
pub use stores::Stores;
pub use types::{
    ClientId, ClientSecret, CredentialId, HostKeyId, InvalidValue, Issuer, Jti, KeyId, ProofId,
    ProofNamespace, ResourceUri, Scope, Timestamp, TokenId,
};
