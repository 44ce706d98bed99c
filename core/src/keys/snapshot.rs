//! The key set as requests read it.

use std::sync::Arc;

use serde_json::Value;

use super::KeyError;
use super::open_key::OpenKey;
use super::plan::{Rules, period};
use super::workshop::Workshop;
use crate::error::Reason;
use crate::jose::{PublicKey, SigningAlgorithm};
use crate::store::{KeySet, Retirement, Revision};
use crate::types::{KeyId, Timestamp};

/// An opened key set, at the revision at which it was read.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) revision: Revision,
    /// First those of the store, then those that it has lost.
    keys: Vec<OpenKey>,
    lost: usize,
    rules: Arc<Rules>,
}

/// The key to sign with, and until when its tokens can be verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentKey<'k> {
    pub(crate) key: &'k OpenKey,
    pub(crate) tokens_until: Timestamp,
}

impl Snapshot {
    /// Opens every key of a set. `unusable` judges one whose private half cannot be had: at start that is an error, since
    /// going on would mean making another in silence. Later it gives what was opened before, or nothing: then the key is
    /// published and signs nothing here.
    pub(super) fn open(
        set: &KeySet,
        revision: Revision,
        workshop: &Workshop,
        mut unusable: impl FnMut(&KeyId, KeyError) -> Result<Option<OpenKey>, KeyError>,
    ) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for record in set.keys() {
            keys.push(match OpenKey::open(record.clone(), workshop) {
                Err(error @ (KeyError::Unseal { .. } | KeyError::SignerMissing { .. })) => {
                    let public = OpenKey::public(record.clone())?;
                    match unusable(record.kid(), error)? {
                        Some(before) => public.with_private_of(before),
                        None => public,
                    }
                }
                opened => opened?,
            });
        }
        Ok(Self { revision, keys, lost: 0, rules: Arc::clone(&workshop.rules) })
    }

    /// A key whose private half was opened here. Another process may have sealed it anew, under a host key that this one will
    /// get later: that takes nothing away.
    pub(super) fn opened(&self, kid: &KeyId) -> Option<OpenKey> {
        self.keys.iter().find(|key| key.record.kid() == kid && key.algorithm().is_some()).cloned()
    }

    /// Whether both were read from the same key set.
    pub(super) fn has_the_keys_of(&self, other: &Self) -> bool {
        self.kids_of_the_store().eq(other.kids_of_the_store())
    }

    fn kids_of_the_store(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.iter().take(self.keys.len() - self.lost).map(|key| key.record.kid())
    }

    /// With the keys of `earlier` that are not here: they go on being published, since tokens of them are about.
    pub(super) fn beside(mut self, earlier: &Self) -> Self {
        let gone = |key: &&OpenKey| self.keys.iter().all(|own| own.record.kid() != key.record.kid());
        let gone: Vec<_> = earlier.keys.iter().filter(gone).map(OpenKey::without_private).collect();
        self.lost += gone.len();
        self.keys.extend(gone);
        self
    }

    /// The trust in a key that was retired in `earlier` does not come back, whatever a restored store says.
    pub(super) fn distrusting(mut self, earlier: &Self) -> Self {
        for (kid, retirement) in earlier.retired() {
            for key in self.keys.iter_mut().filter(|key| key.record.kid() == kid) {
                key.record = key.record.clone().retire(retirement.at, &retirement.because);
                *key = key.without_private();
            }
        }
        self
    }

    /// The keys that were retired, and why.
    pub(super) fn retired(&self) -> impl Iterator<Item = (&KeyId, &Retirement)> {
        self.keys.iter().filter_map(|key| Some((key.record.kid(), key.record.retired()?)))
    }

    /// Whether there is a key that signs here.
    pub(super) fn signs(&self) -> bool {
        self.keys.iter().any(|key| key.algorithm().is_some())
    }

    /// Whether there is a key for every algorithm.
    pub(crate) fn signs_all(&self, now: Timestamp) -> bool {
        self.rules.algorithms.iter().all(|algorithm| self.signing(*algorithm, now).is_some())
    }

    /// The key that signs for `algorithm` at `now`: of those inside their signing time the one that began last.
    ///
    /// Where there is none, nobody could write one in time: the one that ended last goes on for as long as its tokens can be
    /// verified. Or this clock is behind the one that wrote the first key, and that signs: refusing would be an outage for nothing.
    pub(crate) fn signing(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<CurrentKey<'_>> {
        let own = self.keys.iter().filter(move |key| key.algorithm() == Some(algorithm));
        let usable = own.filter_map(|key| {
            let period = period(&key.record).filter(|_| key.record.retired().is_none())?;
            let tokens_until = period.published_until.minus(self.rules.margin());
            Some((period, CurrentKey { key, tokens_until })).filter(|_| now < tokens_until)
        });
        // The latest that has begun and not ended, else the latest that has ended, else the first to come.
        let order = |(period, _): &(crate::store::SigningPeriod, CurrentKey<'_>)| {
            let begun = period.from <= now;
            let distance = if begun { period.from.as_unix() } else { -period.from.as_unix() };
            (begun && now < period.until, begun, distance)
        };
        usable.max_by_key(order).map(|(_, current)| current)
    }

    /// The published key set (RFC 7517 §5) at `now`. A key is published from when it is known, whatever its own
    /// beginning says.
    pub(crate) fn published(&self, now: Timestamp) -> Value {
        let keys = self.keys.iter().filter(|key| key.record.is_published_at(now));
        let keys = keys.filter_map(|key| key.public.as_ref().map(|public| public.jwk.clone()));
        serde_json::json!({ "keys": Value::Array(keys.collect()) })
    }

    /// The published key whose access tokens bear this header, byte for byte.
    pub(crate) fn verifying(&self, header: &str, now: Timestamp) -> Result<&PublicKey, Reason> {
        let mut known = self.keys.iter().filter_map(|key| Some((key.public.as_ref()?, &key.record)));
        let named = known.find(|(public, _)| public.header == header);
        let (public, record) = named.ok_or(Reason::TokenUnknown)?;
        if record.retired().is_some() {
            return Err(Reason::SigningKeyRetired);
        }
        if record.is_published_at(now) { Ok(&public.key) } else { Err(Reason::TokenUnknown) }
    }
}

/// Snapshots are shared: a request keeps the one that it began with.
pub(crate) type Shared = Arc<Snapshot>;
