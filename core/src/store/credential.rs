//! One way in which a client proves itself: a secret's digest, an imported hash, a key, a place of keys, a workload.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::document::{self, Unknown, base64};
use super::sealed::SealedDocument;
use super::{Sealed, WorkloadIdentity, workload};
use crate::jose::{AssertionAlgorithm, PublicKey};
use crate::types::{CredentialId, HostKeyId, InvalidValue, KeySetUrl, Timestamp};

/// A credential of a client, with its own life. A client may hold several, so that rotation needs no downtime.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    id: CredentialId,
    kind: CredentialKind,
    not_before: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    label: Option<String>,
    unknown: Unknown,
}

/// What a credential consists of. None of it is the secret itself.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum CredentialKind {
    /// What Grantor makes of a secret.
    Digest(SecretDigest),
    /// The encoded hash of another system, for example `$argon2id$…`, checked by a
    /// [`SecretVerifier`](crate::SecretVerifier).
    Imported(String),
    /// A public key for `private_key_jwt`.
    Key(Box<PublicKey>),
    /// Where the client publishes its public keys for `private_key_jwt`: `jwks_uri` (RFC 7591 §2).
    KeySet(KeySetUrl),
    /// A secret that has to be had in the clear, for `client_secret_jwt`. Made by [`HostKeys`](crate::HostKeys).
    SealedSecret(SealedSecret),
    /// A workload that its platform vouches for, for `workload_jwt`.
    Workload(Box<WorkloadIdentity>),
    /// A kind that a later release wrote. It opens nothing here and is kept as it is.
    Unknown(Map<String, Value>),
}

/// HMAC-SHA-256 under a pepper, over client id, credential id and secret.
///
/// Nothing slower: against 256 random bits a slow hash buys no safety and costs every token request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DigestDocument {
    pub(crate) pepper: HostKeyId,
    /// Eight bytes that name the pepper's value, so that a wrong one is our fault and not the client's.
    #[serde(with = "base64")]
    pub(crate) check: [u8; 8],
    #[serde(with = "base64")]
    pub(crate) digest: [u8; 32],
}

/// See [`CredentialKind::Digest`]. Made by [`HostKeys`](crate::HostKeys).
#[derive(Clone, PartialEq, Eq)]
pub struct SecretDigest(pub(crate) DigestDocument);

impl SecretDigest {
    /// The host key from which the pepper was derived.
    #[must_use]
    pub const fn pepper(&self) -> &HostKeyId {
        &self.0.pepper
    }
}

/// A client secret under AES-256-GCM, bound to its client and credential, for one algorithm.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    pub(crate) algorithm: AssertionAlgorithm,
    pub(crate) sealed: Sealed,
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedSecret").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl SealedSecret {
    /// The one algorithm that the secret is a key for.
    #[must_use]
    pub const fn algorithm(&self) -> AssertionAlgorithm {
        self.algorithm
    }

    /// The host key under which it is sealed.
    #[must_use]
    pub const fn host_key(&self) -> &HostKeyId {
        self.sealed.host_key()
    }
}

#[derive(Deserialize)]
struct SealedSecretDocument {
    alg: String,
    sealed: Map<String, Value>,
}

impl Credential {
    /// A public key for `private_key_jwt`. Its id is the key's thumbprint and algorithm.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] never for a key that was read: only if its thumbprint made no id.
    pub fn key(key: PublicKey) -> Result<Self, InvalidValue> {
        let id = CredentialId::new(format!("{}.{}", key.thumbprint(), key.algorithm()))?;
        Ok(Self::new(id, CredentialKind::Key(Box::new(key))))
    }

    /// The place where a client publishes its public keys for `private_key_jwt`, `jwks_uri` (RFC 7591 §2). Its id is that
    /// name. Using it needs [`Builder::key_sets`](crate::Builder::key_sets).
    ///
    /// A client has one at most, and then no key of its own beside it: `jwks` and `jwks_uri` are not both given.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] never for a URL that was read: only if the name made no id.
    pub fn key_set(url: KeySetUrl) -> Result<Self, InvalidValue> {
        Ok(Self::new(CredentialId::new("jwks_uri")?, CredentialKind::KeySet(url)))
    }

    /// A workload that its platform vouches for, instead of a secret: for [`AuthMethod::WORKLOAD_JWT`](super::AuthMethod::WORKLOAD_JWT).
    #[must_use]
    pub fn workload(id: CredentialId, identity: WorkloadIdentity) -> Self {
        Self::new(id, CredentialKind::Workload(Box::new(identity)))
    }

    /// A credential of the given kind, valid at once and until it is removed.
    #[must_use]
    pub fn new(id: CredentialId, kind: CredentialKind) -> Self {
        Self { id, kind, not_before: None, expires_at: None, label: None, unknown: Unknown::new() }
    }

    /// A secret that came from another system, as its encoded hash. Checking it needs
    /// [`Builder::imported_secrets`](crate::Builder::imported_secrets). A client may hold one at a time.
    #[must_use]
    pub fn imported(id: CredentialId, encoded: impl Into<String>) -> Self {
        Self::new(id, CredentialKind::Imported(encoded.into()))
    }

    /// Not valid before this moment; `None` for no such bound.
    #[must_use]
    pub fn valid_from(mut self, moment: impl Into<Option<Timestamp>>) -> Self {
        self.not_before = moment.into();
        self
    }

    /// Not valid from this moment on; `None` for no such bound.
    #[must_use]
    pub fn valid_until(mut self, moment: impl Into<Option<Timestamp>>) -> Self {
        self.expires_at = moment.into();
        self
    }

