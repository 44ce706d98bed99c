//! One signing key, with a timeline that is written once.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Sealed;
use super::document::{self, Unknown};
use super::sealed::SealedDocument;
use crate::types::{InvalidValue, KeyId, Timestamp};

/// One signing key: `published_at ≤ signs_from < signs_until ≤ published_until`. Each of these times is written once and
/// never recomputed from configuration; only a key whose forerunner is retired may begin earlier than it was to.
///
/// A key that has only been announced is published and has no other time yet: its signing time is written by somebody who has
/// seen it in the store, so that no delay of a write can shorten the time for which it was published.
#[derive(Clone, PartialEq)]
pub struct KeyRecord(pub(super) KeyDocument);

/// How a key stands in the document of its set. Private, so that there is one way in and one way out.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KeyDocument {
    kid: KeyId,
    alg: String,
    public: Map<String, Value>,
    #[serde(with = "private")]
    private: PrivateKey,
    published_at: Timestamp,
    /// Only of a key that has been announced and has no `signs_from` yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs_after: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs_from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired: Option<Retirement>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// The end of trust in a key before its time: it is published no more, and its tokens are not active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retirement {
    /// When it was retired.
    pub at: Timestamp,
    /// Why, in the operator's words, such as `compromised`.
    pub because: String,
}

/// Where the private half of a key is.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum PrivateKey {
    /// Here, encrypted, bound to issuer and kid.
    Sealed(Sealed),
    /// With a [`Signer`](crate::Signer), which alone can use it.
    Signer(SignerReference),
    /// Somewhere that this release does not know. The key is published and not used to sign.
    Unknown(Map<String, Value>),
}

/// A key that a [`Signer`](crate::Signer) holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SignerReference {
    /// The name of the signer.
    pub name: String,
    /// What the signer calls the key.
    pub key: String,
}

impl SignerReference {
    /// The key that the signer of this name calls `key`.
    pub fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { name: name.into(), key: key.into() }
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
        KeyRecordBuilder(Self(KeyDocument {
            kid,
            alg: alg.into(),
            public,
            private,
            published_at: Timestamp::EPOCH,
            signs_after: None,
            signs_from: None,
            signs_until: None,
            published_until: None,
            retired: None,
            unknown: Unknown::new(),
        }))
    }

    pub(super) fn check(&self) -> Result<(), InvalidValue> {
        let key = &self.0;
        let ordered = match (key.signs_after, key.signs_from, key.signs_until, key.published_until) {
            (Some(_), None, None, None) => true,
            (None, Some(from), Some(until), Some(end)) => {
                key.published_at <= from && from < until && until <= end
            }
            _ => false,
        };
        if !ordered {
            let rule =
                "published_at ≤ signs_from < signs_until ≤ published_until, or the first and signs_after";
            return Err(InvalidValue::new("the timeline of a key", rule));
        }
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| key.public.contains_key(*name)) {
            return Err(InvalidValue::new("the public half of a key", "without private members"));
        }
        Ok(())
    }

    /// `kid`: the RFC 7638 thumbprint of the key.
    #[must_use]
    pub const fn kid(&self) -> &KeyId {
        &self.0.kid
    }

    /// `alg` (RFC 7518 §3.1).
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.0.alg
    }

    /// The members of the public JWK that are particular to its kind (RFC 7518 §6).
    #[must_use]
    pub const fn public(&self) -> &Map<String, Value> {
        &self.0.public
    }

    /// Where the private half is.
    #[must_use]
    pub const fn private(&self) -> &PrivateKey {
        &self.0.private
    }

    /// From when on it is in the published set.
    #[must_use]
    pub const fn published_at(&self) -> Timestamp {
        self.0.published_at
    }

    /// The earliest time to sign of one that has only been announced.
    #[must_use]
    pub const fn signs_after(&self) -> Option<Timestamp> {
        self.0.signs_after
    }

    /// From when on tokens may be signed with it; `None` while it has only been announced.
    #[must_use]
    pub const fn signs_from(&self) -> Option<Timestamp> {
        self.0.signs_from
    }

    /// Until when tokens may be signed with it. Its successor begins earlier.
    #[must_use]
    pub const fn signs_until(&self) -> Option<Timestamp> {
        self.0.signs_until
    }

    /// Until when it stays in the published set, so that its last token can be verified.
    #[must_use]
    pub const fn published_until(&self) -> Option<Timestamp> {
        self.0.published_until
    }

    /// The end of trust in it, where that came before its time.
    #[must_use]
    pub const fn retired(&self) -> Option<&Retirement> {
        self.0.retired.as_ref()
    }

    /// Whether verifiers are to know it at `now`. One whose time to be published is still to come is published all the
    /// same: that does no harm, and a clock that is behind hides no key.
    #[must_use]
    pub fn is_published_at(&self, now: Timestamp) -> bool {
        self.0.retired.is_none() && self.0.published_until.is_none_or(|end| now < end)
    }

    /// With its signing time, for one that has only been announced.
    pub(crate) fn scheduled(mut self, period: SigningPeriod) -> Result<Self, InvalidValue> {
        if self.0.signs_from.is_some() {
            return Err(InvalidValue::new("the timeline of a key", "written once"));
        }
        // Announced by a clock that is ahead of this one.
        self.0.published_at = self.0.published_at.min(period.from);
        self.0.signs_after = None;
        self.0.signs_from = Some(period.from);
        self.0.signs_until = Some(period.until);
        self.0.published_until = Some(period.published_until);
        self.check()?;
        Ok(self)
    }

    /// Beginning at `now`, if that is earlier than it was to.
    pub(crate) fn brought_forward(mut self, now: Timestamp) -> Result<Self, InvalidValue> {
        self.0.signs_from = self.0.signs_from.map(|from| from.min(now));
        self.0.published_at = self.0.published_at.min(now);
        self.check()?;
        Ok(self)
    }

    /// Trusted no more. A second time changes nothing.
    pub(crate) fn retire(mut self, at: Timestamp, because: &str) -> Self {
        self.0.retired.get_or_insert_with(|| Retirement { at, because: because.to_owned() });
        self
    }

    pub(crate) fn resealed(mut self, sealed: Sealed) -> Self {
        self.0.private = PrivateKey::Sealed(sealed);
        self
    }
}

