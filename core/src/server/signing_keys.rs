//! The signing keys in an administrator's hands: listed, rotated, retired, imported.

use std::fmt;
use std::sync::Arc;

use super::AuthorizationServer;
use crate::clock::Clock;
use crate::event::{Event, EventSink, report};
use crate::jose::{GeneratedKey, ImportedKey, PublicKey, PublicMembers, SigningAlgorithm, published};
use crate::keys::{KeyError, KeyRing, Upkeep, Wish};
use crate::store::{KeyRecord, PrivateKey};
use crate::types::{HostKeyId, KeyId, Timestamp};

/// The signing keys of one issuer, for its administrator. Servers rotate them by themselves; this is for what cannot wait.
///
/// From a running server by [`AuthorizationServer::signing_keys`], or beside one by [`Builder::signing_keys`], which
/// serves nothing and makes no key. Every other process of the issuer goes by a change when it next reads the keys,
/// within 5 seconds.
///
/// Beside servers nothing is done but what was asked: they do the rest.
///
/// [`Builder::signing_keys`]: crate::Builder::signing_keys
#[derive(Clone, Debug)]
pub struct SigningKeys {
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Arc<dyn EventSink>,
}

/// A signing key as its administrator sees it.
#[derive(Clone, Debug)]
pub struct SigningKeyInfo {
    record: KeyRecord,
    state: SigningKeyState,
    hands_over: Option<Timestamp>,
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKeyState {
    /// Published; when it signs is not written yet.
    Announced,
    /// Published, and to sign from a time that is written.
    Scheduled,
    /// Tokens are signed with it.
    Signing,
    /// Published for the tokens that it has signed.
    Published,
    /// Trusted no more, before its time.
    Retired,
    /// Published no more, and about to be forgotten.
    Ended,
}

/// Where the private half of a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKeyHolder {
    /// In the key store, sealed under this host key.
    Sealed(HostKeyId),
    /// With the signer of this name.
    Signer(String),
    /// Somewhere that this release does not know.
    Unknown,
}

/// Why the signing keys could not be read or changed. What was to be changed has not been, unless the store failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SigningKeysError(#[from] KeyError);

impl SigningKeysError {
    /// Whether a store or a signer is away, so that the same call may succeed later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.0.is_outage()
    }
}

impl AuthorizationServer {
    /// The signing keys of this server. What is changed here, this server goes by on return.
    #[must_use]
    pub fn signing_keys(&self) -> SigningKeys {
        SigningKeys {
            keys: Arc::clone(&self.0.keys),
            clock: Arc::clone(&self.0.clock),
            events: Arc::clone(&self.0.events),
        }
    }
}

impl SigningKeys {
    /// All keys, as they stand in the store: those to come first, then by when they began, the latest first.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError`] if the store failed.
    pub async fn list(&self) -> Result<Vec<SigningKeyInfo>, SigningKeysError> {
        let set = self.keys.stored().await?;
        let now = self.clock.now();
        let mut keys: Vec<_> = set
            .keys()
            .iter()
            .map(|record| SigningKeyInfo {
                record: record.clone(),
                state: state(record, set.keys(), now),
                hands_over: self.keys.hands_over(&set, record),
            })
            .collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.record.signs_from().unwrap_or(Timestamp::MAX)));
        Ok(keys)
    }

    /// Makes a new key for every algorithm: published now, and signing as soon as everybody may know it, after
    /// [`KeyRotation::propagation`](crate::KeyRotation::propagation). The one of before stays published for its tokens.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError`]
    pub async fn rotate(&self) -> Result<(), SigningKeysError> {
        self.attend(Wish::Rotate { at_once: false }).await
    }

    /// Makes a new key for every algorithm that signs at once. Verifiers that keep the published keys and do not ask again for
    /// a key that they do not know refuse its tokens for a while.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError`]
    pub async fn rotate_now(&self) -> Result<(), SigningKeysError> {
        self.attend(Wish::Rotate { at_once: true }).await
    }

    /// Ends the trust in a key, for example one that somebody may have: it is published no more, and its tokens are not active
    /// any more at introspection and in checks of the server's process. An API that keeps the published keys takes them until
    /// it asks again, five minutes at most if it obeys `Cache-Control`. If it was the one that signs, the next one does
    /// at once, for verifiers know it; where none is to come, the one before if that may still sign, and else a new one.
    ///
    /// Beside servers no key is made: where none is left that signs, theirs do within 5 seconds, and requests are answered 503
    /// until then. [`SigningKeys::rotate_now`] before it spares them that.
    ///
    /// `because` stands in the event and in the list, for example `compromised`.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError`]; also for a key that there is not.
    pub async fn retire(&self, kid: &KeyId, because: &str) -> Result<(), SigningKeysError> {
        self.attend(Wish::Retire { kid: kid.clone(), because: because.to_owned() }).await
    }

    /// Takes over a key that signed somewhere else: as the next one of its algorithm, published now and signing after
    /// [`KeyRotation::propagation`](crate::KeyRotation::propagation), or at once, where that is wanted or there is no key of its
    /// algorithm yet. From then on it is a key like every other, sealed in the key store, and rotation replaces it.
    ///
    /// Its `kid` is its RFC 7638 thumbprint, whatever it was called before: that ties its public half to the record.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError`]; also for a key that is in the key store already.
    pub async fn import(&self, key: ImportedKey, at_once: bool) -> Result<(), SigningKeysError> {
        let ImportedKey { algorithm, pkcs8, public } = key;
        self.attend(Wish::Import { algorithm, key: GeneratedKey { pkcs8, public }, at_once }).await
    }

    async fn attend(&self, wish: Wish) -> Result<(), SigningKeysError> {
        let Upkeep { changes, mut failures, is_fulfilled, .. } = self.keys.attend(wish).await;
        changes.iter().for_each(|change| self.report(&change.event()));
        // What was due besides comes later, if it failed.
        let failure = if is_fulfilled { None } else { failures.pop() };
        failures.iter().for_each(|failure| self.report(&Event::MaintenanceFailed(failure)));
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn report(&self, event: &Event<'_>) {
        report(&*self.events, event);
    }
}