    /// A word for the operator, for example where the secret is used. Up to 200 bytes; an empty one is none.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into()).filter(|label| !label.is_empty());
        self
    }

    /// The same secret, sealed anew.
    pub(crate) fn resealed(mut self, sealed: Sealed) -> Self {
        if let CredentialKind::SealedSecret(secret) = &mut self.kind {
            secret.sealed = sealed;
        }
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
        &self.kind
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

    /// Whether it is over at `now`, and never opens anything again.
    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether there is a moment at which both are valid.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end =
            |a: &Self, b: &Self| a.not_before.zip(b.expires_at).is_none_or(|(start, end)| start < end);
        begins_before_end(self, other) && begins_before_end(other, self)
    }
}

impl fmt::Debug for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "{digest:?}"),
            Self::Imported(_) => f.write_str("Imported(..)"),
            Self::Key(key) => write!(f, "{key:?}"),
            Self::KeySet(url) => write!(f, "{url:?}"),
            Self::SealedSecret(secret) => write!(f, "{secret:?}"),
            Self::Workload(identity) => write!(f, "{identity:?}"),
            Self::Unknown(_) => f.write_str("Unknown(..)"),
        }
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretDigest").field("pepper", &self.0.pepper).finish_non_exhaustive()
    }
}

/// How a credential stands in the document of its client. Private, so that a host cannot write a digest or a hash
/// into its own JSON by accident.
#[derive(Serialize, Deserialize)]
struct CredentialDocument {
    id: CredentialId,
    kind: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// For `#[serde(serialize_with)]` of a client's document.
pub(super) fn serialize<S: Serializer>(credentials: &[Credential], out: S) -> Result<S::Ok, S::Error> {
    let document = |credential: &Credential| {
        let kind = match &credential.kind {
            CredentialKind::Digest(digest) => serde_json::json!({ "digest": digest.0 }),
            CredentialKind::Imported(encoded) => serde_json::json!({ "imported": encoded }),
            CredentialKind::Key(key) => serde_json::json!({ "key": key.to_json() }),
            CredentialKind::KeySet(url) => serde_json::json!({ "key_set": url }),
            CredentialKind::SealedSecret(secret) => {
                let sealed = SealedDocument::from(&secret.sealed);
                serde_json::json!({ "sealed_secret": { "alg": secret.algorithm.as_str(), "sealed": sealed } })
            }
            CredentialKind::Workload(identity) => serde_json::json!({ "workload": identity.0 }),
            CredentialKind::Unknown(members) => Value::Object(members.clone()),
        };
        let Credential { id, not_before, expires_at, label, unknown, .. } = credential.clone();
        let kind = kind.as_object().cloned().unwrap_or_default();
        CredentialDocument { id, kind, not_before, expires_at, label, unknown }
    };
    out.collect_seq(credentials.iter().map(document))
}

/// For `#[serde(deserialize_with)]` of a client's document.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Credential>, D::Error> {
    let credential = |document: CredentialDocument| {
        let CredentialDocument { id, kind, not_before, expires_at, label, unknown } = document;
        let kind = known(&kind)?.unwrap_or(CredentialKind::Unknown(kind));
        Ok(Credential { id, kind, not_before, expires_at, label, unknown })
    };
    Vec::<CredentialDocument>::deserialize(input)?.into_iter().map(credential).collect()
}

/// A kind that this release knows. One that it does not know is kept as it is and opens nothing; one that it knows
/// and cannot read is damaged.
fn known<E: serde::de::Error>(kind: &Map<String, Value>) -> Result<Option<CredentialKind>, E> {
    if let Some(digest) = document::only(kind, "digest", &["pepper", "check", "digest"])? {
        return Ok(Some(CredentialKind::Digest(SecretDigest(digest))));
    }
    if let Some(encoded) = document::only(kind, "imported", &[])? {
        return Ok(Some(CredentialKind::Imported(encoded)));
    }
    if let Some(url) = document::only(kind, "key_set", &[])? {
        return Ok(Some(CredentialKind::KeySet(url)));
    }
    if let Some(identity) = document::only(kind, "workload", &workload::MEMBERS)? {
        let identity =
            WorkloadIdentity::from_document(identity).map_err(|_| E::custom("a damaged workload"))?;
        return Ok(Some(CredentialKind::Workload(Box::new(identity))));
    }
    if let (Some(jwk), 1) = (kind.get("key"), kind.len()) {
        let damaged = || E::custom("a damaged key");
        let key = PublicKey::from_document(jwk.as_object().ok_or_else(damaged)?).map_err(|_| damaged())?;
        return Ok(key.map(|key| CredentialKind::Key(Box::new(key))));
    }
    let Some(secret) = document::only::<SealedSecretDocument, E>(kind, "sealed_secret", &["alg", "sealed"])?
    else {
        return Ok(None);
    };
    let sealed = Map::from_iter([("sealed".to_owned(), Value::Object(secret.sealed))]);
    let sealed = document::only::<SealedDocument, E>(&sealed, "sealed", &SealedDocument::MEMBERS)?;
    let algorithm = AssertionAlgorithm::from_name(&secret.alg).filter(|algorithm| algorithm.is_symmetric());
    Ok(algorithm.zip(sealed).map(|(algorithm, sealed)| {
        CredentialKind::SealedSecret(SealedSecret { algorithm, sealed: sealed.into() })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s6_it_has_ended_from_its_end_on() {
        let at = |second| Timestamp::from_unix(second).expect("in range");
        let id = CredentialId::new("a").expect("id");
        let held = Credential::imported(id, "x").valid_until(at(10));
        for (now, ended) in [(9, false), (10, true), (11, true)] {
            assert_eq!((held.has_ended(at(now)), held.is_valid_at(at(now))), (ended, !ended), "{now}");
        }
        let endless = held.valid_until(None);
        assert!(!endless.has_ended(Timestamp::MAX));
    }
}
