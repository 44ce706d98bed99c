//! Judges all that is written, signed and published in a world, by true time and by the slowest and the fastest clock.

use std::collections::BTreeMap;
use std::time::Duration;

use super::wire::{Wished, Written};
use super::world::{Moment, Writer, millis, seconds};
use crate::keys::plan::period;
use crate::keys::{KeyError, Rules, Shared, Upkeep};
use crate::store::{KeyRecord, KeySet};
use crate::types::{KeyId, Timestamp};

/// What happens in a world, from the calmest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Course {
    /// One policy, and some node comes by in time.
    Steady,
    /// Several policies, at a time and one after the other.
    Changing,
    /// And keys are retired, and made to sign at once.
    Emergency,
    /// And nobody comes by for any length of time.
    Storm,
}

/// What one node shows of itself.
pub(super) struct View {
    pub(super) snapshot: Shared,
    pub(super) read_at: Moment,
    pub(super) cached_for: Duration,
    pub(super) writer: Writer,
    pub(super) now: Moment,
}

/// What is known of a key that was in the store at some time.
#[derive(Debug)]
struct Known {
    since: Moment,
    /// The revision at which it came.
    written_in: u64,
    /// It was made to sign at once: the first, or the one after a retired one, or wanted so.
    at_once: bool,
    /// The propagation time by which it was scheduled.
    propagation: Duration,
    /// The latest `exp` of its tokens.
    tokens_until: Option<Timestamp>,
    retired_in: Option<u64>,
    is_dropped: bool,
}

pub(super) struct Witness {
    course: Course,
    skew: Duration,
    least_propagation: Duration,
    most_keys: usize,
    known: BTreeMap<KeyId, Known>,
    /// The kids that a verifier has fetched, and until when it keeps them.
    verifiers: Vec<(Vec<KeyId>, Moment, String)>,
    /// Which key signs, for everybody of the same knowledge.
    current: BTreeMap<(u64, &'static str), KeyId>,
    /// What is published by those who have read in time, and the revision that they have read.
    shown: Vec<(u64, Vec<KeyId>)>,
    has_one_policy: bool,
    pub(super) writes: usize,
    pub(super) wishes: usize,
    pub(super) signed: BTreeMap<KeyId, usize>,
}

impl Witness {
    pub(super) fn new(course: Course, rules: &[Rules]) -> Self {
        let least = rules.iter().map(|rules| rules.rotation.propagation_time()).min();
        Self {
            course,
            skew: rules[0].skew,
            least_propagation: least.unwrap(),
            most_keys: most_keys(rules),
            known: BTreeMap::new(),
            verifiers: Vec::new(),
            current: BTreeMap::new(),
            shown: Vec::new(),
            has_one_policy: rules.len() == 1,
            writes: 0,
            wishes: 0,
            signed: BTreeMap::new(),
        }
    }

    pub(super) fn dropped(&self) -> usize {
        self.known.values().filter(|known| known.is_dropped).count()
    }

    /// A write has won.
    pub(super) fn wrote(&mut self, written: &Written, after: &KeySet, now: Moment) {
        let find = |set: &KeySet, kid: &KeyId| set.keys().iter().find(|key| key.kid() == kid).cloned();
        self.wishes += usize::from(written.by.wish != Wished::Due);
        for key in after.keys() {
            match find(&written.before, key.kid()) {
                None => self.made(key, written, now),
                Some(before) => self.changed(&before, key, written),
            }
        }
        for key in written.before.keys().iter().filter(|key| find(after, key.kid()).is_none()) {
            let known = self.known.get_mut(key.kid()).unwrap();
            known.is_dropped = true;
            let lives = known.tokens_until.is_some_and(|until| lives(until, self.skew, now));
            assert!(!lives, "f: {} is dropped while a token of it lives", key.kid());
        }
        if self.course < Course::Storm {
            let count = after.keys().len();
            assert!(count <= self.most_keys + self.wishes * 2, "g: {count} keys of {}", self.most_keys);
        }
    }

    fn made(&mut self, key: &KeyRecord, written: &Written, now: Moment) {
        let propagation = written.by.rules.rotation.propagation_time();
        let soonest = written.by.time.at(written.planned_at).plus(propagation);
        let at_once = key.signs_from().is_some_and(|from| from < soonest);
        if at_once {
            self.may_sign_at_once(key, written);
        }
        let known = Known {
            since: now,
            written_in: written.revision,
            at_once,
            propagation,
            tokens_until: None,
            retired_in: None,
            is_dropped: false,
        };
        assert!(self.known.insert(key.kid().clone(), known).is_none(), "f: {} twice", key.kid());
    }

