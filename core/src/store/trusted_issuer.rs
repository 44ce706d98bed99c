//! An issuer whose assertions are grants.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::{self, Unknown};
use super::{ClaimMatch, IssuerKeys, StoreError};
use crate::types::{
    ClientId, InvalidValue, IssuerName, LINE, LINE_RULE, ResourceUri, Scope, Timestamp, all_hold, is_line,
};

/// An issuer whose assertions are accepted as grants (RFC 7523 §2.1): one record, read as one snapshot.
///
/// What it vouches for gets no more than this record, the client and the resource have in common. Made by
/// [`TrustedIssuer::builder`] or from what a store kept.
#[derive(Clone, PartialEq)]
pub struct TrustedIssuer(IssuerDocument);

/// Version 1. Members are only ever added; a member that changes its meaning is a new version.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct IssuerDocument {
    v: u32,
    iss: IssuerName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    enabled: bool,
    keys: IssuerKeys,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    sub: ClaimMatch,
    #[serde(default, skip_serializing_if = "document::is_false")]
    sub_optional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clients: Option<Vec<ClientId>>,
    scope: Scope,
    #[serde(default, skip_serializing_if = "document::is_false")]
    scope_claim: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<ResourceUri>>,
    longest_life: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_lifetime: Option<u64>,
    #[serde(default, skip_serializing_if = "document::is_false")]
    reusable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    #[serde(flatten)]
    unknown: Unknown,
}

const DEFAULT_LIFE: u64 = 3600;
const LONGEST: u64 = 24 * 3600;

impl TrustedIssuer {
    /// A new record: enabled, for assertions about `subject` that live for an hour at most and are taken once, brought by a
    /// client that authenticates. Without scope, so that nothing is granted until one is given.
    pub fn builder(issuer: IssuerName, keys: IssuerKeys, subject: ClaimMatch) -> TrustedIssuerBuilder {
        TrustedIssuerBuilder(IssuerDocument {
            v: document::VERSION,
            iss: issuer,
            name: None,
            enabled: true,
            keys,
            aud: None,
            sub: subject,
            sub_optional: false,
            client: None,
            clients: None,
            scope: Scope::empty(),
            scope_claim: false,
            resources: None,
            longest_life: DEFAULT_LIFE,
            token_lifetime: None,
            reusable: false,
            created_at: None,
            metadata: Map::new(),
            unknown: Unknown::new(),
        })
    }

    /// A builder that holds all of this record, what this release does not know included.
    pub fn to_builder(&self) -> TrustedIssuerBuilder {
        TrustedIssuerBuilder(self.0.clone())
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
    /// [`StoreError::corrupt`] for another version and for anything that breaks the rules of a record.
    pub fn from_document(text: &str) -> Result<Self, StoreError> {
        TrustedIssuerBuilder(document::read("trusted issuer", text)?).build().map_err(StoreError::corrupt)
    }

    /// `iss` of its assertions.
    #[must_use]
    pub const fn issuer(&self) -> &IssuerName {
        &self.0.iss
    }

    /// A name for people.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Whether its assertions are accepted now. Tokens that were issued for them live on: end those with their client.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.0.enabled
    }

    /// Where its keys are.
    #[must_use]
    pub const fn keys(&self) -> &IssuerKeys {
        &self.0.keys
    }

