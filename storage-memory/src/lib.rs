//! Storage in memory for [Grantor](grantor): the default of an embedded server, and the reference for the
//! promises of the [storage traits](grantor::store).
//!
//! [`MemoryStore`] implements [`ClientStore`](grantor::store::ClientStore),
//! [`ClientRegistry`](grantor::store::ClientRegistry), [`KeyStore`](grantor::store::KeyStore),
//! [`TokenStore`](grantor::store::TokenStore), [`TrustStore`](grantor::store::TrustStore),
//! [`TrustRegistry`](grantor::store::TrustRegistry), [`InitialAccessStore`](grantor::store::InitialAccessStore) and
//! [`CredentialUsage`](grantor::store::CredentialUsage). A clone is a further handle on the same data.
//!
//! ```
//! use grantor::store::{AuthMethod, Claim, Client, ClientRegistry, ClientStore, Insert, Revision, TokenStore};
//! use grantor::{ClientId, ProofId, Scope, SystemEntropy, Timestamp};
//! use grantor_storage_memory::MemoryStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::builder().max_clients(500).build();
//!
//! let id = ClientId::new("billing")?;
//! let client = Client::builder(id.clone(), AuthMethod::CLIENT_SECRET_BASIC).scope(Scope::parse("read")?).build()?;
//! assert_eq!(ClientRegistry::insert(&store, Revision::first(&SystemEntropy::new())?, &client).await?, Insert::Done);
//! assert!(ClientStore::find(&store, &id).await?.is_some());
//!
//! let (proof, until) = (ProofId::from_bytes([7; 32]), Timestamp::MAX);
//! assert_eq!(store.claim(&proof, until).await?, Claim::First);
//! assert_eq!(store.clone().claim(&proof, until).await?, Claim::Replayed);
//! # Ok(())
//! # }
//! # fn main() {
//! #     use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! #     let done = pin!(example()).poll(&mut Context::from_waker(Waker::noop()));
//! #     assert!(matches!(done, Poll::Ready(Ok(()))), "{done:?}");
//! # }
//! ```
//!
//! [`ClientCache`] is something else: it stands in front of any client store, a shared one too. And [`MemoryRateLimiter`]
//! is a [`RateLimiter`](grantor::RateLimiter), which counts failed attempts to authenticate.
//!
//! # For one process only
//!
//! Nothing is shared between processes. Two nodes with a memory store each would both accept one and the same
//! client assertion, and a token revoked on one would live on the other. More than one process of an issuer needs
//! a shared store.
//!
//! # Nothing survives a restart
//!
//! Clients, trusted issuers, initial access tokens, keys, spent proofs, opaque tokens and revocations are gone with the process. Where all of them are
//! here, that is safe: the keys are gone too, so no token of before verifies, and the clients are gone, so none of
//! their assertions does. **Beside keys or clients that last, it is not**: keep keys in a database and tokens here,
//! and after a restart a revoked JWT is honoured again until it expires; keep clients in a database, and an
//! assertion spent before the restart can be spent once more until it expires.
//!
//! # Bounded, and it refuses when it is full
//!
//! Each kind of entry has a bound ([`MemoryStoreBuilder`]). At the bound the store first drops what has ended, and
//! then answers [`StoreError::unavailable`](grantor::store::StoreError::unavailable): a flood costs answers of 503,
//! and never makes it forget a spent proof or a revocation. [`MemoryStore::usage`] tells how near the bound is.
//!
//! When credentials were last used is the exception: there the oldest use makes room for the next one, so a host with
//! more credentials than [`max_credential_uses`](MemoryStoreBuilder::max_credential_uses) has them remembered for less
//! than 400 days. Those of a client go with it.
//!
//! # What it forgets by itself
//!
//! An entry may go once it is more than 15 minutes past its `until` and 15 minutes old, both by the store's own
//! clock. Each write drops a few such entries, so there is no sweep that holds up requests. Anything sooner is for
//! [`TokenStore::prune`](grantor::store::TokenStore::prune) alone, which core calls.

mod bound;
mod builder;
mod client_cache;
mod clients;
mod expiring;
mod initial_access;
mod keys;
mod memory_store;
mod rate_limiter;
mod records;
mod shard;
mod tokens;
mod trust;
mod uses;

pub use builder::MemoryStoreBuilder;
pub use client_cache::{ClientCache, ClientCacheBuilder, TimeToLiveRefused};
pub use memory_store::{MemoryStore, Usage};
pub use rate_limiter::MemoryRateLimiter;
