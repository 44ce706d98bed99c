//! The record of one initial access token.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::document::{self, Unknown, base64};
use super::{AuthMethod, StoreError};
use crate::entropy::{Entropy, EntropyError};
use crate::types::{
    InitialAccessId, InitialAccessToken, InvalidValue, LINE, LINE_RULE, Scope, Timestamp, all_hold, is_line,
};

/// An initial access token (RFC 7591 §1.2) as it is kept: its digest, and what clients may be that are registered with it.
///
/// Made by [`InitialAccess::issue`] or from what a store kept. It never changes: for other bounds make another token.
#[derive(Clone, PartialEq)]
pub struct InitialAccess(AccessDocument);

/// Version 1. Members are only ever added; a member that changes its meaning is a new version.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct AccessDocument {
    v: u32,
    id: InitialAccessId,
    #[serde(with = "base64")]
    digest: [u8; 32],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_uses: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_methods: Option<BTreeSet<AuthMethod>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(flatten)]
    unknown: Unknown,
}

impl InitialAccess {
    /// A new token, to be shown once, and its record: for any number of clients, of any method and of all scopes that
    /// registration is open to, without an end. Narrow it.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if there is no randomness.
    pub fn issue(entropy: &dyn Entropy) -> Result<(InitialAccessToken, InitialAccessBuilder), EntropyError> {
        let (mut id, mut random) = ([0; 10], zeroize::Zeroizing::new([0; 32]));
        entropy.fill(&mut id)?;
        entropy.fill(&mut *random)?;
        let token = InitialAccessToken::from_random(id, &random).map_err(|_| EntropyError::new())?;
        let document = AccessDocument {
            v: document::VERSION,
            id: token.id().clone(),
            digest: token.digest(),
            label: None,
            max_uses: None,
            expires_at: None,
            scope: None,
            auth_methods: None,
            created_at: None,
            unknown: Unknown::new(),
        };
        Ok((token, InitialAccessBuilder(document)))
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
        let document = document::read("initial access token", text)?;
        InitialAccessBuilder(document).build().map_err(StoreError::corrupt)
    }

    /// Names the token without being it.
    #[must_use]
    pub const fn id(&self) -> &InitialAccessId {
        &self.0.id
    }

    /// Whether this is the digest of its token.
    pub(crate) fn is_of(&self, digest: &[u8; 32]) -> bool {
        bool::from(self.0.digest.ct_eq(digest))
    }

    /// The operator's word for it.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// How many clients may be registered with it; `None` for any number.
    #[must_use]
    pub const fn max_uses(&self) -> Option<u32> {
        self.0.max_uses
    }

    /// From when on it registers nobody.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// The widest scope that a client may register; `None` for all that registration is open to.
    #[must_use]
    pub const fn scope(&self) -> Option<&Scope> {
        self.0.scope.as_ref()
    }

    /// The methods by which a client may authenticate; `None` for all that registration is open to.
    #[must_use]
    pub const fn auth_methods(&self) -> Option<&BTreeSet<AuthMethod>> {
        self.0.auth_methods.as_ref()
    }

    /// When it was made, if that is known.
    #[must_use]
    pub const fn created_at(&self) -> Option<Timestamp> {
        self.0.created_at
    }
}

impl fmt::Debug for InitialAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitialAccess")
            .field("id", &self.0.id)
            .field("label", &self.0.label)
            .finish_non_exhaustive()
    }
}

/// Narrows a new [`InitialAccess`].
#[derive(Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct InitialAccessBuilder(AccessDocument);

impl InitialAccessBuilder {
    /// A word for the operator, for example who has it. Up to 200 bytes; an empty one is none.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.0.label = Some(label.into()).filter(|label| !label.is_empty());
        self
    }

    /// How many clients may be registered with it; `None`, as by default, for any number.
    pub fn max_uses(mut self, most: impl Into<Option<u32>>) -> Self {
        self.0.max_uses = most.into();
        self
    }

    /// From when on it registers nobody; `None`, as by default, for no end.
    pub fn valid_until(mut self, moment: impl Into<Option<Timestamp>>) -> Self {
        self.0.expires_at = moment.into();
        self
    }

    /// The widest scope that a client may register, and what it gets where it names none. `None`, as by default, for all that
    /// registration is open to.
    pub fn scope(mut self, scope: impl Into<Option<Scope>>) -> Self {
        self.0.scope = scope.into();
        self
    }

    /// The methods by which a client may authenticate. By default all that registration is open to.
    pub fn auth_methods(mut self, methods: impl IntoIterator<Item = AuthMethod>) -> Self {
        self.0.auth_methods = Some(methods.into_iter().collect());
        self
    }

    /// When it was made.
    pub fn created_at(mut self, moment: impl Into<Option<Timestamp>>) -> Self {
        self.0.created_at = moment.into();
        self
    }

    /// The record.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for no use at all, no method at all, and a label that is too long or holds control characters.
    pub fn build(self) -> Result<InitialAccess, InvalidValue> {
        let own = &self.0;
        all_hold([
            (own.label.as_deref().is_none_or(|label| is_line(label, LINE)), "label", LINE_RULE),
            (own.max_uses != Some(0), "max_uses", "at least 1"),
            (
                own.auth_methods.as_ref().is_none_or(|methods| !methods.is_empty()),
                "auth_methods",
                "at least one",
            ),
        ])?;
        Ok(InitialAccess(self.0))
    }
}

impl fmt::Debug for InitialAccessBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitialAccessBuilder").field("id", &self.0.id).finish_non_exhaustive()
    }
}