    /// `aud` of its assertions; `None` for the issuer identifier or the token endpoint of this server.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.0.aud.as_deref()
    }

    /// About whom its assertions may speak.
    #[must_use]
    pub const fn subject(&self) -> &ClaimMatch {
        &self.0.sub
    }

    /// Whether an assertion without `sub` speaks about the issuer itself.
    #[must_use]
    pub const fn may_omit_subject(&self) -> bool {
        self.0.sub_optional
    }

    /// The client that the tokens are issued to where none authenticates; `None` where client authentication is demanded.
    #[must_use]
    pub const fn client(&self) -> Option<&ClientId> {
        self.0.client.as_ref()
    }

    /// Whether this client may bring its assertions: one of those that the operator listed, or where none is listed the one that
    /// the tokens are issued to without authentication, or where there is none of those either any client for this grant.
    #[must_use]
    pub fn may_be_brought_by(&self, client: &ClientId) -> bool {
        match (&self.0.clients, &self.0.client) {
            (Some(listed), own) => listed.contains(client) || own.as_ref() == Some(client),
            (None, Some(own)) => own == client,
            (None, None) => true,
        }
    }

    /// The clients that the operator listed, if any.
    #[must_use]
    pub fn clients(&self) -> Option<&[ClientId]> {
        self.0.clients.as_deref()
    }

    /// The widest scope that its assertions can get.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// Whether the assertion's own `scope` bounds what it gets, and stands for the request's where that has none.
    #[must_use]
    pub const fn heeds_scope_claim(&self) -> bool {
        self.0.scope_claim
    }

    /// Whether its assertions are good for this resource: for any, unless the operator listed some. One that declares no scopes has to
    /// be listed.
    #[must_use]
    pub fn may_access(&self, resource: &ResourceUri) -> bool {
        self.0.resources.as_ref().is_none_or(|listed| listed.contains(resource))
    }

    /// The resources that the operator listed for it, if any.
    #[must_use]
    pub fn resources(&self) -> Option<&[ResourceUri]> {
        self.0.resources.as_deref()
    }

    /// How far ahead the `exp` of an assertion may lie.
    #[must_use]
    pub const fn longest_life(&self) -> Duration {
        Duration::from_secs(self.0.longest_life)
    }

    /// How long the tokens for its assertions may live; `None` where none outlives its assertion (RFC 7521 §4.1).
    #[must_use]
    pub fn token_lifetime(&self) -> Option<Duration> {
        self.0.token_lifetime.map(Duration::from_secs)
    }

    /// Whether an assertion is accepted again until it expires, also one without `jti`.
    #[must_use]
    pub const fn is_reusable(&self) -> bool {
        self.0.reusable
    }

    /// When it was added, if that is known.
    #[must_use]
    pub const fn created_at(&self) -> Option<Timestamp> {
        self.0.created_at
    }

    /// What the host keeps beside it. Core does not read it.
    #[must_use]
    pub const fn metadata(&self) -> &Map<String, Value> {
        &self.0.metadata
    }
}

impl fmt::Debug for TrustedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedIssuer")
            .field("iss", &self.0.iss)
            .field("enabled", &self.0.enabled)
            .field("keys", &self.0.keys)
            .field("scope", &self.0.scope)
            .finish_non_exhaustive()
    }
}

/// Makes a [`TrustedIssuer`] with safe defaults.
#[derive(Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct TrustedIssuerBuilder(IssuerDocument);

