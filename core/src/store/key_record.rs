//! The signing keys of one issuer, each with a timeline that is written once.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::StoreError;
use super::document::{self, Unknown, base64};
use crate::types::{HostKeyId, InvalidValue, KeyId, Timestamp};

/// All signing keys of an issuer: those to come, the current ones and those whose tokens still live.
#[derive(Clone)]
pub struct KeySet(KeySetDocument);

/// Version 1.
#[derive(Clone, Serialize, Deserialize)]
struct KeySetDocument {
    v: u32,
    keys: Vec<KeyRecord>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// One signing key: `published_at ≤ signs_from < signs_until ≤ published_until`, written once and never
/// recomputed from configuration.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeyRecord {
    kid: KeyId,
    alg: String,
    public: Map<String, Value>,
    private: PrivateKey,
    published_at: Timestamp,
    signs_from: Timestamp,
    signs_until: Timestamp,
    published_until: Timestamp,
    #[serde(flatten)]
    unknown: Unknown,
}

/// Where the private half of a key is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Unknown", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PrivateKey {
    /// Here, encrypted.
    Sealed(SealedPrivateKey),
    /// Somewhere that this release does not know. The key is published and not used to sign.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

/// A private key under AES-256-GCM, bound to its issuer and kid.
#[derive(Clone, Serialize, Deserialize)]
pub struct SealedPrivateKey {
    pub(crate) host_key: HostKeyId,
    #[serde(with = "base64")]
    pub(crate) nonce: [u8; 12],
    #[serde(with = "base64")]
    pub(crate) ciphertext: Vec<u8>,
}

impl SealedPrivateKey {
    /// The host key from which the sealing key was derived.
    #[must_use]
    pub const fn host_key(&self) -> &HostKeyId {
        &self.host_key
    }
}

impl TryFrom<Unknown> for PrivateKey {
    type Error = serde_json::Error;

    fn try_from(mut members: Unknown) -> Result<Self, serde_json::Error> {
        match members.remove("sealed") {
            Some(sealed) => serde_json::from_value(sealed).map(Self::Sealed),
            None => Ok(Self::Unknown(members)),
        }
    }
}

impl KeySet {
    /// A set of keys.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for two keys of one kid.
    pub fn new(keys: Vec<KeyRecord>) -> Result<Self, InvalidValue> {
        Self(KeySetDocument { v: document::VERSION, keys, unknown: Unknown::new() }).checked()
    }

    fn checked(self) -> Result<Self, InvalidValue> {
        let mut kids: Vec<_> = self.keys().iter().map(KeyRecord::kid).collect();
        kids.sort_unstable();
        kids.dedup();
        if kids.len() == self.keys().len() {
            Ok(self)
        } else {
            Err(InvalidValue::new("kid", "unique in a key set"))
        }
    }

    /// The same set with one key more; what this release does not know of it stays.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for a kid that is taken.
    pub fn with(mut self, key: KeyRecord) -> Result<Self, InvalidValue> {
        self.0.keys.push(key);
        self.checked()
    }

    /// The keys, in the order in which they were added.
    #[must_use]
    pub fn keys(&self) -> &[KeyRecord] {
        &self.0.keys
    }

    /// The text for a store to keep: JSON with a version inside.
    ///
    /// # Errors
    ///
    /// [`StoreError::corrupt`] if it cannot be written, which no set made here brings about.
    pub fn to_document(&self) -> Result<String, StoreError> {
        document::write(&self.0)
    }

    /// The set from the text that a store kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::corrupt`] for another version and for anything that breaks the rules of a set.
    pub fn from_document(text: &str) -> Result<Self, StoreError> {
        let set: KeySetDocument = document::read("key set", text)?;
        if set.keys.iter().any(|key| !key.timeline_is_ordered()) {
            return Err(StoreError::corrupt(DISORDERED));
        }
        Self(set).checked().map_err(StoreError::corrupt)
    }
}

const DISORDERED: InvalidValue =
    InvalidValue::new("the timeline of a key", "published_at ≤ signs_from < signs_until ≤ published_until");

impl Default for KeySet {
    /// No key at all.
    fn default() -> Self {
        Self(KeySetDocument { v: document::VERSION, keys: Vec::new(), unknown: Unknown::new() })
    }
}

impl KeyRecord {
    /// A key with the `alg` of RFC 7518 §3.1, its public half as the members of a JWK without private ones.
    pub fn builder(
        kid: KeyId,
        alg: impl Into<String>,
        public: Map<String, Value>,
        private: PrivateKey,
    ) -> KeyRecordBuilder {
        KeyRecordBuilder(Self {
            kid,
            alg: alg.into(),
            public,
            private,
            published_at: Timestamp::from_unix(0),
            signs_from: Timestamp::from_unix(0),
            signs_until: Timestamp::MAX,
            published_until: Timestamp::MAX,
            unknown: Unknown::new(),
        })
    }

    fn timeline_is_ordered(&self) -> bool {
        self.published_at <= self.signs_from
            && self.signs_from < self.signs_until
            && self.signs_until <= self.published_until
    }

    /// `kid`: the RFC 7638 thumbprint of the key.
    #[must_use]
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// `alg` (RFC 7518 §3.1).
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The members of the public JWK that are particular to its kind (RFC 7518 §6).
    #[must_use]
    pub const fn public(&self) -> &Map<String, Value> {
        &self.public
    }

    /// Where the private half is.
    #[must_use]
    pub const fn private(&self) -> &PrivateKey {
        &self.private
    }

    /// From when on it is in the published set.
    #[must_use]
    pub const fn published_at(&self) -> Timestamp {
        self.published_at
    }

    /// From when on tokens may be signed with it.
    #[must_use]
    pub const fn signs_from(&self) -> Timestamp {
        self.signs_from
    }

    /// Until when tokens are signed with it.
    #[must_use]
    pub const fn signs_until(&self) -> Timestamp {
        self.signs_until
    }

    /// Until when it stays in the published set, so that its last token can be verified.
    #[must_use]
    pub const fn published_until(&self) -> Timestamp {
        self.published_until
    }
}

/// Makes a [`KeyRecord`].
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct KeyRecordBuilder(KeyRecord);

impl KeyRecordBuilder {
    /// When it enters and leaves the published set.
    pub fn published(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.0.published_at = from;
        self.0.published_until = until;
        self
    }

    /// When it begins and ends to sign.
    pub fn signs(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.0.signs_from = from;
        self.0.signs_until = until;
        self
    }

    /// The record.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the timeline is out of order.
    pub fn build(self) -> Result<KeyRecord, InvalidValue> {
        if self.0.timeline_is_ordered() { Ok(self.0) } else { Err(DISORDERED) }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("kid", &self.kid)
            .field("alg", &self.alg)
            .field("signs_from", &self.signs_from)
            .field("signs_until", &self.signs_until)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(sealed) => write!(f, "{sealed:?}"),
            Self::Unknown(_) => f.write_str("Unknown(..)"),
        }
    }
}

impl fmt::Debug for SealedPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedPrivateKey").field("host_key", &self.host_key).finish_non_exhaustive()
    }
}
