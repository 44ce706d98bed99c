//! Records by id, in byte order: clients, trusted issuers.

use std::array;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use grantor::store::{Consume, Delete, Insert, Revision, StoreError, Update, Versioned};

use crate::bound::Bound;

/// How many records a listing looks at before it lets others at the locks.
const STRIDE: usize = 256;
const SHARDS: usize = 16;

/// What has an id of its own.
pub(crate) trait Record: Clone {
    type Id: Clone + Ord + Hash;

    fn id(&self) -> &Self::Id;
}

type Shard<R> = BTreeMap<<R as Record>::Id, Versioned<R>>;

/// Records are shared, so that finding one costs a look-up and no copy. In shards, so that processors which read do
/// not meet at one lock.
pub(crate) struct Records<R: Record> {
    shards: [RwLock<Shard<R>>; SHARDS],
    choice: RandomState,
    /// How many there are, over all shards. Never more than the bound.
    taken: AtomicUsize,
    bound: Bound,
}

impl<R: Record> Records<R> {
    pub(crate) fn new(bound: Bound) -> Self {
        Self {
            shards: array::from_fn(|_| RwLock::default()),
            choice: RandomState::new(),
            taken: AtomicUsize::new(0),
            bound,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn find(&self, id: &R::Id) -> Option<Versioned<R>> {
        self.read(id).get(id).cloned()
    }

    pub(crate) fn insert(&self, first: Revision, record: &R) -> Result<Insert, StoreError> {
        let held = Versioned::new(record.clone(), first);
        match self.write(record.id()).entry(record.id().clone()) {
            Entry::Occupied(_) => Ok(Insert::Exists),
            Entry::Vacant(free) => {
                self.take_place()?;
                free.insert(held);
                Ok(Insert::Done)
            }
        }
    }

    pub(crate) fn update(&self, expected: Revision, record: &R) -> Update {
        let next = Versioned::new(record.clone(), expected.next());
        match self.write(record.id()).get_mut(record.id()) {
            None => Update::Missing,
            Some(held) if held.revision() != expected => Update::Conflict,
            Some(held) => {
                *held = next;
                Update::Done
            }
        }
    }

    /// The same record at its next revision, unless that is `most` or later already. No room is needed for it.
    pub(crate) fn consume(&self, id: &R::Id, most: u32) -> Consume {
        match self.write(id).get_mut(id) {
            None => Consume::Missing,
            Some(held) if held.revision().get() >= u64::from(most) => Consume::Spent,
            Some(held) => {
                *held = Versioned::new(held.shared(), held.revision().next());
                Consume::Done
            }
        }
    }

    pub(crate) fn delete(&self, id: &R::Id) -> Delete {
        match self.write(id).remove(id) {
            Some(_) => {
                self.taken.fetch_sub(1, Ordering::AcqRel);
                Delete::Done
            }
            None => Delete::Missing,
        }
    }

    /// Up to `limit` of those after `after` that are to be shown, and from where to go on.
    pub(crate) fn page(
        &self,
        after: Option<&R::Id>,
        limit: usize,
        is_shown: impl Fn(&R) -> bool,
    ) -> (Vec<Versioned<R>>, Option<R::Id>) {
        let mut found: Vec<Versioned<R>> = Vec::new();
        let mut last = after.cloned();
        loop {
            let stride = self.stride(last.as_ref());
            let is_last = stride.len() < STRIDE;
            last = stride.last().map(|held| held.record().id().clone());
            for held in stride.into_iter().filter(|held| is_shown(held.record())) {
                if found.len() == limit {
                    let next = found.last().map(|held| held.record().id().clone());
                    return (found, next);
                }
                found.push(held);
            }
            if is_last {
                return (found, None);
            }
        }
    }

    fn shard(&self, id: &R::Id) -> &RwLock<Shard<R>> {
        let [first, ..] = &self.shards;
        let number = self.choice.hash_one(id) % SHARDS as u64;
        usize::try_from(number).ok().and_then(|number| self.shards.get(number)).unwrap_or(first)
    }

    fn read(&self, id: &R::Id) -> RwLockReadGuard<'_, Shard<R>> {
        self.shard(id).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, id: &R::Id) -> RwLockWriteGuard<'_, Shard<R>> {
        self.shard(id).write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one record more, if there is one.
    fn take_place(&self) -> Result<(), StoreError> {
        let more = |taken: usize| (taken < self.bound.most).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.map(drop).map_err(|_| self.bound.full())
    }

    /// Up to [`STRIDE`] records after `last`, over all shards.
    fn stride(&self, last: Option<&R::Id>) -> Vec<Versioned<R>> {
        let start = last.map_or(Unbounded, Excluded);
        let mut found = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let after = shard.range::<R::Id, _>((start, Unbounded)).take(STRIDE);
            found.extend(after.map(|(_, held)| held.clone()));
        }
        found.sort_unstable_by(|a, b| a.record().id().cmp(b.record().id()));
        found.truncate(STRIDE);
        found
    }
}
