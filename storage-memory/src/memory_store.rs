//! The store and its parts.

use std::fmt;
use std::sync::Arc;

use grantor::store::{Client, InitialAccess, TrustedIssuer};
use grantor::{Clock, Stores};

use crate::MemoryStoreBuilder;
use crate::keys::Keys;
use crate::records::Records;
use crate::tokens::Tokens;
use crate::uses::Uses;

/// What the operator should know of every part of it.
pub(crate) const CAVEAT: &str = "memory storage is for one process and ends with it";

/// Clients, trusted issuers, initial access tokens, keys, spent proofs, tokens, revocations and the last uses of
/// credentials, in memory: for one process only, and gone with it.
///
/// A clone is a further handle on the same data. Its methods never wait: each is done when first polled.
#[derive(Clone)]
pub struct MemoryStore(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) clients: Records<Client>,
    pub(crate) issuers: Records<TrustedIssuer>,
    pub(crate) initial_access: Records<InitialAccess>,
    pub(crate) keys: Keys,
    pub(crate) tokens: Tokens,
    pub(crate) uses: Uses,
    pub(crate) clock: Arc<dyn Clock>,
}

/// How many entries a store holds, those that have ended and not yet gone included.
///
/// Compare it with the bounds of the [`MemoryStoreBuilder`]: a store at its bound refuses, but for the uses of
/// credentials, of which it then forgets the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Clients.
    pub clients: usize,
    /// Trusted issuers.
    pub trusted_issuers: usize,
    /// Initial access tokens, those that are used up or have expired included.
    pub initial_access_tokens: usize,
    /// Spent single-use proofs.
    pub claims: usize,
    /// Opaque tokens and revocations.
    pub tokens: usize,
    /// Credentials whose last use is remembered.
    pub credential_uses: usize,
}

impl MemoryStore {
    /// An empty store with the default bounds and the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// To choose bounds or a clock.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder::new()
    }

    pub(crate) fn from_builder(builder: MemoryStoreBuilder) -> Self {
        Self(Arc::new(Parts {
            clients: Records::new(builder.clients),
            issuers: Records::new(builder.issuers),
            initial_access: Records::new(builder.initial_access),
            keys: Keys::default(),
            tokens: Tokens::new(builder.claims, builder.tokens),
            uses: Uses::new(builder.credential_uses),
            clock: builder.clock,
        }))
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    /// How many entries it holds now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let Parts { clients, issuers, initial_access, tokens, uses, .. } = self.parts();
        let Tokens { claims, tokens } = tokens;
        Usage {
            clients: clients.len(),
            trusted_issuers: issuers.len(),
            initial_access_tokens: initial_access.len(),
            claims: claims.len(),
            tokens: tokens.len(),
            credential_uses: uses.len(),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Clients, trusted issuers, initial access tokens, keys, tokens and the last uses of credentials all in this store.
impl From<MemoryStore> for Stores {
    fn from(store: MemoryStore) -> Self {
        Self::new(store.clone(), store.clone(), store.clone())
            .with_usage(store.clone())
            .with_trust(store.clone())
            .with_registry(store.clone())
            .with_initial_access(store)
    }
}

/// Shows how much is in it, and none of it.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryStore").field(&self.usage()).finish()
    }
}