    fn changed(&mut self, before: &KeyRecord, after: &KeyRecord, written: &Written) {
        let kid = after.kid();
        let (old, new) = (period(before), period(after));
        let is_forward = match (old, new) {
            (None, None) => {
                assert_eq!(before.signs_after(), after.signs_after(), "e: {kid}");
                false
            }
            (None, Some(new)) => {
                let rules = &written.by.rules;
                self.known.get_mut(kid).unwrap().propagation = rules.rotation.propagation_time();
                let planned_at = written.by.time.at(written.planned_at);
                new.from < planned_at.plus(rules.rotation.propagation_time())
            }
            (Some(old), Some(new)) => {
                assert_eq!((old.until, old.published_until), (new.until, new.published_until), "e: {kid}");
                assert!(new.from <= old.from, "e: {kid} is put off");
                let forward = new.from < old.from;
                assert!(!forward || written.by.wish == Wished::Retire, "e: {kid} is brought forward");
                forward
            }
            (Some(_), None) => panic!("e: the times of {kid} are gone"),
        };
        let known = self.known.get_mut(kid).unwrap();
        match (before.retired(), after.retired()) {
            (None, Some(_)) => {
                assert_eq!(written.by.wish, Wished::Retire, "{kid} is retired unasked");
                known.retired_in = Some(written.revision);
            }
            (old, new) => assert_eq!(old, new, "h: the trust in {kid} comes back"),
        }
        if is_forward {
            known.at_once = true;
            self.may_sign_at_once(after, written);
        }
        let published_at = (before.published_at(), after.published_at());
        let lowered = old != new && published_at.1 < published_at.0;
        assert!(lowered || published_at.0 == published_at.1, "e: {kid} is published at another time");
    }

    /// Only where there is no other, or somebody wants it so.
    fn may_sign_at_once(&self, key: &KeyRecord, written: &Written) {
        let planned_at = written.by.time.at(written.planned_at);
        let of_it = |other: &&KeyRecord| other.alg() == key.alg() && other.retired().is_none();
        let mut others = written.before.keys().iter().filter(of_it).filter_map(period);
        let alone = others.clone().all(|other| other.until <= planned_at);
        let first = self.course >= Course::Emergency || others.next().is_none();
        let wanted = matches!(written.by.wish, Wished::RotateNow | Wished::Retire);
        assert!(wanted || alone && first, "a: {} signs at once beside {:?}", key.kid(), written.before);
    }

    /// A turn is over.
    pub(super) fn ended(&self, upkeep: &Upkeep) {
        let is_outage = |error: &KeyError| matches!(error, KeyError::Store(error) if error.is_unavailable());
        let unknown = |error: &KeyError| matches!(error, KeyError::Unknown(_));
        let other = upkeep.failures.iter().find(|error| !is_outage(error) && !unknown(error));
        assert!(other.is_none(), "{other:?}");
    }

    /// What a node would sign with now, and what it publishes.
    pub(super) fn looked(&mut self, view: &View) {
        let Writer { rules, time, .. } = &view.writer;
        let clock = time.at(view.now);
        let is_fresh = view.now - view.read_at <= millis(rules.rotation.read_every());
        let revision = view.snapshot.revision.get();
        for algorithm in &rules.algorithms {
            let Some(current) = view.snapshot.signing(*algorithm, clock) else {
                assert!(!is_fresh || self.course == Course::Storm, "c: no key for {algorithm}");
                continue;
            };
            let kid = current.key.record.kid().clone();
            self.signs(&current.key.record, clock, is_fresh, view);
            let known = self.known.get_mut(&kid).unwrap();
            let token = clock.plus(rules.longest_life).min(current.tokens_until);
            assert!(clock < token, "b: a token that has expired");
            let is_whole = token == clock.plus(rules.longest_life);
            assert!(
                is_whole || !is_fresh || self.course > Course::Steady,
                "c: a token of {kid} is cut short"
            );
            known.tokens_until = known.tokens_until.max(Some(token));
            *self.signed.entry(kid).or_default() += 1;
            // The same for all who know the same, at one moment of whatever clock.
            let shown =
                view.snapshot.signing(*algorithm, seconds(view.now)).unwrap().key.record.kid().clone();
            let same = self.current.entry((revision, algorithm.as_str())).or_insert_with(|| shown.clone());
            assert_eq!(*same, shown, "i: two current keys for {algorithm}");
        }
        let kids = view.snapshot.published(clock)["keys"].as_array().unwrap().clone();
        let kids: Vec<_> = kids.iter().map(|key| KeyId::new(key["kid"].as_str().unwrap()).unwrap()).collect();
        let retired = |kid: &&KeyId| self.known[*kid].retired_in.is_some_and(|at| at <= revision);
        assert_eq!(kids.iter().find(retired), None, "h: published though it is retired");
        self.verifiers.push((
            kids.clone(),
            view.now + millis(view.cached_for),
            format!("fetched {} read {} ahead {:?} rev {revision}", view.now, view.read_at, view.writer),
        ));
        if is_fresh {
            self.shown.push((revision, kids));
        }
    }

