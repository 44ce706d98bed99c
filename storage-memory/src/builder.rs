//! The bounds and the clock of a store.

use std::sync::Arc;

use grantor::{Clock, SystemClock};

use crate::MemoryStore;
use crate::bound::Bound;

/// Makes a [`MemoryStore`]. The defaults fit an embedded server of some thousand clients.
///
/// Nothing is set aside beforehand: memory is taken as entries come, and given back as they go.
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct MemoryStoreBuilder {
    pub(crate) clients: Bound,
    pub(crate) issuers: Bound,
    pub(crate) initial_access: Bound,
    pub(crate) claims: Bound,
    pub(crate) tokens: Bound,
    pub(crate) credential_uses: usize,
    pub(crate) clock: Arc<dyn Clock>,
}

impl MemoryStoreBuilder {
    pub(crate) fn new() -> Self {
        Self {
            clients: Bound { most: 100_000, kind: "clients", option: "max_clients" },
            issuers: Bound { most: 10_000, kind: "trusted issuers", option: "max_trusted_issuers" },
            initial_access: Bound {
                most: 10_000,
                kind: "initial access tokens",
                option: "max_initial_access_tokens",
            },
            claims: Bound { most: 1_000_000, kind: "spent proofs", option: "max_claims" },
            tokens: Bound { most: 1_000_000, kind: "tokens and revocations", option: "max_tokens" },
            credential_uses: 200_000,
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// The most clients. 100 000 by default.
    pub const fn max_clients(mut self, most: usize) -> Self {
        self.clients.most = most;
        self
    }

    /// The most trusted issuers. 10 000 by default.
    pub const fn max_trusted_issuers(mut self, most: usize) -> Self {
        self.issuers.most = most;
        self
    }

    /// The most initial access tokens. 10 000 by default. One that is used up or has expired keeps its place until it is
    /// deleted.
    pub const fn max_initial_access_tokens(mut self, most: usize) -> Self {
        self.initial_access.most = most;
        self
    }

    /// The most spent single-use proofs that are remembered at a time. 1 000 000 by default, of about 160 bytes.
    ///
    /// Each authentication with a signed assertion spends one, and keeps its place until 15 minutes past the
    /// assertion's expiry: for 100 a second, each with a life of 5 minutes, that is 120 000.
    pub const fn max_claims(mut self, most: usize) -> Self {
        self.claims.most = most;
        self
    }

    /// The most opaque tokens and revocations, counted together. 1 000 000 by default, a revocation of about
    /// 180 bytes, a token of that and its record.
    ///
    /// A JWT takes a place only when it is revoked. Revoking an opaque token that is stored needs no place more,
    /// so that works in a store that is full too.
    pub const fn max_tokens(mut self, most: usize) -> Self {
        self.tokens.most = most;
        self
    }

    /// The most credentials whose last use is remembered. 200 000 by default, of about 300 bytes.
    ///
    /// Beyond that the oldest use is forgotten: that is information for an operator, and nothing that is granted hangs
    /// on it.
    pub const fn max_credential_uses(mut self, most: usize) -> Self {
        self.credential_uses = most;
        self
    }

    /// The clock by which the store forgets. The machine's by default; where the server is given a clock of its
    /// own, give the store the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The store, empty.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        MemoryStore::from_builder(self)
    }
}
