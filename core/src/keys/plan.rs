//! What is due in the life of the signing keys: pure functions of the key set, a clock and the rules.
//!
//! Any number of nodes come to the same steps, and compare and swap lets one of them take each. A key is announced first;
//! only a node that has seen it in the store writes when it signs. So however long a write takes, and whatever node stops in
//! between, no key signs that has been published for less than the propagation time.

use std::time::Duration;

use super::rotation::KeyRotation;
use crate::jose::SigningAlgorithm;
use crate::store::{KeyRecord, KeySet, PrivateKey, SigningPeriod};
use crate::types::{KeyId, Timestamp};

/// What rotation goes by, the same on every node of an issuer. Where they differ for a while no law is broken, since no
/// time is ever written twice.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Each needs a key that signs.
    pub(crate) algorithms: Vec<SigningAlgorithm>,
    pub(crate) rotation: KeyRotation,
    /// The longest life of an access token.
    pub(crate) longest_life: Duration,
    /// How far the clocks of two nodes may be apart.
    pub(crate) skew: Duration,
    /// The name of the signer that this node has.
    pub(crate) signer: Option<String>,
}

/// One thing to do to the key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make a key that is published now and signs after that moment at the earliest.
    Announce(SigningAlgorithm, Timestamp),
    /// Make a key that signs at once: there is no other.
    Begin(SigningAlgorithm, SigningPeriod),
    /// Write when an announced key signs.
    Schedule(KeyId, SigningPeriod),
    /// Let a key that was to come sign at once.
    BringForward(KeyId),
    /// End the trust in a key.
    Retire(KeyId, String),
    /// Forget a key of which no token lives.
    Drop(KeyId),
}

impl Rules {
    /// The time that is added to what is measured on one clock and read on another: times are cut to whole seconds.
    pub(crate) fn margin(&self) -> Duration {
        self.skew * 2 + Duration::from_secs(1)
    }

    /// From the moment at which a key was seen in the store to its first signature.
    fn lead(&self) -> Duration {
        self.rotation.propagation_time() + self.skew + Duration::from_secs(1)
    }

    /// How long before its successor has to be announced: nodes come by at their own pace.
    fn ahead(&self) -> Duration {
        self.rotation.read_every() * 2
    }

    fn period(&self, from: Timestamp) -> SigningPeriod {
        let until = from.plus(self.rotation.signs_for());
        SigningPeriod { from, until, published_until: until.plus(self.longest_life + self.margin()) }
    }

    /// When the successor of a key is to begin: after the interval, and of what was written under a longer or shorter one
    /// after four fifths of its signing time. The last fifth is for the days on which nothing can be written.
    fn due(&self, period: SigningPeriod) -> Timestamp {
        let written = period.until.as_unix() - period.from.as_unix();
        let written = Duration::from_secs(u64::try_from(written).unwrap_or(0)) * 4 / 5;
        period.from.plus(written.min(self.rotation.interval()))
    }

    /// Whether this node can sign with a key, as far as its record tells.
    fn can_use(&self, key: &KeyRecord) -> bool {
        match key.private() {
            PrivateKey::Sealed(_) => true,
            PrivateKey::Signer(reference) => self.signer.as_ref() == Some(&reference.name),
            PrivateKey::Unknown(_) => false,
        }
    }

    /// The keys of an algorithm that count.
    fn trusted<'k>(
        &'k self,
        keys: &'k KeySet,
        algorithm: SigningAlgorithm,
    ) -> impl Iterator<Item = &'k KeyRecord> {
        let own = keys.keys().iter().filter(move |key| key.alg() == algorithm.as_str());
        own.filter(|key| key.retired().is_none() && self.can_use(key))
    }
}

/// What is due at `now`, a moment after `keys` were read.
pub(crate) fn plan(keys: &KeySet, now: Timestamp, rules: &Rules) -> Vec<Step> {
    let mut steps: Vec<Step> =
        rules.algorithms.iter().filter_map(|algorithm| next(keys, *algorithm, now, rules)).collect();
    steps.extend(
        keys.keys().iter().filter(|key| has_ended(key, now, rules)).map(|key| Step::Drop(key.kid().clone())),
    );
    steps
}

