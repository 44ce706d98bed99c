//! What is kept of an opaque token.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::StoreError;
use super::document::{self, Unknown};
use crate::types::{ClientId, Issuer, Jti, ResourceUri, Scope, Timestamp};

/// How long past its `exp` a token or a revocation is remembered, since clocks differ.
pub(crate) const REMEMBERED_PAST_EXPIRY: Duration = Duration::from_secs(60);

/// What an opaque token means. It never holds the token.
#[derive(Clone, PartialEq)]
pub struct TokenRecord(TokenDocument);

/// Version 1.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct TokenDocument {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    client_id: ClientId,
    sub: String,
    aud: ResourceUri,
    scope: Scope,
    iat: Timestamp,
    exp: Timestamp,
    jti: Jti,
    #[serde(default, skip_serializing_if = "document::is_zero")]
    epoch: u64,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    claims: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<Map<String, Value>>,
    #[serde(flatten)]
    unknown: Unknown,
}

impl TokenRecord {
    /// A record for a token of `client` for `audience`, issued at `iat` until `exp`.
    pub fn builder(
        client: ClientId,
        audience: ResourceUri,
        jti: Jti,
        iat: Timestamp,
        exp: Timestamp,
    ) -> TokenRecordBuilder {
        TokenRecordBuilder(TokenDocument {
            v: document::VERSION,
            iss: None,
            sub: client.as_str().to_owned(),
            client_id: client,
            aud: audience,
            scope: Scope::empty(),
            iat,
            exp,
            jti,
            epoch: 0,
            claims: Map::new(),
            cnf: None,
            unknown: Unknown::new(),
        })
    }

    /// The text for a store to keep: JSON with a version inside.
    ///
    /// # Errors
    ///
    /// [`StoreError::corrupt`] if it cannot be written, which no record made here brings about.
    pub fn to_document(&self) -> Result<String, StoreError> {
        document::write(&self.0)
    }

    /// The record from the text that a store kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::corrupt`] for another version and for anything else that is no such record.
    pub fn from_document(text: &str) -> Result<Self, StoreError> {
        document::read("token", text).map(Self)
    }

    /// `iss`: the issuer that made it, which alone honours it.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.iss.as_deref()
    }

    /// The client that it was issued to.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// `sub`: the client's own id unless a grant names another.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.sub
    }

    /// `aud`.
    #[must_use]
    pub const fn audience(&self) -> &ResourceUri {
        &self.0.aud
    }

    /// The granted scope.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.0.iat
    }

    /// From when on it is not honoured.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.0.exp
    }

    /// Until when a store must keep it: 60 s past [`TokenRecord::expires_at`].
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.0.exp.plus(REMEMBERED_PAST_EXPIRY)
    }

    /// `jti`.
    #[must_use]
    pub const fn jti(&self) -> &Jti {
        &self.0.jti
    }

    /// The client's token epoch when it was issued.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// Extra claims of the issuance policy.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.0.claims
    }

    /// The key that the token is bound to (RFC 7800), if any.
    #[must_use]
    pub const fn confirmation(&self) -> Option<&Map<String, Value>> {
        self.0.cnf.as_ref()
    }
}

impl fmt::Debug for TokenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRecord")
            .field("client_id", &self.0.client_id)
            .field("aud", &self.0.aud)
            .field("scope", &self.0.scope)
            .field("exp", &self.0.exp)
            .finish_non_exhaustive()
    }
}

/// Makes a [`TokenRecord`].
#[derive(Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct TokenRecordBuilder(TokenDocument);

impl TokenRecordBuilder {
    /// The issuer.
    pub fn issuer(mut self, issuer: &Issuer) -> Self {
        self.0.iss = Some(issuer.as_str().to_owned());
        self
    }

    /// Another subject than the client.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.0.sub = subject.into();
        self
    }

    /// The granted scope.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.0.scope = scope;
        self
    }

    /// The client's token epoch.
    pub fn epoch(mut self, epoch: u64) -> Self {
        self.0.epoch = epoch;
        self
    }

    /// Extra claims.
    pub fn claims(mut self, claims: Map<String, Value>) -> Self {
        self.0.claims = claims;
        self
    }

    /// The key that the token is bound to (RFC 7800).
    pub fn confirmation(mut self, confirmation: Map<String, Value>) -> Self {
        self.0.cnf = Some(confirmation);
        self
    }

    /// The record.
    #[must_use]
    pub fn build(self) -> TokenRecord {
        TokenRecord(self.0)
    }
}

impl fmt::Debug for TokenRecordBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRecordBuilder").field("client_id", &self.0.client_id).finish_non_exhaustive()
    }
}
