//! Key sets as small numbers, and what the real code makes of each at each moment: computed once.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::SystemClock;
use crate::jose::SigningAlgorithm;
use crate::keys::laws::{MadeKeys, Policy, workshop};
use crate::keys::plan::{period, plan};
use crate::keys::{Snapshot, Workshop};
use crate::store::{KeySet, KeyStore, Replace, Revision, StoreError};
use crate::types::{KeyId, Timestamp};

const BEGINNING: i64 = 1_000_000;

/// A key set by its number.
pub(super) type SetId = u16;

/// What the real code makes of a set at a moment of a clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// What `plan` wants in its place, and the keys that sign at once by that.
    pub(super) next: Option<(SetId, u32)>,
    pub(super) signing: Option<Signing>,
    /// By the number of the key, one bit each.
    pub(super) published: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Signing {
    pub(super) number: u8,
    /// Inside its signing time.
    pub(super) in_time: bool,
    /// The `exp` of a token of the longest life.
    pub(super) token: u8,
}

/// What does not depend on the time. Keys are one bit each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// How many keys there were up to now.
    pub(super) born: usize,
    pub(super) held: u32,
    pub(super) is_announced: bool,
}

/// The key sets that were reached, the first of them empty.
#[derive(Debug)]
pub(super) struct Sets {
    pub(super) propagation: u8,
    pub(super) read_every: u8,
    pub(super) skew: u8,
    /// One moment of a clock after the other.
    cached_for: Vec<u8>,
    keys: Arc<MadeKeys>,
    kids: Vec<String>,
    workshop: Workshop,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<String, SetId>,
    sets: Vec<(KeySet, Facts)>,
    seen: HashMap<(SetId, u8), Seen>,
}

const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Es256;

fn moment(clock: u8) -> Timestamp {
    Timestamp::from_unix(BEGINNING + i64::from(clock)).unwrap()
}

fn tick(moment: Timestamp) -> u8 {
    u8::try_from(moment.as_unix() - BEGINNING).unwrap()
}

impl Sets {
    pub(super) fn new(policy: Policy, skew: u8) -> Self {
        let rules = policy.rules(skew.into()).expect("what `build` takes");
        let seconds = |time: Duration| u8::try_from(time.as_secs()).unwrap();
        let keys: Arc<MadeKeys> = Arc::default();
        let cached_for = |old| seconds(rules.rotation.cached_for(Duration::from_secs(old)));
        let sets = Self {
            propagation: seconds(rules.rotation.propagation_time()),
            read_every: seconds(rules.rotation.read_every()),
            skew,
            cached_for: (0..=rules.rotation.propagation_time().as_secs()).map(cached_for).collect(),
            workshop: workshop(Arc::new(Nowhere), &keys, Arc::new(SystemClock::new()), Arc::new(rules)),
            kids: (0..32).map(|number| keys.next_is(number, ALGORITHM)).collect(),
            keys,
            known: Mutex::default(),
        };
        sets.known.lock().unwrap().number(KeySet::default(), &sets);
        sets
    }

    /// For how long verifiers may keep what was read so long ago.
    pub(super) fn cached_for(&self, old: u8) -> u8 {
        self.cached_for.get(usize::from(old)).copied().unwrap_or(0)
    }

    pub(super) fn facts(&self, set: SetId) -> Facts {
        self.known.lock().unwrap().sets[usize::from(set)].1
    }

    fn number(&self, kid: &KeyId) -> usize {
        self.kids.iter().position(|known| known == kid.as_str()).unwrap()
    }

    /// What becomes of `keys`, if anything is due, and which of them sign at once by it.
    fn next(&self, keys: &KeySet, now: Timestamp) -> Option<(KeySet, u32)> {
        let steps = plan(keys, now, &self.workshop.rules);
        let next = keys.keys().last().map_or(0, |key| self.number(key.kid()) + 1);
        self.keys.next_is(next, ALGORITHM);
        self.workshop.spare().clear();
        let draft = {
            let taken = pin!(self.workshop.take(keys.clone(), &steps, now, None));
            let Poll::Ready(draft) = taken.poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("nothing here waits")
            };
            draft
        };
        assert!(draft.failures.is_empty(), "{:?}", draft.failures);
        let soonest = now.plus(self.workshop.rules.rotation.propagation_time());
        let had_time = |kid| keys.keys().iter().any(|key| key.kid() == kid && key.signs_from().is_some());
        let new = draft.set.keys().iter().filter(|key| !had_time(key.kid()));
        let at_once = new.filter(|key| key.signs_from().is_some_and(|from| from < soonest));
        let at_once = at_once.fold(0, |all, key| all | 1 << self.number(key.kid()));
        (draft.set != *keys).then_some((draft.set, at_once))
    }

    pub(super) fn seen(&self, set: SetId, clock: u8) -> Seen {
        let mut known = self.known.lock().unwrap();
        if let Some(seen) = known.seen.get(&(set, clock)) {
            return *seen;
        }
        let (keys, now) = (known.sets[usize::from(set)].0.clone(), moment(clock));
        let (snapshot, wrong) = Snapshot::open(&keys, Revision::ABSENT, &self.workshop, None);
        assert!(wrong.is_none(), "{wrong:?}");
        let life = self.workshop.rules.longest_life;
        let signing = snapshot.signing(ALGORITHM, now).map(|current| {
            let record = &current.key.record;
            let period = period(record).unwrap();
            Signing {
                number: u8::try_from(self.number(record.kid())).unwrap(),
                in_time: period.from <= now && now < period.until,
                token: tick(now.plus(life).min(current.tokens_until)),
            }
        });
        let published = snapshot.published(now);
        let published = published["keys"].as_array().unwrap().iter();
        let kids = published.map(|key| KeyId::new(key["kid"].as_str().unwrap()).unwrap());
        let published = kids.fold(0, |all, kid| all | 1 << self.number(&kid));
        let next = self.next(&keys, now).map(|(next, at_once)| (known.number(next, self), at_once));
        let seen = Seen { next, signing, published };
        known.seen.insert((set, clock), seen);
        seen
    }
}

impl Known {
    fn number(&mut self, set: KeySet, sets: &Sets) -> SetId {
        let next = SetId::try_from(self.sets.len()).unwrap();
        let number = *self.numbers.entry(set.to_document().unwrap()).or_insert(next);
        if number == next {
            let numbers = set.keys().iter().map(|key| sets.number(key.kid()));
            let facts = Facts {
                // None is forgotten before those that were there before it.
                born: numbers.clone().max().map_or(0, |newest| newest + 1),
                held: numbers.fold(0, |all, number| all | 1 << number),
                is_announced: set.keys().iter().any(|key| key.signs_after().is_some()),
            };
            self.sets.push((set, facts));
        }
        number
    }
}

/// The store is a part of the state.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl KeyStore for Nowhere {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        Err(StoreError::unavailable("not here"))
    }

    async fn replace(&self, _: Revision, _: &KeySet) -> Result<Replace, StoreError> {
        Ok(Replace::Lost)
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