fn next(keys: &KeySet, algorithm: SigningAlgorithm, now: Timestamp, rules: &Rules) -> Option<Step> {
    let announced = rules.trusted(keys, algorithm).find(|key| key.signs_after().is_some());
    // One that was written under a longer interval may go on when a newer one has ended.
    let left = rules.trusted(keys, algorithm).filter_map(period).filter(|period| now < period.until);
    let Some(newest) = left.max_by_key(|period| period.from) else {
        let at_once = rules.period(now);
        return Some(match announced {
            Some(key) => Step::Schedule(key.kid().clone(), at_once),
            None => Step::Begin(algorithm, at_once),
        });
    };
    let (soonest, due) = (now.plus(rules.lead()), rules.due(newest));
    match announced {
        Some(key) => {
            let from = key.signs_after().map_or(soonest, |wanted| wanted.max(soonest));
            Some(Step::Schedule(key.kid().clone(), rules.period(from)))
        }
        None => (due <= soonest.plus(rules.ahead())).then_some(Step::Announce(algorithm, due)),
    }
}

/// A new key for each algorithm: after the propagation time, or at once and before anybody knows it.
pub(crate) fn rotate(now: Timestamp, at_once: bool, rules: &Rules) -> Vec<Step> {
    let begin = |algorithm| Step::Begin(algorithm, rules.period(now));
    let step = |algorithm| if at_once { begin(algorithm) } else { Step::Announce(algorithm, now) };
    rules.algorithms.iter().copied().map(step).collect()
}

/// A key from elsewhere: as the next one of its algorithm, or at once where that is wanted or there is no other.
pub(crate) fn introduce(
    keys: &KeySet,
    algorithm: SigningAlgorithm,
    now: Timestamp,
    at_once: bool,
    rules: &Rules,
) -> Step {
    let is_first = rules.trusted(keys, algorithm).filter_map(period).all(|period| period.until <= now);
    if at_once || is_first {
        Step::Begin(algorithm, rules.period(now))
    } else {
        Step::Announce(algorithm, now)
    }
}

/// Ends the trust in a key at once. Where none is left that signs, the next one does, which verifiers know best.
pub(crate) fn retire(
    keys: &KeySet,
    (kid, because): (&KeyId, &str),
    now: Timestamp,
    rules: &Rules,
) -> Vec<Step> {
    let mut steps = vec![Step::Retire(kid.clone(), because.to_owned())];
    let algorithm = keys.keys().iter().find(|key| key.kid() == kid).map(KeyRecord::alg);
    let algorithm = algorithm.and_then(SigningAlgorithm::from_name);
    let Some(algorithm) = algorithm.filter(|algorithm| rules.algorithms.contains(algorithm)) else {
        return steps;
    };
    let left = || rules.trusted(keys, algorithm).filter(|key| key.kid() != kid);
    let periods = || left().filter_map(|key| Some((key, period(key)?)));
    if periods().any(|(_, period)| period.from <= now && now < period.until) {
        return steps;
    }
    let to_come = periods().filter(|(_, period)| now < period.from).min_by_key(|(_, period)| period.from);
    let announced = left().find(|key| key.signs_after().is_some());
    steps.push(match (to_come, announced) {
        (Some((key, _)), _) => Step::BringForward(key.kid().clone()),
        (None, Some(key)) => Step::Schedule(key.kid().clone(), rules.period(now)),
        (None, None) => Step::Begin(algorithm, rules.period(now)),
    });
    steps
}

/// Whether no token of a key lives on any clock. What a newer release made is its own to forget.
fn has_ended(key: &KeyRecord, now: Timestamp, rules: &Rules) -> bool {
    let is_known = SigningAlgorithm::from_name(key.alg()).is_some() && rules.can_use(key);
    let ended = key.published_until().is_some_and(|end| end.plus(rules.margin()) <= now);
    let never_signed = key.retired().is_some() && key.signs_after().is_some();
    is_known && (ended || never_signed)
}

/// When a key signs, if that is written.
pub(crate) fn period(key: &KeyRecord) -> Option<SigningPeriod> {
    Some(SigningPeriod {
        from: key.signs_from()?,
        until: key.signs_until()?,
        published_until: key.published_until()?,
    })
}
