//! One shard: entries by id, and their ids by the time at which they end.

use std::collections::hash_map::Entry as Place;
use std::collections::{BTreeSet, HashMap};

use grantor::Timestamp;

pub(crate) type Id = [u8; 32];

/// Both hold the same ids at all times.
pub(crate) struct Shard<V> {
    entries: HashMap<Id, Entry<V>>,
    by_end: BTreeSet<(Timestamp, Id)>,
}

struct Entry<V> {
    value: V,
    until: Timestamp,
    stored: Timestamp,
}

/// What became of an entry. One that was not added is given back.
#[must_use]
pub(crate) enum Added<V> {
    Yes,
    /// There is one of that id.
    Held(V),
    /// It may not be added.
    Full(V),
}

impl<V> Shard<V> {
    pub(crate) fn get(&self, id: &Id) -> Option<&V> {
        self.entries.get(id).map(|entry| &entry.value)
    }

    /// Adds an entry if its id is free, and then only if `may_add` says so.
    pub(crate) fn add(
        &mut self,
        id: Id,
        value: V,
        (until, now): (Timestamp, Timestamp),
        may_add: impl FnOnce() -> bool,
    ) -> Added<V> {
        match self.entries.entry(id) {
            Place::Occupied(_) => Added::Held(value),
            Place::Vacant(_) if !may_add() => Added::Full(value),
            Place::Vacant(place) => {
                place.insert(Entry { value, until, stored: now });
                self.by_end.insert((until, id));
                Added::Yes
            }
        }
    }

    /// Puts another value in the place of the one that is held, and keeps the later `until`.
    pub(crate) fn overwrite(&mut self, id: Id, value: V, until: Timestamp, now: Timestamp) {
        if let Some(entry) = self.entries.get_mut(&id) {
            self.by_end.remove(&(entry.until, id));
            *entry = Entry { value, until: entry.until.max(until), stored: now };
            self.by_end.insert((entry.until, id));
        }
    }

    /// Removes those that end first, at most so many, while they end before `before` and `may_go` says so of their
    /// arrival.
    pub(crate) fn remove(
        &mut self,
        most: usize,
        before: Timestamp,
        may_go: impl Fn(Timestamp) -> bool,
    ) -> usize {
        let mut removed = 0;
        while removed < most
            && let Some(&(until, id)) = self.by_end.first()
            && until < before
            && self.entries.get(&id).is_none_or(|entry| may_go(entry.stored))
        {
            self.by_end.pop_first();
            self.entries.remove(&id);
            removed += 1;
        }
        if removed > 0 {
            self.give_back_memory();
        }
        removed
    }

    /// A hash map keeps its size until it is told. Once in as many removals as it copies entries.
    fn give_back_memory(&mut self) {
        if self.entries.capacity() > 64 && self.entries.len() < self.entries.capacity() / 8 {
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }
}

impl<V> Default for Shard<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), by_end: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    impl<V> Shard<V> {
        pub(crate) fn len(&self) -> usize {
            assert_eq!(self.entries.len(), self.by_end.len(), "both hold the same ids");
            self.entries.len()
        }
    }

    /// 5000 steps against a plain model: the same entries, and the index never loses or keeps one.
    #[test]
    fn behaves_like_a_plain_map() {
        let mut shard = Shard::default();
        let mut model: BTreeMap<Id, (u64, i64)> = BTreeMap::new();
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for step in 0..5000 {
            let id = [u8::try_from(random(200)).expect("below 200"); 32];
            let seconds = i64::try_from(random(1000)).expect("below 1000");
            let moment = Timestamp::from_unix(seconds).unwrap();
            match (random(3), model.contains_key(&id)) {
                (0, _) => {
                    let most = usize::try_from(random(5)).expect("below 5");
                    let removed = shard.remove(most, moment, |_| true);
                    let ended = model.values().filter(|(_, until)| *until < seconds).count();
                    assert_eq!(removed, ended.min(most), "step {step}");
                    model.retain(|id, _| shard.get(id).is_some());
                }
                (_, false) => {
                    assert!(
                        matches!(shard.add(id, step, (moment, moment), || false), Added::Full(s) if s == step)
                    );
                    assert!(matches!(shard.add(id, step, (moment, moment), || true), Added::Yes));
                    assert!(matches!(shard.add(id, 0, (moment, moment), || panic!("held")), Added::Held(0)));
                    model.insert(id, (step, seconds));
                }
                (_, true) => {
                    shard.overwrite(id, step, moment, moment);
                    let until = model[&id].1.max(seconds);
                    model.insert(id, (step, until));
                }
            }
            assert_eq!(shard.len(), model.len(), "step {step}");
            assert!(model.iter().all(|(id, (value, _))| shard.get(id) == Some(value)), "step {step}");
        }
    }

    #[test]
    fn memory_is_given_back() {
        let mut shard = Shard::default();
        let now = Timestamp::EPOCH;
        for number in 0..10_000_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            assert!(matches!(shard.add(id, (), (now, now), || true), Added::Yes));
        }
        assert_eq!(shard.remove(9_990, Timestamp::MAX, |_| true), 9_990);
        assert_eq!(shard.len(), 10);
        assert!(shard.entries.capacity() <= 64, "{}", shard.entries.capacity());
    }
}
