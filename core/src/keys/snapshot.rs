//! The key set as requests read it.

use std::sync::Arc;

use serde_json::Value;

use super::KeyError;
use super::open_key::OpenKey;
use super::plan::{Rules, period};
use super::workshop::Workshop;
use crate::error::Reason;
use crate::jose::{PublicKey, SigningAlgorithm};
use crate::store::{KeyRecord, KeySet, Retirement, Revision};
use crate::types::{KeyId, Timestamp};

/// An opened key set, at the revision at which it was read.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) revision: Revision,
    /// As it was read.
    read: KeySet,
    /// First those of the store, then those that it has lost.
    keys: Vec<OpenKey>,
    is_whole: bool,
    rules: Arc<Rules>,
}

/// The key to sign with, and until when its tokens can be verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentKey<'k> {
    pub(crate) key: &'k OpenKey,
    pub(crate) tokens_until: Timestamp,
}

impl Snapshot {
    /// Opens every key of a set, and says what is wrong with one that cannot be used: then nothing may be made in its place,
    /// and at start that is an error. What `held` has opened of it stays in use: another process may have sealed it anew, under
    /// a host key that this one will get later.
    pub(super) fn open(
        set: &KeySet,
        revision: Revision,
        workshop: &Workshop,
        held: Option<&Self>,
    ) -> (Self, Option<KeyError>) {
        let now = workshop.clock.now();
        let mut wrong = None;
        let keys = set.keys().iter().map(|record| {
            OpenKey::open(record.clone(), workshop).unwrap_or_else(|error| {
                // Nothing is signed with it any more.
                let is_over = record.retired().is_some()
                    || !record.is_published_at(now)
                    || matches!(error, KeyError::SignerMissing { .. }) && has_successor(record, set, now);
                if !is_over {
                    wrong = Some(error);
                }
                let before = held.and_then(|held| held.opened(record.kid()));
                OpenKey::without_opening(record.clone(), before)
            })
        });
        let keys = keys.collect();
        let snapshot = Self {
            revision,
            read: set.clone(),
            keys,
            is_whole: wrong.is_none(),
            rules: Arc::clone(&workshop.rules),
        };
        (snapshot, wrong)
    }

    /// Whether every key of the store could be opened.
    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether this is what was read of that set.
    pub(super) fn is_of(&self, set: &KeySet, revision: Revision) -> bool {
        self.revision == revision && self.read == *set
    }

    /// Whether the store has gone back to that set since this was read, or to another of the same revision.
    pub(super) fn is_ahead_of(&self, set: &KeySet, revision: Revision) -> bool {
        revision < self.revision || revision == self.revision && !self.is_of(set, revision)
    }

    /// As what follows on `earlier`. The trust in a key that was retired does not come back, whatever a restored store says;
    /// and what is not there any more although its tokens are about, the store has lost: it stays known here.
    pub(super) fn after(self, earlier: &Self, now: Timestamp) -> Self {
        let mut own = self.distrusting(earlier);
        let gone = earlier.keys.iter().filter(|key| {
            let is_here = own.keys.iter().any(|own| own.record.kid() == key.record.kid());
            !is_here && key.record.published_until().is_none_or(|end| now < end)
        });
        let gone: Vec<_> = gone.map(OpenKey::without_private).collect();
        own.keys.extend(gone);
        own
    }

    /// A key whose private half was opened here.
    fn opened(&self, kid: &KeyId) -> Option<OpenKey> {
        self.keys.iter().find(|key| key.record.kid() == kid && key.algorithm().is_some()).cloned()
    }

    fn distrusting(mut self, earlier: &Self) -> Self {
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
    pub(crate) fn signs(&self) -> bool {
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

/// Whether another key has taken over from this one.
fn has_successor(key: &KeyRecord, set: &KeySet, now: Timestamp) -> bool {
    let begun = |other: &KeyRecord| other.signs_from().filter(|from| *from <= now);
    let trusted = set.keys().iter().filter(|other| other.alg() == key.alg() && other.retired().is_none());
    let is_past = key.signs_from().is_some_and(|own| own <= now);
    is_past && trusted.filter_map(begun).max() > key.signs_from()
}

/// Snapshots are shared: a request keeps the one that it began with.
pub(crate) type Shared = Arc<Snapshot>;
