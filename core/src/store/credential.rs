//! One way in which a client proves itself: a secret's digest, an imported hash, later a key.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::{Unknown, base64};
use crate::types::{CredentialId, HostKeyId, Timestamp};

/// A credential of a client, with its own life. A client may hold several, so that rotation needs no downtime.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    id: CredentialId,
    is: CredentialKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// What a credential consists of. None of it is the secret itself.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Unknown", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// What Grantor makes of a secret.
    Digest(SecretDigest),
    /// The encoded hash of another system, for example `$argon2id$…`, checked by a
    /// [`SecretVerifier`](crate::SecretVerifier).
    Imported(String),
    /// A kind that a later release wrote. It opens nothing here and is kept as it is.
    #[serde(untagged)]
    Unknown(serde_json::Map<String, serde_json::Value>),
}

/// HMAC-SHA-256 under a pepper, over client id, credential id and secret.
///
/// Nothing slower: against 256 random bits a slow hash buys no safety and costs every token request.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretDigest {
    pub(crate) pepper: HostKeyId,
    #[serde(with = "base64")]
    pub(crate) digest: [u8; 32],
}

impl SecretDigest {
    /// The host key from which the pepper was derived.
    #[must_use]
    pub const fn pepper(&self) -> &HostKeyId {
        &self.pepper
    }
}

impl TryFrom<Unknown> for CredentialKind {
    type Error = serde_json::Error;

    fn try_from(mut members: Unknown) -> Result<Self, serde_json::Error> {
        if let Some(digest) = members.remove("digest") {
            return serde_json::from_value(digest).map(Self::Digest);
        }
        if let Some(encoded) = members.remove("imported") {
            return serde_json::from_value(encoded).map(Self::Imported);
        }
        Ok(Self::Unknown(members))
    }
}

impl Credential {
    /// A credential of the given kind, valid at once and until it is removed.
    #[must_use]
    pub fn new(id: CredentialId, kind: CredentialKind) -> Self {
        Self { id, is: kind, not_before: None, expires_at: None, label: None, unknown: Unknown::new() }
    }

    /// A secret that came from another system, as its encoded hash. Checking it needs
    /// [`Builder::imported_secrets`](crate::Builder::imported_secrets), and a client may hold one of these.
    #[must_use]
    pub fn imported(id: CredentialId, encoded: impl Into<String>) -> Self {
        Self::new(id, CredentialKind::Imported(encoded.into()))
    }

    /// Not valid before this moment.
    #[must_use]
    pub fn valid_from(mut self, moment: Timestamp) -> Self {
        self.not_before = Some(moment);
        self
    }

    /// Not valid from this moment on.
    #[must_use]
    pub fn valid_until(mut self, moment: Timestamp) -> Self {
        self.expires_at = Some(moment);
        self
    }

    /// A word for the operator, for example where the secret is used. At most 200 bytes are kept.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        let mut label = label.into();
        label.truncate(label.floor_char_boundary(200));
        self.label = Some(label);
        self
    }

    /// Its id, unique within the client.
    #[must_use]
    pub const fn id(&self) -> &CredentialId {
        &self.id
    }

    /// What it consists of.
    #[must_use]
    pub const fn kind(&self) -> &CredentialKind {
        &self.is
    }

    /// Start of its life, if it has one.
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// End of its life, if it has one.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The operator's word for it.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Whether it opens anything at `now`.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|start| start <= now) && self.expires_at.is_none_or(|end| now < end)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("id", &self.id)
            .field("is", &self.is)
            .field("not_before", &self.not_before)
            .field("expires_at", &self.expires_at)
            .field("label", &self.label)
            .finish()
    }
}

impl fmt::Debug for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "{digest:?}"),
            Self::Imported(_) => f.write_str("Imported(..)"),
            Self::Unknown(_) => f.write_str("Unknown(..)"),
        }
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretDigest").field("pepper", &self.pepper).finish_non_exhaustive()
    }
}
