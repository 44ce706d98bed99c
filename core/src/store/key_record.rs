//! The signing keys of one issuer, each with a timeline that is written once.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::document::{self, Unknown};
use super::sealed::SealedDocument;
use super::{Sealed, StoreError};
use crate::types::{InvalidValue, KeyId, Timestamp};

/// All signing keys of an issuer: those to come, the current ones and those whose tokens still live.
#[derive(Clone, PartialEq)]
pub struct KeySet(KeySetDocument);

/// Version 1.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct KeySetDocument {
    v: u32,
    #[serde(with = "records")]
    keys: Vec<KeyRecord>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// One signing key: `published_at ≤ signs_from < signs_until ≤ published_until`, written once and never
/// recomputed from configuration.
#[derive(Clone, PartialEq)]
pub struct KeyRecord {
    kid: KeyId,
    alg: String,
    public: Map<String, Value>,
    private: PrivateKey,
    published_at: Timestamp,
    signs_from: Timestamp,
    signs_until: Timestamp,
    published_until: Timestamp,
    unknown: Unknown,
}

/// Where the private half of a key is.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum PrivateKey {
    /// Here, encrypted, bound to issuer and kid.
    Sealed(Sealed),
    /// Somewhere that this release does not know. The key is published and not used to sign.
    Unknown(Map<String, Value>),
}

impl KeySet {
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
        Self(document::read("key set", text)?).checked().map_err(StoreError::corrupt)
    }

    fn checked(self) -> Result<Self, InvalidValue> {
        let mut kids: Vec<_> = self.keys().iter().map(KeyRecord::kid).collect();
        kids.sort_unstable();
        kids.dedup();
        if kids.len() != self.keys().len() {
            return Err(InvalidValue::new("kid", "unique in a key set"));
        }
        self.keys().iter().try_for_each(KeyRecord::check)?;
        Ok(self)
    }
}

impl Default for KeySet {
    /// No key at all.
    fn default() -> Self {
        Self(KeySetDocument { v: document::VERSION, keys: Vec::new(), unknown: Unknown::new() })
    }
}

impl KeyRecord {
    /// A key with the `alg` of RFC 7518 §3.1 and the members of its public JWK. Its timeline has to be set.
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
            published_at: Timestamp::EPOCH,
            signs_from: Timestamp::EPOCH,
            signs_until: Timestamp::EPOCH,
            published_until: Timestamp::EPOCH,
            unknown: Unknown::new(),
        })
    }

    fn check(&self) -> Result<(), InvalidValue> {
        let ordered = self.published_at <= self.signs_from
            && self.signs_from < self.signs_until
            && self.signs_until <= self.published_until;
        if !ordered {
            let rule = "published_at ≤ signs_from < signs_until ≤ published_until";
            return Err(InvalidValue::new("the timeline of a key", rule));
        }
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| self.public.contains_key(*name)) {
            return Err(InvalidValue::new("the public half of a key", "without private members"));
        }
        Ok(())
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
    /// [`InvalidValue`] if the timeline is missing or out of order, or the public half has a private member.
    pub fn build(self) -> Result<KeyRecord, InvalidValue> {
        self.0.check()?;
        Ok(self.0)
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

/// How keys stand in the document of their set. Private, so that there is one way in and one way out.
mod records {
    use super::{
        Deserialize, Deserializer, KeyId, KeyRecord, Map, PrivateKey, Sealed, SealedDocument, Serialize,
        Serializer, Timestamp, Unknown, Value, document,
    };

    #[derive(Serialize, Deserialize)]
    struct Record {
        kid: KeyId,
        alg: String,
        public: Map<String, Value>,
        private: Map<String, Value>,
        published_at: Timestamp,
        signs_from: Timestamp,
        signs_until: Timestamp,
        published_until: Timestamp,
        #[serde(flatten)]
        unknown: Unknown,
    }

    pub(super) fn serialize<S: Serializer>(keys: &[KeyRecord], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(keys.iter().cloned().map(|key| {
            let private = match &key.private {
                PrivateKey::Sealed(sealed) => serde_json::json!({ "sealed": SealedDocument::from(sealed) }),
                PrivateKey::Unknown(members) => Value::Object(members.clone()),
            };
            let private = private.as_object().cloned().unwrap_or_default();
            let KeyRecord {
                kid,
                alg,
                public,
                published_at,
                signs_from,
                signs_until,
                published_until,
                unknown,
                ..
            } = key;
            Record {
                kid,
                alg,
                public,
                private,
                published_at,
                signs_from,
                signs_until,
                published_until,
                unknown,
            }
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<KeyRecord>, D::Error> {
        let record = |document: Record| {
            let Record {
                kid,
                alg,
                public,
                private,
                published_at,
                signs_from,
                signs_until,
                published_until,
                unknown,
            } = document;
            let private = match document::only::<SealedDocument, D::Error>(
                &private,
                "sealed",
                &SealedDocument::MEMBERS,
            )? {
                Some(sealed) => PrivateKey::Sealed(Sealed::from(sealed)),
                None => PrivateKey::Unknown(private),
            };
            Ok(KeyRecord {
                kid,
                alg,
                public,
                private,
                published_at,
                signs_from,
                signs_until,
                published_until,
                unknown,
            })
        };
        Vec::<Record>::deserialize(input)?.into_iter().map(record).collect()
    }
}
