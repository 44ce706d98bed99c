//! The stores of one server, from one backend or several.

use std::sync::Arc;

use crate::store::{
    ClientRegistry, ClientStore, CredentialUsage, InitialAccessStore, KeyStore, TokenStore, TrustStore,
};

/// Where clients, signing keys and tokens are kept. A backend converts into all of them; each can be replaced.
///
/// ```
/// # use grantor::{Stores, store::TokenStore};
/// # fn mix(postgres: impl Into<Stores>, redis: impl TokenStore) -> Stores {
/// let stores = postgres.into().with_tokens(redis);
/// # stores
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Stores {
    pub(crate) clients: Arc<dyn ClientStore>,
    pub(crate) keys: Arc<dyn KeyStore>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) usage: Option<Arc<dyn CredentialUsage>>,
    pub(crate) trust: Option<Arc<dyn TrustStore>>,
    pub(crate) registry: Option<Arc<dyn ClientRegistry>>,
    pub(crate) initial_access: Option<Arc<dyn InitialAccessStore>>,
}

impl Stores {
    /// Three stores, which may be handles on one backend. When credentials were last used is kept nowhere, no issuer is
    /// trusted, and nobody can register.
    pub fn new(clients: impl ClientStore, keys: impl KeyStore, tokens: impl TokenStore) -> Self {
        Self {
            clients: Arc::new(clients),
            keys: Arc::new(keys),
            tokens: Arc::new(tokens),
            usage: None,
            trust: None,
            registry: None,
            initial_access: None,
        }
    }

    /// Clients from elsewhere, for example a table that one already has. Whoever also registers clients there says so with
    /// [`Stores::with_registry`].
    #[must_use]
    pub fn with_clients(mut self, clients: impl ClientStore) -> Self {
        self.clients = Arc::new(clients);
        self.registry = None;
        self
    }

    /// Where clients are registered and administered: the same data as that of the clients. Where those are behind a cache,
    /// give the cache, which then forgets what changes.
    #[must_use]
    pub fn with_registry(mut self, registry: impl ClientRegistry) -> Self {
        self.registry = Some(Arc::new(registry));
        self
    }

    /// Initial access tokens, by which clients may register themselves (RFC 7591 §3).
    #[must_use]
    pub fn with_initial_access(mut self, tokens: impl InitialAccessStore) -> Self {
        self.initial_access = Some(Arc::new(tokens));
        self
    }

    /// Signing keys from elsewhere.
    #[must_use]
    pub fn with_keys(mut self, keys: impl KeyStore) -> Self {
        self.keys = Arc::new(keys);
        self
    }

    /// Tokens and claims from elsewhere.
    #[must_use]
    pub fn with_tokens(mut self, tokens: impl TokenStore) -> Self {
        self.tokens = Arc::new(tokens);
        self
    }

    /// Remembers when each credential was last used. Without it nobody knows when an old secret is not in use any more.
    #[must_use]
    pub fn with_usage(mut self, usage: impl CredentialUsage) -> Self {
        self.usage = Some(Arc::new(usage));
        self
    }

    /// The issuers whose assertions are grants (RFC 7523 §2.1). Without it none is, save clients that are their own issuers.
    #[must_use]
    pub fn with_trust(mut self, trust: impl TrustStore) -> Self {
        self.trust = Some(Arc::new(trust));
        self
    }

    /// What the stores do not keep of their promises. What one backend says for several of them is said once.
    pub(crate) fn caveats(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        let usage = self.usage.as_ref().map(|usage| usage.caveats()).unwrap_or_default();
        let trust = self.trust.as_ref().map(|trust| trust.caveats()).unwrap_or_default();
        let initial_access = self.initial_access.as_ref().map(|tokens| tokens.caveats()).unwrap_or_default();
        let all = [
            self.clients.caveats(),
            self.keys.caveats(),
            self.tokens.caveats(),
            usage,
            trust,
            initial_access,
        ];
        for caveat in all.concat() {
            if !said.contains(&caveat) {
                said.push(caveat);
            }
        }
        said
    }
}
