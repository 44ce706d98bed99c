//! A bounded map, in shards, that forgets what has ended.

use std::array;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grantor::Timestamp;
use grantor::store::StoreError;

use crate::bound::Bound;
use crate::shard::{Added, Id, Shard};

const SHARDS: usize = 64;

/// How long past its `until`, and past its arrival, an entry is kept unless `prune` is called.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// How many ended entries a write takes with it: more than the one that it adds, so that none pile up.
const AT_ONCE: usize = 4;

/// How many entries `prune` removes before it lets others at the lock.
const BATCH: u32 = 64;

pub(crate) struct ExpiringMap<V> {
    shards: [Mutex<Shard<V>>; SHARDS],
    /// Chooses the shard. Keyed at random, so that nobody can choose ids that all fall into one.
    choice: RandomState,
    /// The places taken, over all shards. Never more than the bound.
    taken: AtomicUsize,
    bound: Bound,
}

/// What to do with an entry that is held already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfHeld {
    /// Leave it as it is.
    Keep,
    /// Put the new value in its place, and keep the later `until`.
    Overwrite,
}

/// Whether the id was free.
#[must_use]
pub(crate) enum Put {
    Added,
    Held,
}

impl<V: Clone> ExpiringMap<V> {
    pub(crate) fn new(bound: Bound) -> Self {
        Self {
            shards: array::from_fn(|_| Mutex::default()),
            choice: RandomState::new(),
            taken: AtomicUsize::new(0),
            bound,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn get(&self, id: &Id) -> Option<V> {
        self.shard(id).get(id).cloned()
    }

    /// Looks and writes under one lock. Only a new id needs a place; where none is free an entry that may be
    /// forgotten makes room, and where there is none of those the new one is refused.
    pub(crate) fn put(
        &self,
        id: Id,
        mut value: V,
        until: Timestamp,
        now: Timestamp,
        if_held: IfHeld,
    ) -> Result<Put, StoreError> {
        loop {
            let mut shard = self.shard(&id);
            self.forget(&mut shard, now);
            match shard.add(id, value, (until, now), || self.take_place()) {
                Added::Yes => return Ok(Put::Added),
                Added::Held(value) => {
                    if if_held == IfHeld::Overwrite {
                        shard.overwrite(id, value, until, now);
                    }
                    return Ok(Put::Held);
                }
                Added::Full(same) => value = same,
            }
            drop(shard); // never two locks at a time
            if !self.make_room(now) {
                return Err(self.bound.full());
            }
        }
    }

    /// Removes at most `limit` entries whose `until` is earlier than `before`.
    pub(crate) fn prune(&self, before: Timestamp, limit: u32) -> u32 {
        let mut removed = 0;
        for shard in &self.shards {
            while removed < limit {
                let batch = BATCH.min(limit - removed);
                let went = lock(shard).remove(batch as usize, before, |_| true);
                self.give_back(went);
                removed += went as u32;
                if went == 0 {
                    break;
                }
            }
        }
        removed
    }

    fn shard(&self, id: &Id) -> MutexGuard<'_, Shard<V>> {
        let [first, ..] = &self.shards;
        let chosen = self.choice.hash_one(id) as usize % SHARDS;
        lock(self.shards.get(chosen).unwrap_or(first))
    }

    fn take_place(&self) -> bool {
        let one_more = |taken| (taken < self.bound.most).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// Each time that it says yes something has gone, so asking again comes to an end.
    fn make_room(&self, now: Timestamp) -> bool {
        self.shards.iter().any(|shard| self.forget(&mut lock(shard), now) > 0)
    }

    /// Removes a few of those that have ended. One that came late is kept for a while too: its `until` may have
    /// been reckoned by a clock that is behind this one.
    fn forget(&self, shard: &mut Shard<V>, now: Timestamp) -> usize {
        let horizon = now.minus(KEPT);
        let went = shard.remove(AT_ONCE, horizon, |stored| stored < horizon);
        self.give_back(went);
        went
    }

    fn give_back(&self, places: usize) {
        self.taken.fetch_sub(places, Ordering::Relaxed);
    }
}

/// Nothing can panic half way through a change, so what a poisoned lock guards is whole.
fn lock<V>(shard: &Mutex<Shard<V>>) -> MutexGuard<'_, Shard<V>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If the shard came from a byte of the id, all of these would queue at one lock.
    #[test]
    fn hostile_ids_spread_over_the_shards() {
        let map = ExpiringMap::new(Bound { most: 10_000, kind: "entries", option: "most" });
        let now = Timestamp::EPOCH;
        for number in 0..6400_u32 {
            let mut id = [0; 32];
            id[12..16].copy_from_slice(&number.to_be_bytes());
            assert!(matches!(map.put(id, (), Timestamp::MAX, now, IfHeld::Keep), Ok(Put::Added)));
        }
        let fullest = map.shards.iter().map(|shard| lock(shard).len()).max();
        assert!(fullest < Some(200), "{fullest:?} in one shard, where 100 is fair");
    }

    #[test]
    fn a_poisoned_lock_still_serves() {
        let map = ExpiringMap::new(Bound { most: 2, kind: "entries", option: "most" });
        let now = Timestamp::EPOCH;
        assert!(map.put([1; 32], "kept", Timestamp::MAX, now, IfHeld::Keep).is_ok());
        let panicked = std::thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let _guard = map.shard(&[1; 32]);
                panic!("while the lock is held");
            });
            holder.join().is_err()
        });
        assert!(panicked && map.shards.iter().any(Mutex::is_poisoned));
        assert_eq!(map.get(&[1; 32]), Some("kept"));
        assert!(matches!(map.put([1; 32], "new", Timestamp::MAX, now, IfHeld::Keep), Ok(Put::Held)));
    }
}
