//! The sources that are not as good as new, by their digest: bounded, in shards.

use std::array;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bucket::Source;

type Id = [u8; 32];

const SHARDS: usize = 64;

/// How many sources that are as good as new a write takes with it: more than the one that it may add.
const AT_ONCE: usize = 4;

pub(super) struct Sources {
    shards: [Mutex<Shard>; SHARDS],
    /// Chooses the shard. Keyed at random, so that nobody can choose clients that all fall into one.
    choice: RandomState,
    /// In each shard.
    most: usize,
}

/// Both hold the same ids at all times.
#[derive(Default)]
struct Shard {
    sources: HashMap<Id, Source>,
    by_end: BTreeSet<(u64, Id)>,
}

impl Sources {
    pub(super) fn new(most: usize) -> Self {
        let shards = array::from_fn(|_| Mutex::default());
        Self { shards, choice: RandomState::new(), most: most.div_ceil(SHARDS).max(1) }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).sources.len()).sum()
    }

    /// Looks and writes under one lock. What is as good as new takes no place.
    pub(super) fn change<T>(&self, id: Id, now: u64, change: impl FnOnce(&mut Source) -> T) -> T {
        let [first, ..] = &self.shards;
        let chosen = self.choice.hash_one(id) as usize % SHARDS;
        let mut shard = lock(self.shards.get(chosen).unwrap_or(first));
        let held = shard.sources.get(&id).copied();
        let mut source = held.unwrap_or_default();
        let answer = change(&mut source);
        if source != held.unwrap_or_default() {
            shard.remove(&id, held);
            shard.forget(now, self.most);
            if source.full_at() > now {
                shard.by_end.insert((source.full_at(), id));
                shard.sources.insert(id, source);
            }
        }
        answer
    }
}

impl Shard {
    fn remove(&mut self, id: &Id, held: Option<Source>) {
        if let Some(held) = held {
            self.by_end.remove(&(held.full_at(), *id));
            self.sources.remove(id);
        }
    }

    /// Drops a few that are as good as new, and makes room for one more: those go first that would soonest go by themselves.
    fn forget(&mut self, now: u64, most: usize) {
        for _ in 0..AT_ONCE {
            let is_over = self.by_end.first().is_some_and(|(end, _)| *end <= now);
            if !is_over && self.sources.len() < most {
                break;
            }
            if let Some((_, id)) = self.by_end.pop_first() {
                self.sources.remove(&id);
            }
        }
        // A hash map keeps its size until it is told. Once in as many removals as it copies entries.
        if self.sources.capacity() > 64 && self.sources.len() < self.sources.capacity() / 8 {
            self.sources.shrink_to(self.sources.len() * 2);
        }
    }
}

/// Nothing can panic half way through a change, so what a poisoned lock guards is whole.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use grantor::Budget;

    use super::super::bucket::Room;
    use super::*;

    const NOW: u64 = 1_900_000_000_000;

    fn id(number: u32) -> Id {
        let mut id = [7; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        id
    }

    fn room() -> Room {
        Room::of(Budget::new(20, Duration::from_secs(1)))
    }

    fn fail(sources: &Sources, number: u32, now: u64) {
        sources.change(id(number), now, |source| source.failures.take(room(), now));
    }

    fn taken(sources: &Sources, number: u32) -> bool {
        sources.change(id(number), NOW, |source| *source != Source::default())
    }

    /// Also that both ways of holding them are the same.
    fn counted(sources: &Sources) -> usize {
        for shard in &sources.shards {
            let shard = lock(shard);
            let ends: BTreeSet<_> =
                shard.sources.iter().map(|(id, source)| (source.full_at(), *id)).collect();
            assert_eq!(ends, shard.by_end);
            assert!(shard.sources.len() <= sources.most);
        }
        sources.len()
    }

    #[test]
    fn t55_a_flood_of_sources_stays_in_bounds_and_puts_none_out_that_fails_all_the_time() {
        let sources = Sources::new(640);
        for _ in 0..20 {
            fail(&sources, 0, NOW);
        }
        for number in 1..20_000 {
            fail(&sources, number, NOW);
        }
        assert!((600..=640).contains(&counted(&sources)), "{}", sources.len());
        assert!(taken(&sources, 0), "it ends last");
        assert!(taken(&sources, 19_999), "and the newest has its place");
    }

    #[test]
    fn what_is_as_good_as_new_goes_with_later_ones_and_a_look_takes_no_place() {
        let sources = Sources::new(100_000);
        for number in 0..10_000 {
            fail(&sources, number, NOW);
        }
        assert_eq!(counted(&sources), 10_000);
        for number in 10_000..20_000 {
            sources.change(id(number), NOW, |source| source.failures.wait(room(), NOW));
        }
        assert_eq!(counted(&sources), 10_000);
        for number in 20_000..25_000 {
            fail(&sources, number, NOW + 1000);
        }
        assert_eq!(counted(&sources), 5000, "each took more with it than it added");
    }
}
