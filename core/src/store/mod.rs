//! What Grantor asks of storage: small traits, the records they keep, and their promises in words.
//!
//! A store is shared by all processes of one issuer, and **every promise here holds across all of them**.
//!
//! Rules for all of them:
//!
//! - An expected outcome is a value (`Insert::Exists`, `Claim::Replayed`). [`StoreError`] means only that the
//!   store itself failed, and is answered as 5xx: an outage is never a rejection.
//! - A write that may not have happened is an `Err`, never a success.
//! - A store never sees a token, a client secret or a private key in the clear, and needs no cryptography.
//! - A call may be dropped at any await. What it had begun either happened whole or not at all.
//! - Each call is bounded in time by the store's own settings; core adds no deadline of its own.
//! - A driver that repeats a command after a lost answer turns its own `First` into `Replayed`: make the repeat
//!   recognisable, or give `Err`.
//! - A store value holds one issuer's data. Several issuers share a database by schema, table name or key prefix.
//! - Identifiers compare byte for byte: no collation, no case folding, no trimming.
//!
//! # A store over a table that you have
//!
//! ```
//! use grantor::async_trait;
//! use grantor::store::{AuthMethod, Client, ClientStore, Credential, Revision, StoreError, Versioned};
//! use grantor::{ClientId, CredentialId, Scope};
//! # #[derive(Debug)] struct Row { id: String, bcrypt: String, scopes: String, active: bool }
//! # #[derive(Debug)] struct Pool;
//! # impl Pool { async fn row(&self, _id: &str) -> Result<Option<Row>, std::io::Error> { Ok(None) } }
//!
//! #[derive(Debug)]
//! struct OurClients(Pool);
//!
//! #[async_trait]
//! impl ClientStore for OurClients {
//!     async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
//!         let Some(row) = self.0.row(id.as_str()).await.map_err(StoreError::unavailable)? else {
//!             return Ok(None);
//!         };
//!         let secret = Credential::imported(CredentialId::new("secret").map_err(StoreError::corrupt)?, row.bcrypt);
//!         let client = Client::builder(ClientId::new(row.id).map_err(StoreError::corrupt)?, AuthMethod::CLIENT_SECRET_BASIC)
//!             .credential(secret)
//!             .scope(Scope::parse(&row.scopes).map_err(StoreError::corrupt)?)
//!             .enabled(row.active)
//!             .build()
//!             .map_err(StoreError::corrupt)?;
//!         Ok(Some(Versioned::new(client, Revision::new(1))))
//!     }
//!
//!     fn caveats(&self) -> Vec<String> {
//!         Vec::new()
//!     }
//! }
//! ```

mod claim_match;
mod client;
mod client_record;
mod client_registration;
mod credential;
mod document;
mod error;
mod initial_access;
mod initial_access_record;
mod issuer_keys;
mod key;
mod key_record;
mod key_set;
mod name;
mod revision;
mod sealed;
mod shared;
mod token;
mod token_record;
mod trust;
mod trusted_issuer;
mod usage;
mod workload;

pub use claim_match::ClaimMatch;
pub use client::{ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Update};
pub(crate) use client::{find_client, latest_client};
pub use client_record::{Client, ClientBuilder};
pub use client_registration::ClientRegistration;
pub(crate) use client_registration::{OperatorBounds, RegistrationBounds};
pub(crate) use credential::DigestDocument;
pub use credential::{Credential, CredentialKind, SealedSecret, SecretDigest};
pub use error::StoreError;
pub use initial_access::{Consume, CountedAccess, InitialAccessPage, InitialAccessQuery, InitialAccessStore};
pub use initial_access_record::{InitialAccess, InitialAccessBuilder};
pub use issuer_keys::{InlineKeys, IssuerKeys};
pub use key::{KeyStore, Replace};
pub(crate) use key_record::SigningPeriod;
pub use key_record::{KeyRecord, KeyRecordBuilder, PrivateKey, Retirement, SignerReference};
pub use key_set::KeySet;
pub use name::{AuthMethod, CompatibilitySwitch, GrantType};
pub use revision::{Revision, Versioned};
pub use sealed::Sealed;
pub use token::{Claim, TokenState, TokenStore};
pub(crate) use token_record::REMEMBERED_PAST_EXPIRY;
pub use token_record::{TokenRecord, TokenRecordBuilder};
pub(crate) use trust::find_issuer;
pub use trust::{TrustPage, TrustQuery, TrustRegistry, TrustStore};
pub use trusted_issuer::{TrustedIssuer, TrustedIssuerBuilder};
pub use usage::{CredentialUsage, CredentialUse};
pub use workload::{WorkloadIdentity, WorkloadIdentityBuilder};
