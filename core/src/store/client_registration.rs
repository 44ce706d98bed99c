//! What is kept of a client that registered itself (RFC 7591, RFC 7592).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::AuthMethod;
use super::document::{Unknown, base64};
use crate::types::{ClientId, InitialAccessId, RegistrationAccessToken, Scope};

/// How a client came to be registered, what it may make of itself, and what it says about itself. Part of its record, so
/// that one delete ends all of it (RFC 7592 §2.3).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientRegistration {
    /// The digest of its registration access token.
    #[serde(with = "base64")]
    token: [u8; 32],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    initial_access: Option<InitialAccessId>,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_methods: Option<BTreeSet<AuthMethod>>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// What a client may make of itself, at first and with each update.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RegistrationBounds {
    /// The initial access token that it comes from; `None` for the one of the configuration.
    pub(crate) initial_access: Option<InitialAccessId>,
    pub(crate) scope: Scope,
    /// `None` for all that registration is open to.
    pub(crate) auth_methods: Option<BTreeSet<AuthMethod>>,
}

impl ClientRegistration {
    pub(crate) fn new(token: [u8; 32], bounds: RegistrationBounds, metadata: Map<String, Value>) -> Self {
        let RegistrationBounds { initial_access, scope, auth_methods } = bounds;
        Self { token, initial_access, scope, auth_methods, metadata, unknown: Unknown::new() }
    }

    /// Whether `token` is the one of `client`, whose record this is part of.
    pub(crate) fn is_opened_by(&self, token: &RegistrationAccessToken, client: &ClientId) -> bool {
        bool::from(self.token.ct_eq(&token.digest(client)))
    }

    pub(crate) fn bounds(&self) -> RegistrationBounds {
        RegistrationBounds {
            initial_access: self.initial_access.clone(),
            scope: self.scope.clone(),
            auth_methods: self.auth_methods.clone(),
        }
    }

    /// With another registration access token and other metadata.
    pub(crate) fn renewed(mut self, token: [u8; 32], metadata: Map<String, Value>) -> Self {
        (self.token, self.metadata) = (token, metadata);
        self
    }

    /// An operator's word: the client cannot widen it again.
    pub(super) fn bounded_by(&mut self, scope: &Scope) {
        self.scope = scope.clone();
    }

    /// The initial access token by which it was registered; `None` for the one of the configuration.
    #[must_use]
    pub const fn initial_access(&self) -> Option<&InitialAccessId> {
        self.initial_access.as_ref()
    }

    /// The widest scope that it may register.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The methods by which it may authenticate; `None` for all that registration is open to.
    #[must_use]
    pub const fn auth_methods(&self) -> Option<&BTreeSet<AuthMethod>> {
        self.auth_methods.as_ref()
    }

    /// What it says about itself beside its name and its keys (RFC 7591 §2): `client_uri`, `contacts`, `software_id` and the
    /// like, names in other languages included. **Self-asserted**: nobody has checked that it is true, unless a
    /// `software_statement` is among it.
    #[must_use]
    pub const fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }
}

impl fmt::Debug for ClientRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRegistration")
            .field("initial_access", &self.initial_access)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
