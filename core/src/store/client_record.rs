//! The record of one client.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::{self, Unknown};
use super::{
    AuthMethod, ClientRegistration, CompatibilitySwitch, Credential, CredentialKind, GrantType, StoreError,
    credential,
};
use crate::entropy::{Entropy, EntropyError};
use crate::jose::{AssertionAlgorithm, SigningAlgorithm};
use crate::types::{
    ClientId, InvalidValue, LINE, LINE_RULE, ResourceUri, Scope, Timestamp, all_hold, is_line,
};

/// A registered client: one record, read as one snapshot.
///
/// Made by [`Client::builder`] or from what a store kept. Records are values: change a copy with
/// [`Client::to_builder`] and store that.
#[derive(Clone, PartialEq)]
pub struct Client(ClientDocument);

/// Version 1. Members are only ever added; a member that changes its meaning is a new version.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct ClientDocument {
    v: u32,
    id: ClientId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    enabled: bool,
    auth_method: AuthMethod,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_signing_alg: Option<String>,
    #[serde(with = "credential")]
    credentials: Vec<Credential>,
    grant_types: BTreeSet<GrantType>,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_scope: Option<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<ResourceUri>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    serves: Vec<ResourceUri>,
    #[serde(default, skip_serializing_if = "document::is_false")]
    introspector: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    introspection_signed_response_alg: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    compatibility: BTreeSet<CompatibilitySwitch>,
    #[serde(default, skip_serializing_if = "document::is_zero")]
    token_epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration: Option<ClientRegistration>,
    #[serde(flatten)]
    unknown: Unknown,
}

impl Client {
    /// A new record: enabled, for the client credentials grant, without scope and credentials.
    pub fn builder(id: ClientId, auth_method: AuthMethod) -> ClientBuilder {
        ClientBuilder(ClientDocument {
            v: document::VERSION,
            id,
            name: None,
            enabled: true,
            auth_method,
            auth_signing_alg: None,
            credentials: Vec::new(),
            grant_types: BTreeSet::from([GrantType::CLIENT_CREDENTIALS]),
            scope: Scope::empty(),
            default_scope: None,
            resources: None,
            serves: Vec::new(),
            introspector: false,
            introspection_signed_response_alg: None,
            compatibility: BTreeSet::new(),
            token_epoch: 0,
            created_at: None,
            metadata: Map::new(),
            registration: None,
            unknown: Unknown::new(),
        })
    }

    /// A builder that holds all of this record, what this release does not know included.
    pub fn to_builder(&self) -> ClientBuilder {
        ClientBuilder(self.0.clone())
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
        ClientBuilder(document::read("client", text)?).build().map_err(StoreError::corrupt)
    }

    /// `client_id`.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.0.id
    }

    /// A name for people, up to 200 bytes.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Whether it may get tokens and whether those that it has are honoured.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.0.enabled
    }

    /// The one method by which it authenticates.
    #[must_use]
    pub const fn auth_method(&self) -> &AuthMethod {
        &self.0.auth_method
    }

    /// The one `alg` of the assertions by which it authenticates (`token_endpoint_auth_signing_alg`); `None` for each that one
    /// of its keys is for.
    #[must_use]
    pub fn auth_signing_alg(&self) -> Option<&str> {
        self.0.auth_signing_alg.as_deref()
    }

    /// Its credentials, past and future ones included.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.0.credentials
    }

    /// Whether it may use this grant.
    #[must_use]
    pub fn may_use(&self, grant: &GrantType) -> bool {
        self.0.grant_types.contains(grant)
    }

    /// The grants that it may use.
    pub fn grant_types(&self) -> impl Iterator<Item = &GrantType> {
        self.0.grant_types.iter()
    }

    /// The widest scope that it can get.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// What it gets when it asks for no scope: its whole scope unless the operator narrowed it.
    #[must_use]
    pub fn default_scope(&self) -> &Scope {
        self.0.default_scope.as_ref().unwrap_or(&self.0.scope)
    }

    /// The same, where the operator did.
    pub(crate) const fn narrowed_default_scope(&self) -> Option<&Scope> {
        self.0.default_scope.as_ref()
    }

    /// Whether it may ask for tokens for this resource: any, unless the operator listed some.
    #[must_use]
    pub fn may_access(&self, resource: &ResourceUri) -> bool {
        self.0.resources.as_ref().is_none_or(|listed| listed.contains(resource))
    }

    /// The resources that the operator listed for it, if any.
    #[must_use]
    pub fn resources(&self) -> Option<&[ResourceUri]> {
        self.0.resources.as_deref()
    }

    /// The resources that it itself serves, so that it may introspect their tokens. Set by the operator alone.
    #[must_use]
    pub fn serves(&self) -> &[ResourceUri] {
        &self.0.serves
    }

    /// Whether it may introspect every token. Set by the operator alone.
    #[must_use]
    pub const fn is_introspector(&self) -> bool {
        self.0.introspector
    }

    /// The `alg` of the introspection answers that it asks for as JWTs (RFC 9701 §6); `None` for the server's choice.
    #[must_use]
    pub fn introspection_signed_response_alg(&self) -> Option<&str> {
        self.0.introspection_signed_response_alg.as_deref()
    }

    /// The compatibility switches that the operator set for it.
    pub fn compatibility(&self) -> impl Iterator<Item = &CompatibilitySwitch> {
        self.0.compatibility.iter()
    }

    /// Copied into each of its tokens. Raising it ends all that were issued before. Whoever disables a client raises it too: else
    /// enabling it again would revive them.
    #[must_use]
    pub const fn token_epoch(&self) -> u64 {
        self.0.token_epoch
    }

    /// An epoch for a client that is registered now: random, so that tokens of a deleted client of the same id do not live
    /// again. A store over a foreign table does without where it never gives an id twice.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where the system gives no randomness.
    pub fn first_token_epoch(entropy: &dyn Entropy) -> Result<u64, EntropyError> {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes)?;
        // 52 bits: it can be raised for ever and stays below 2^53.
        Ok(u64::from_be_bytes(bytes) >> 12)
    }

    /// When it was registered, if that is known.
    #[must_use]
    pub const fn created_at(&self) -> Option<Timestamp> {
        self.0.created_at
    }

    /// What the host keeps beside it, for example a tenant for its issuance policy. Core does not read it.
    #[must_use]
    pub const fn metadata(&self) -> &Map<String, Value> {
        &self.0.metadata
    }

    /// How it came to be registered, if it registered itself (RFC 7591).
    #[must_use]
    pub const fn registration(&self) -> Option<&ClientRegistration> {
        self.0.registration.as_ref()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.0.id)
            .field("enabled", &self.0.enabled)
            .field("auth_method", &self.0.auth_method)
            .field("credentials", &self.0.credentials)
            .field("scope", &self.0.scope)
            .finish_non_exhaustive()
    }
}

