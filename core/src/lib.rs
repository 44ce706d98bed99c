//! Grantor
mod basic;
mod clock;
mod entropy;
mod error;
pub mod event;
mod executor;
mod form;
mod host_keys;
pub mod http;
mod rate_limit;
mod secret_verifier;
pub mod store;
mod types;

pub use async_trait::async_trait;
pub use clock::{Clock, SystemClock};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use executor::{Executor, ExecutorError, Job, Task};
pub use host_keys::{HostKey, HostKeys};
pub use rate_limit::{Admission, Attempt, RateLimiter};
#[cfg(feature = "imported-secrets")]
pub use secret_verifier::Argon2id;
pub use secret_verifier::{SecretMatch, SecretVerifier, SecretVerifierError};
pub use types::{
    ClientId, ClientSecret, CredentialId, HostKeyId, InvalidValue, Issuer, Jti, KeyId, ProofId,
    ProofNamespace, ResourceUri, Scope, Timestamp, TokenId,
};
