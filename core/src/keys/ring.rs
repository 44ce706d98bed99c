//! The snapshot that requests read, and how it comes from the store.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::KeyError;
use super::snapshot::{Shared, Snapshot};
use super::upkeep::Upkeep;
use super::workshop::{KeyChange, Workshop};
use crate::jose::SigningAlgorithm;
use crate::store::{KeyRecord, KeySet, Revision};
use crate::types::Timestamp;

/// How often a store that has been away since the start is asked again.
pub(crate) const RETRY_EVERY: Duration = Duration::from_secs(1);
/// No time yet.
pub(super) const NEVER: i64 = i64::MIN;

/// The keys of one issuer. A request takes the snapshot and never waits for the store.
#[derive(Debug)]
pub(crate) struct KeyRing {
    pub(super) workshop: Workshop,
    /// `None` until the store could be read for the first time.
    snapshot: RwLock<Option<Shared>>,
    tried_at: AtomicI64,
    read_at: AtomicI64,
    /// When the key set was read for the first time.
    pub(super) begun_at: AtomicI64,
    pub(super) resealed_at: AtomicI64,
    /// Whether servers do what is due, and this is only what an administrator holds.
    pub(super) is_beside: bool,
}

/// The key set as it was read, and what is wrong with a key of it.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) set: KeySet,
    pub(super) revision: Revision,
    pub(super) wrong: Option<KeyError>,
}

impl KeyRing {
    /// Not yet read.
    pub(crate) const fn new(workshop: Workshop, is_beside: bool) -> Self {
        Self {
            workshop,
            snapshot: RwLock::new(None),
            tried_at: AtomicI64::new(NEVER),
            read_at: AtomicI64::new(NEVER),
            begun_at: AtomicI64::new(NEVER),
            resealed_at: AtomicI64::new(NEVER),
            is_beside,
        }
    }

    /// Each needs a key that signs.
    pub(crate) fn algorithms(&self) -> &[SigningAlgorithm] {
        &self.workshop.rules.algorithms
    }

    /// The keys as they are now. The lock is held for the copy of a pointer.
    pub(crate) fn snapshot(&self) -> Option<Shared> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key set as it stands in the store, for an administrator. Nothing of it is opened.
    pub(crate) async fn stored(&self) -> Result<KeySet, KeyError> {
        Ok(self.workshop.store.load().await?.0)
    }

    /// When a key of that set hands over to the next one.
    pub(crate) fn hands_over(&self, set: &KeySet, key: &KeyRecord) -> Option<Timestamp> {
        super::plan::hands_over(set, key, &self.workshop.rules)
    }

    /// How old the snapshot may get.
    pub(crate) fn interval(&self) -> Duration {
        match self.snapshot() {
            Some(_) => self.workshop.rules.rotation.read_every(),
            None => RETRY_EVERY,
        }
    }

    /// How long to wait between two looks at whether it is time: the clock counts whole seconds.
    pub(crate) fn pause(&self) -> Duration {
        match self.snapshot() {
            Some(_) => self.workshop.rules.rotation.read_every() / 2,
            None => RETRY_EVERY,
        }
    }

    /// For how long others may keep what is published at `now`.
    pub(crate) fn cached_for(&self, now: Timestamp) -> Duration {
        let old = now.as_unix().abs_diff(self.read_at.load(Ordering::Relaxed));
        self.workshop.rules.rotation.cached_for(Duration::from_secs(old))
    }

    /// The turn to read the keys, if the last one was so long ago and nobody has taken it yet. One that hangs or is dropped
    /// costs one interval, not all that follow.
    pub(crate) fn turn(&self, now: Timestamp, every: Duration) -> Option<Turn> {
        is_time(&self.tried_at, now, every).then_some(Turn(()))
    }

    /// The key set as it is in the store, which requests see from now on.
    ///
    /// What the store holds is what all processes go by, so a set that was lost and made anew, or restored, is taken too:
    /// each going by its own would sign tokens that the others do not verify.
    pub(super) async fn read(&self, upkeep: &mut Upkeep) -> Result<Stored, KeyError> {
        // Before the answer, which is no newer than its question: neither what this process writes meanwhile looks like a
        // step back, nor a slow answer like a fresh one.
        let (held, now) = (self.snapshot(), self.workshop.clock.now());
        let (set, revision) = self.workshop.store.load().await?;
        let held = held.as_ref();
        if held.is_some_and(|held| held.is_whole() && held.is_of(&set, revision)) {
            self.was_read(now);
            return Ok(Stored { set, revision, wrong: None });
        }
        let went_back = held.is_some_and(|held| held.is_ahead_of(&set, revision));
        let (fresh, wrong) = Snapshot::open(&set, revision, &self.workshop, held.map(|held| &**held));
        if went_back && !fresh.signs() {
            return Err(wrong.unwrap_or(KeyError::Gone));
        }
        let is_shown = match (held, wrong.is_some()) {
            // At the start nothing is used of a set that cannot be used whole.
            (None, true) => false,
            _ => self.show(fresh, held.filter(|_| went_back), upkeep),
        };
        self.was_read(now);
        if is_shown && went_back {
            upkeep.failures.push(KeyError::WentBack);
        }
        Ok(Stored { set, revision, wrong })
    }

    fn was_read(&self, now: Timestamp) {
        self.read_at.store(now.as_unix(), Ordering::Relaxed);
        if self.begun_at.load(Ordering::Relaxed) == NEVER {
            self.begun_at.store(now.as_unix(), Ordering::Relaxed);
        }
    }

    /// What this process has written itself.
    pub(super) fn show_written(&self, set: &KeySet, revision: Revision, upkeep: &mut Upkeep) {
        let held = self.snapshot();
        let (written, _) = Snapshot::open(set, revision, &self.workshop, held.as_deref());
        self.show(written, None, upkeep);
    }

    /// Requests see `fresh` from now on, unless they see what is newer; what is older takes the place of `went_back` alone.
    /// The first time only once it can sign all that it has to: until then the keys count as not read.
    fn show(&self, fresh: Snapshot, went_back: Option<&Shared>, upkeep: &mut Upkeep) -> bool {
        let now = self.workshop.clock.now();
        let mut place = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = match place.as_ref() {
            None if fresh.signs_all(now) => fresh,
            None => return false,
            Some(held) => {
                let is_replaced = went_back.is_some_and(|old| Arc::ptr_eq(old, held));
                if !is_replaced && (went_back.is_some() || fresh.revision < held.revision) {
                    return false;
                }
                let news = fresh.retired().filter(|(kid, _)| held.retired().all(|(known, _)| known != *kid));
                upkeep.changes.extend(news.map(|(kid, retirement)| KeyChange::Retired {
                    kid: kid.clone(),
                    because: retirement.because.clone(),
                }));
                fresh.after(held, now)
            }
        };
        *place = Some(Arc::new(fresh));
        true
    }
}

/// The right to read once.
#[derive(Debug)]
pub(crate) struct Turn(());

/// Whether the last time was so long ago, for one of all who ask.
pub(crate) fn is_time(last: &AtomicI64, now: Timestamp, every: Duration) -> bool {
    let before = last.load(Ordering::Relaxed);
    let old = now.as_unix().abs_diff(before) >= every.as_secs();
    old && last.compare_exchange(before, now.as_unix(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
}