/// Makes a [`Client`] with safe defaults.
#[derive(Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct ClientBuilder(ClientDocument);

impl ClientBuilder {
    /// A name for people, up to 200 bytes; an empty one is none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// Whether it may get tokens. On by default. Disabling goes with a raised [`ClientBuilder::token_epoch`].
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.0.enabled = enabled;
        self
    }

    /// Replaces the method by which it authenticates. Another one goes without the `alg` of the one before, and a client that
    /// registered itself cannot change it back.
    pub fn auth_method(mut self, method: AuthMethod) -> Self {
        if self.0.auth_method != method {
            self.0.auth_signing_alg = None;
        }
        if let Some(registration) = &mut self.0.registration {
            registration.operator().auth_method = Some(method.clone());
        }
        self.0.auth_method = method;
        self
    }

    /// The one `alg` of the assertions by which it authenticates; `None`, as by default, for each that one of its keys is for.
    pub fn auth_signing_alg(mut self, alg: impl Into<Option<AssertionAlgorithm>>) -> Self {
        self.0.auth_signing_alg = alg.into().map(|alg| alg.as_str().to_owned());
        self
    }

    /// Adds a credential beside those it has.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.0.credentials.push(credential);
        self
    }

    /// Replaces all credentials.
    pub fn credentials(mut self, credentials: impl IntoIterator<Item = Credential>) -> Self {
        self.0.credentials = credentials.into_iter().collect();
        self
    }

    /// The grants that it may use. By default the client credentials grant alone. Those of a client that registered itself are
    /// from then on the operator's word.
    pub fn grant_types(mut self, grants: impl IntoIterator<Item = GrantType>) -> Self {
        let grants: BTreeSet<_> = grants.into_iter().collect();
        if let Some(registration) = &mut self.0.registration {
            registration.operator().grant_types = Some(grants.clone());
        }
        self.0.grant_types = grants;
        self
    }

    /// The widest scope that it can get. By default none. A client that registered itself cannot widen it again.
    pub fn scope(mut self, scope: Scope) -> Self {
        if let Some(registration) = &mut self.0.registration {
            registration.operator().scope = Some(scope.clone());
        }
        self.0.scope = scope;
        self
    }

    /// What it gets when it asks for no scope; `None`, as by default, for its whole scope.
    pub fn default_scope(mut self, scope: impl Into<Option<Scope>>) -> Self {
        self.0.default_scope = scope.into();
        self
    }

    /// The only resources that it may ask for; `None`, as by default, for all that the server declares.
    pub fn resources(mut self, resources: impl Into<Option<Vec<ResourceUri>>>) -> Self {
        self.0.resources = resources.into();
        self
    }

    /// The resources that it itself serves. An operator's decision.
    pub fn serves(mut self, resources: impl IntoIterator<Item = ResourceUri>) -> Self {
        self.0.serves = resources.into_iter().collect();
        self
    }

    /// Whether it may introspect every token. An operator's decision.
    pub fn introspector(mut self, introspector: bool) -> Self {
        self.0.introspector = introspector;
        self
    }

    /// With which algorithm the introspection answers that it asks for as JWTs are signed (RFC 9701 §6). The server must sign
    /// tokens of one of its resources with it. `None`, as by default, for RS256 where the server has it, else its own.
    pub fn introspection_signed_response_alg(mut self, alg: impl Into<Option<SigningAlgorithm>>) -> Self {
        self.0.introspection_signed_response_alg = alg.into().map(|alg| alg.as_str().to_owned());
        self
    }

    /// The compatibility switches for it. An operator's decision.
    pub fn compatibility(mut self, switches: impl IntoIterator<Item = CompatibilitySwitch>) -> Self {
        self.0.compatibility = switches.into_iter().collect();
        self
    }

    /// See [`Client::token_epoch`]: below 2^53. A new client begins with [`Client::first_token_epoch`]; 0 by default.
    pub fn token_epoch(mut self, epoch: u64) -> Self {
        self.0.token_epoch = epoch;
        self
    }

    /// When it was registered.
    pub fn created_at(mut self, moment: impl Into<Option<Timestamp>>) -> Self {
        self.0.created_at = moment.into();
        self
    }

    /// What the host keeps beside it. Core does not read it.
    pub fn metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.0.metadata = metadata;
        self
    }

    /// If it registered itself, it is not removed as one that was never used.
    pub(crate) fn kept(mut self) -> Self {
        if let Some(registration) = &mut self.0.registration {
            registration.keep();
        }
        self
    }

    /// How it came to be registered.
    pub(crate) fn registration(mut self, registration: ClientRegistration) -> Self {
        self.0.registration = Some(registration);
        self
    }

    /// The record.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for two credentials of one id, two imported secrets that are valid at one time, two places of
    /// keys or one beside a key, more than 50 keys or 50 other credentials, an `alg` that is not of its method, a default scope outside the scope, a name or label that is too long or holds control
    /// characters, or `none` as method.
    pub fn build(self) -> Result<Client, InvalidValue> {
        let record = &self.0;
        let ids: BTreeSet<_> = record.credentials.iter().map(Credential::id).collect();
        let imported: Vec<_> = record
            .credentials
            .iter()
            .filter(|held| matches!(held.kind(), CredentialKind::Imported(_)))
            .collect();
        let alone = |(at, held): (usize, &&Credential)| {
            !imported.iter().skip(at + 1).any(|other| held.overlaps(other))
        };
        let keys = |kind: fn(&CredentialKind) -> bool| {
            record.credentials.iter().filter(|held| kind(held.kind())).count()
        };
        let key_sets = keys(|kind| matches!(kind, CredentialKind::KeySet(_)));
        // Also one that this build cannot verify, such as P-521 without `josekit`: others can.
        let keys = keys(|kind| match kind {
            CredentialKind::Key(_) => true,
            CredentialKind::Unknown(members) => members.contains_key("key"),
            CredentialKind::Digest(_)
            | CredentialKind::Imported(_)
            | CredentialKind::KeySet(_)
            | CredentialKind::SealedSecret(_)
            | CredentialKind::Workload(_) => false,
        });
        let one_place = "keys of its own, or one place of keys and no more (RFC 7591 §2)";
        let mut labels = record.credentials.iter().filter_map(Credential::label);
        let default_ok = record.default_scope.as_ref().is_none_or(|scope| scope.is_within(&record.scope));
        let alg = record.auth_signing_alg.as_deref().and_then(AssertionAlgorithm::from_name);
        let alg_ok = alg.is_none_or(|alg| match alg.is_symmetric() {
            true => record.auth_method == AuthMethod::CLIENT_SECRET_JWT,
            false => record.auth_method == AuthMethod::PRIVATE_KEY_JWT,
        });
        let many = "at most 50 keys, and 50 others, since a request may have to try them all";
        let one_hash = "one imported secret at a time, since a request pays for one slow hash";
        all_hold([
            (ids.len() == record.credentials.len(), "credentials", "of different ids"),
            (keys <= 50 && ids.len() - keys.min(ids.len()) <= 50, "credentials", many),
            (alg_ok, "auth_signing_alg", "one that its auth_method signs with"),
            (imported.iter().enumerate().all(alone), "credentials", one_hash),
            (key_sets == 0 || (key_sets == 1 && keys == 0), "credentials", one_place),
            (default_ok, "default_scope", "within scope"),
            (record.name.as_deref().is_none_or(|name| is_line(name, LINE)), "name", LINE_RULE),
            (labels.all(|label| is_line(label, LINE)), "label", LINE_RULE),
            (
                record.token_epoch < 1 << 53,
                "token_epoch",
                "below 2^53, so that every reader of JSON can tell it",
            ),
            (record.auth_method.as_str() != "none", "auth_method", "one that authenticates (RFC 6749 §4.4)"),
        ])?;
        Ok(Client(self.0))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("id", &self.0.id).finish_non_exhaustive()
    }
}
