//! What is due in the life of the signing keys: pure functions of the key set, a clock and the rules.
//!
//! Any number of nodes come to the same steps, and compare and swap lets one of them take each. A key is announced first;
//! only a node that has seen it in the store writes when it signs. So however long a write takes, and whatever node stops in
//! between, no key signs that has been published for less than the propagation time, as long as there is another one that may:
//! the first key signs at once, and so does whichever there is when every other one has ended or was retired.

use std::time::Duration;

use super::rotation::KeyRotation;
use crate::jose::SigningAlgorithm;
use crate::store::{KeyRecord, KeySet, PrivateKey, SigningPeriod};
use crate::types::{KeyId, Timestamp};

/// How long past its end a key is kept, so that a node whose clock is off destroys nothing.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);
/// How much longer one is kept that only another node can delete at its signer.
const ORPHANED_FOR: Duration = Duration::from_secs(24 * 3600);

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
    /// The names of the signers that this node has.
    pub(crate) signers: Vec<String>,
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

    /// What begins later than any node would write was written by a clock that was far off, and nobody waits for it.
    fn latest(&self, now: Timestamp) -> Timestamp {
        now.plus(self.lead() + self.ahead() + self.rotation.interval())
    }

    /// How long past its end a key is kept.
    pub(crate) fn kept(&self) -> Duration {
        KEPT_FOR.min(self.rotation.interval() / 4)
    }

    /// Whether this node can sign with a key, as far as its record tells.
    fn can_use(&self, key: &KeyRecord) -> bool {
        match key.private() {
            PrivateKey::Sealed(_) => true,
            PrivateKey::Signer(reference) => self.signers.contains(&reference.name),
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
    // Who has just begun anew may be the one whose clock is wrong, and forgets nothing yet.
    if is_settled(keys, now, rules) {
        let ended = keys.keys().iter().filter(|key| has_ended(key, now, rules));
        steps.extend(ended.map(|key| Step::Drop(key.kid().clone())));
    }
    steps
}

/// Whether a key has been signing for a while.
fn is_settled(keys: &KeySet, now: Timestamp, rules: &Rules) -> bool {
    let trusted = keys.keys().iter().filter(|key| key.retired().is_none());
    trusted.filter_map(period).any(|period| period.from.plus(rules.kept()) <= now && now < period.until)
}

fn next(keys: &KeySet, algorithm: SigningAlgorithm, now: Timestamp, rules: &Rules) -> Option<Step> {
    let announced = rules.trusted(keys, algorithm).find(|key| key.signs_after().is_some());
    let latest = rules.latest(now);
    let periods = rules.trusted(keys, algorithm).filter_map(period);
    // Of a shorter interval the newer one may end first.
    let lasting = periods.filter(|period| period.from <= latest && now < period.until);
    let Some(newest) = lasting.max_by_key(|period| period.from) else {
        let at_once = rules.period(now);
        return Some(match announced {
            Some(key) => Step::Schedule(key.kid().clone(), at_once),
            None => Step::Begin(algorithm, at_once),
        });
    };
    let (soonest, due) = (now.plus(rules.lead()), rules.due(newest));
    match announced {
        Some(key) => {
            let wanted = key.signs_after().unwrap_or(soonest).min(latest);
            let from = wanted.max(soonest);
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

/// Ends the trust in a key at once. If it was the one that signs, the next one does, which verifiers know; where none is to
/// come, the one before if that is inside its signing time; else a new one.
pub(crate) fn retire(
    keys: &KeySet,
    (kid, because): (&KeyId, &str),
    now: Timestamp,
    rules: &Rules,
) -> Vec<Step> {
    let mut steps = vec![Step::Retire(kid.clone(), because.to_owned())];
    let retired = keys.keys().iter().find(|key| key.kid() == kid);
    let algorithm = retired.map(KeyRecord::alg).and_then(SigningAlgorithm::from_name);
    let Some(algorithm) = algorithm.filter(|algorithm| rules.algorithms.contains(algorithm)) else {
        return steps;
    };
    if retired.is_some_and(|key| key.retired().is_some()) {
        return steps;
    }
    // Whether or not this node can sign with them: others can.
    let left = || {
        let others = keys.keys().iter().filter(|key| key.kid() != kid && key.alg() == algorithm.as_str());
        others.filter(|key| key.retired().is_none() && !matches!(key.private(), PrivateKey::Unknown(_)))
    };
    let periods = || left().filter_map(|key| Some((key, period(key)?)));
    let begun = periods().filter(|(_, period)| period.from <= now && now < period.until);
    let begun = begun.map(|(_, period)| period.from).max();
    // A later one signs already, or this one does not sign yet.
    let own = retired.and_then(KeyRecord::signs_from).filter(|from| *from <= now);
    if begun.is_some() && begun > own {
        return steps;
    }
    let latest = rules.latest(now);
    let to_come = periods().filter(|(_, period)| now < period.from && period.from <= latest);
    let to_come = to_come.min_by_key(|(_, period)| period.from);
    let announced = left().find(|key| key.signs_after().is_some());
    steps.extend(match (to_come, announced, begun) {
        (Some((key, _)), _, _) => Some(Step::BringForward(key.kid().clone())),
        (None, Some(key), _) => Some(Step::Schedule(key.kid().clone(), rules.period(now))),
        (None, None, Some(_)) => None,
        (None, None, None) => Some(Step::Begin(algorithm, rules.period(now))),
    });
    steps
}

/// When a key hands over to the next one of its algorithm: as it is written of that one, else when it is due.
pub(crate) fn hands_over(keys: &KeySet, key: &KeyRecord, rules: &Rules) -> Option<Timestamp> {
    let (own, algorithm) = (period(key)?, SigningAlgorithm::from_name(key.alg())?);
    let begin = rules.trusted(keys, algorithm).filter_map(KeyRecord::signs_from);
    let next = begin.filter(|from| *from > own.from).min();
    next.or_else(|| rules.algorithms.contains(&algorithm).then(|| rules.due(own)))
}

/// Whether no token of a key lives on any clock, even on one that is off by more than the skew. What a newer release made is its
/// own to forget, and what a signer holds that this node has not got is left to those that can delete it, for a day.
fn has_ended(key: &KeyRecord, now: Timestamp, rules: &Rules) -> bool {
    let kept = rules.margin() + rules.kept();
    let kept = match key.private() {
        _ if SigningAlgorithm::from_name(key.alg()).is_none() => return false,
        PrivateKey::Unknown(_) => return false,
        PrivateKey::Signer(_) if !rules.can_use(key) => kept + ORPHANED_FOR,
        PrivateKey::Signer(_) | PrivateKey::Sealed(_) => kept,
    };
    // One that was retired before it was scheduled is kept as long as if it had been: a restored store must not bring it back.
    let unscheduled = || key.retired().map(|_| rules.period(key.published_at()).published_until);
    let end = key.published_until().or_else(unscheduled);
    end.is_some_and(|end| end.plus(kept) <= now)
}

/// When a key signs, if that is written.
pub(crate) fn period(key: &KeyRecord) -> Option<SigningPeriod> {
    Some(SigningPeriod {
        from: key.signs_from()?,
        until: key.signs_until()?,
        published_until: key.published_until()?,
    })
}