impl TrustedIssuerBuilder {
    /// A name for people, up to 200 bytes; an empty one is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// Whether its assertions are accepted. On by default.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.0.enabled = enabled;
        self
    }

    /// Replaces where its keys are.
    pub fn keys(mut self, keys: IssuerKeys) -> Self {
        self.0.keys = keys;
        self
    }

    /// The `aud` of its assertions, where the issuer cannot name this server's. It must stand for this server alone: whoever else is
    /// named by it can use what it is sent here. `None`, as by default, for the issuer identifier or the token endpoint.
    pub fn audience(mut self, audience: impl Into<Option<String>>) -> Self {
        self.0.aud = audience.into();
        self
    }

    /// Replaces about whom its assertions may speak.
    pub fn subject(mut self, subject: ClaimMatch) -> Self {
        self.0.sub = subject;
        self
    }

    /// Takes assertions without `sub` as ones about the issuer itself, as Google's libraries make them. RFC 7523 §3 (2)
    /// demands a `sub`; off by default.
    pub fn subject_optional(mut self, optional: bool) -> Self {
        self.0.sub_optional = optional;
        self
    }

    /// Demands no client authentication: the assertion alone is the credential, and where no client authenticates the token is
    /// issued to `client`, whose record bounds and ends it. `None`, as by default, to demand that a client authenticates.
    pub fn without_client_authentication(mut self, client: impl Into<Option<ClientId>>) -> Self {
        self.0.client = client.into();
        self
    }

    /// The only clients that may bring its assertions, authenticated. `None`, as by default, for every client that is registered
    /// for this grant, or where no client authentication is demanded for the one that the tokens are issued to.
    pub fn clients(mut self, clients: impl Into<Option<Vec<ClientId>>>) -> Self {
        self.0.clients = clients.into();
        self
    }

    /// The widest scope that its assertions can get. By default none.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.0.scope = scope;
        self
    }

    /// Whether the assertion's own `scope` claim bounds what it gets, and stands for the request's where that has none.
    /// Off by default, and then the claim says nothing.
    pub fn scope_claim(mut self, heeded: bool) -> Self {
        self.0.scope_claim = heeded;
        self
    }

    /// The only resources that its assertions are good for; `None`, as by default, for all that the server declares with scopes: one
    /// without has to be listed, since no scope bounds what is granted there.
    pub fn resources(mut self, resources: impl Into<Option<Vec<ResourceUri>>>) -> Self {
        self.0.resources = resources.into();
        self
    }

    /// How far ahead the `exp` of an assertion may lie, in whole seconds: an hour by default, 24 at most.
    pub fn longest_life(mut self, life: Duration) -> Self {
        self.0.longest_life = life.as_secs();
        self
    }

    /// How long the tokens may live where their resource's lifetime is not shorter, in whole seconds, 24 hours at most. `None`,
    /// as by default, for tokens that do not outlive their assertion (RFC 7521 §4.1).
    pub fn token_lifetime(mut self, life: impl Into<Option<Duration>>) -> Self {
        self.0.token_lifetime = life.into().map(|life| life.as_secs());
        self
    }

    /// Whether an assertion is accepted again until it expires, also one without `jti`. Whoever sees one can use it that long.
    /// Off by default: `jti` is demanded and spent.
    pub fn reusable(mut self, reusable: bool) -> Self {
        self.0.reusable = reusable;
        self
    }

    /// When it was added.
    pub fn created_at(mut self, moment: impl Into<Option<Timestamp>>) -> Self {
        self.0.created_at = moment.into();
        self
    }

    /// What the host keeps beside it. Core does not read it.
    pub fn metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.0.metadata = metadata;
        self
    }

    /// The record.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for keys by discovery of an issuer that is no https URL, a subject that cannot be compared, lives of none
    /// or more than 24 hours, and a name that is too long or holds control characters.
    pub fn build(self) -> Result<TrustedIssuer, InvalidValue> {
        let own = &self.0;
        own.sub.clone().checked()?;
        let life_ok = |seconds: u64| (1..=LONGEST).contains(&seconds);
        let aud_ok = |aud: &str| !aud.is_empty() && is_line(aud, 1024);
        let name_ok = |name: &str| is_line(name, LINE);
        all_hold([
            (
                !matches!(own.sub, ClaimMatch::IsInAnyCase(_)),
                "sub",
                "compared as it is written, since the tokens show it as it came",
            ),
            (
                own.keys.fit(Some(&own.iss)),
                "keys",
                "given, unless the issuer is an https URL that publishes metadata",
            ),
            (own.aud.as_deref().is_none_or(aud_ok), "aud", "1 to 1024 bytes without control characters"),
            (life_ok(own.longest_life), "longest_life", "1 second to 24 hours"),
            (own.token_lifetime.is_none_or(life_ok), "token_lifetime", "1 second to 24 hours"),
            (own.name.as_deref().is_none_or(name_ok), "name", LINE_RULE),
        ])?;
        Ok(TrustedIssuer(self.0))
    }
}

impl fmt::Debug for TrustedIssuerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedIssuerBuilder").field("iss", &self.0.iss).finish_non_exhaustive()
    }
}