fn state(key: &KeyRecord, all: &[KeyRecord], now: Timestamp) -> SigningKeyState {
    let begun = |key: &KeyRecord| {
        let signs = key.signs_until().is_some_and(|end| now < end) && key.retired().is_none();
        key.signs_from().filter(|from| *from <= now && signs)
    };
    // Of two that begin in the same second the later one of the set signs.
    let mut is_after = false;
    let mut later = |other: &KeyRecord| {
        let is_own = other.kid() == key.kid();
        is_after |= is_own;
        let begun = begun(other);
        other.alg() == key.alg()
            && !is_own
            && (begun > key.signs_from() || is_after && begun == key.signs_from())
    };
    match (key.signs_from(), begun(key)) {
        _ if key.retired().is_some() => SigningKeyState::Retired,
        (None, _) => SigningKeyState::Announced,
        (Some(from), _) if now < from => SigningKeyState::Scheduled,
        (_, Some(_)) if !all.iter().any(&mut later) => SigningKeyState::Signing,
        _ if key.is_published_at(now) => SigningKeyState::Published,
        _ => SigningKeyState::Ended,
    }
}

impl SigningKeyInfo {
    /// Its `kid`: the RFC 7638 thumbprint.
    #[must_use]
    pub const fn kid(&self) -> &KeyId {
        self.record.kid()
    }

    /// Its `alg`.
    #[must_use]
    pub fn algorithm(&self) -> Option<SigningAlgorithm> {
        SigningAlgorithm::from_name(self.record.alg())
    }

    /// Where it is in its life.
    #[must_use]
    pub const fn state(&self) -> SigningKeyState {
        self.state
    }

    /// When the next key of its algorithm takes over from it: as it is written of that one, else when rotation is due.
    /// `None` where that is not known: of one that has only been announced, or whose algorithm no resource uses any more.
    #[must_use]
    pub const fn hands_over_at(&self) -> Option<Timestamp> {
        self.hands_over
    }

    /// Where its private half is.
    #[must_use]
    pub fn holder(&self) -> SigningKeyHolder {
        match self.record.private() {
            PrivateKey::Sealed(sealed) => SigningKeyHolder::Sealed(sealed.host_key().clone()),
            PrivateKey::Signer(reference) => SigningKeyHolder::Signer(reference.name.clone()),
            PrivateKey::Unknown(_) => SigningKeyHolder::Unknown,
        }
    }

    /// Its public half, as it is published; `None` for one of a newer release. [`PublicKey::to_jwk`] and
    /// [`PublicKey::to_spki_pem`] write it down.
    #[must_use]
    pub fn public(&self) -> Option<PublicKey> {
        let members = PublicMembers::from_json(self.record.public())?;
        let jwk = published(&members, self.record.kid().as_str(), self.record.alg());
        PublicKey::from_jwk(&jwk.to_string()).ok()
    }

    /// Its record: the public half, every time that is written, and why it was retired.
    #[must_use]
    pub const fn record(&self) -> &KeyRecord {
        &self.record
    }
}

impl fmt::Display for SigningKeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Announced => "announced",
            Self::Scheduled => "scheduled",
            Self::Signing => "signing",
            Self::Published => "published",
            Self::Retired => "retired",
            Self::Ended => "ended",
        })
    }
}