/// When a key signs, and how long it is published past that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SigningPeriod {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) published_until: Timestamp,
}

/// Makes a [`KeyRecord`].
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct KeyRecordBuilder(KeyRecord);

impl KeyRecordBuilder {
    /// When it enters the published set, and the earliest time to sign. When it does, and until when, is written later.
    pub fn announced(mut self, at: Timestamp, signs_after: Timestamp) -> Self {
        self.0.0.published_at = at;
        self.0.0.signs_after = Some(signs_after);
        self
    }

    /// When it enters and leaves the published set.
    pub fn published(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.0.0.published_at = from;
        self.0.0.published_until = Some(until);
        self
    }

    /// When it begins and ends to sign.
    pub fn signs(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.0.0.signs_from = Some(from);
        self.0.0.signs_until = Some(until);
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

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("kid", self.kid())
            .field("alg", &self.alg())
            .field("signs_from", &self.signs_from())
            .field("signs_until", &self.signs_until())
            .field("retired", &self.retired())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(sealed) => write!(f, "{sealed:?}"),
            Self::Signer(reference) => write!(f, "{reference:?}"),
            Self::Unknown(_) => f.write_str("Unknown(..)"),
        }
    }
}

/// Where a private half is: an object with one member that says how.
mod private {
    use serde_json::json;

    use super::{
        Deserialize, Deserializer, Map, PrivateKey, SealedDocument, Serialize, Serializer, Value, document,
    };

    pub(super) fn serialize<S: Serializer>(key: &PrivateKey, out: S) -> Result<S::Ok, S::Error> {
        match key {
            PrivateKey::Sealed(sealed) => json!({ "sealed": SealedDocument::from(sealed) }).serialize(out),
            PrivateKey::Signer(reference) => json!({ "signer": reference }).serialize(out),
            PrivateKey::Unknown(members) => members.serialize(out),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<PrivateKey, D::Error> {
        let members = Map::<String, Value>::deserialize(input)?;
        if let Some(sealed) =
            document::only::<SealedDocument, D::Error>(&members, "sealed", &SealedDocument::MEMBERS)?
        {
            return Ok(PrivateKey::Sealed(sealed.into()));
        }
        let reference = document::only(&members, "signer", &["name", "key"])?;
        Ok(reference.map_or(PrivateKey::Unknown(members), PrivateKey::Signer))
    }
}