    fn signs(&mut self, key: &KeyRecord, clock: Timestamp, is_fresh: bool, view: &View) {
        let (kid, period) = (key.kid(), period(key).unwrap());
        let known = self.known.get_mut(kid).unwrap();
        let age = view.now - known.since;
        assert!(!known.is_dropped, "f: {kid} signs and is dropped");
        let retired = known.retired_in.is_some_and(|at| at <= view.snapshot.revision.get());
        assert!(!retired, "h: {kid} signs and is retired");
        if !known.at_once && period.from <= clock {
            assert!(age >= millis(known.propagation), "a: {kid} signs after {age} ms");
        } else if !known.at_once {
            // There is no other any more: the gap would be worse.
            assert!(self.course > Course::Steady, "a: {kid} signs early, after {age} ms");
            let enough = age >= millis(self.least_propagation);
            assert!(enough || self.course > Course::Changing, "a: {kid} signs early, after {age} ms");
            known.at_once = true;
        }
        if self.course == Course::Steady && is_fresh {
            assert!(clock < period.until, "c: {kid} signs past its time");
        }
        if self.has_one_policy && !known.at_once && known.retired_in.is_none() {
            let blind =
                |(kids, until, _): &&(Vec<KeyId>, Moment, String)| *until > view.now && !kids.contains(kid);
            let blind = self.verifiers.iter().find(blind);
            assert!(
                blind.is_none(),
                "a: {kid} signs and is not in what verifiers keep: {blind:?} {:?} {key:?} {} {known:?}",
                view.writer,
                view.now
            );
        }
    }

    /// All nodes have been looked at: what any of them may have signed verifies at every one that has read in time.
    pub(super) fn look_is_over(&mut self, now: Moment) {
        for (kid, known) in self.known.iter().filter(|(_, known)| known.retired_in.is_none()) {
            if !known.tokens_until.is_some_and(|until| lives(until, self.skew, now)) {
                continue;
            }
            for (revision, kids) in &self.shown {
                let too_new = known.at_once && *revision < known.written_in;
                assert!(too_new || kids.contains(kid), "b: a token of {kid} lives and it is not published");
            }
        }
        self.verifiers.retain(|(_, until, _)| *until > now);
        self.current.clear();
        self.shown.clear();
    }
}

/// Whether a token is good for a verifier of the slowest clock, who takes the skew off once more.
fn lives(until: Timestamp, skew: Duration, now: Moment) -> bool {
    seconds(now) < until.plus(skew)
}

/// How many keys are in the set at a time, for each algorithm: all that begin from the time of the first one that is still
/// there to that of the last one that is announced already, and none begins sooner after another than the interval.
fn most_keys(rules: &[Rules]) -> usize {
    let most = |of: fn(&Rules) -> Duration| rules.iter().map(of).max().unwrap().as_secs();
    let ahead = most(|rules| rules.rotation.propagation_time() + rules.skew + Duration::from_secs(1))
        + most(|rules| rules.rotation.read_every() * 2);
    let after = most(|rules| rules.rotation.signs_for() + rules.longest_life + rules.margin() * 2);
    // Nobody comes by in between to drop those that have ended.
    let late = most(|rules| {
        rules.rotation.signs_for() - rules.rotation.interval() + rules.rotation.read_every() * 2
    });
    let every = rules.iter().map(|rules| rules.rotation.interval()).min().unwrap().as_secs();
    let algorithms = rules.iter().map(|rules| rules.algorithms.len()).max().unwrap();
    // Both ends of the span, the one announced, and one that nodes which have only just started leave for a later turn.
    usize::try_from((ahead + after + late) / every + 4).unwrap() * algorithms
}
