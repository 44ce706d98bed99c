//! The snapshot that requests read, and how it and the key set behind it are kept up.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::KeyError;
use super::plan::{self, Step};
use super::snapshot::{Shared, Snapshot};
use super::workshop::{KeyChange, NewKey, Workshop};
use crate::jose::{GeneratedKey, SigningAlgorithm};
use crate::store::{KeySet, Replace, Revision};
use crate::types::{KeyId, Timestamp};

/// How often a store that has been away since the start is asked again.
pub(crate) const RETRY_EVERY: Duration = Duration::from_secs(1);
/// How often private keys are sealed anew, where another host key is the newest now. Not at every turn: while the host keys of
/// all processes are being exchanged, each would undo what the other does.
const RESEAL_EVERY: Duration = Duration::from_secs(3600);
/// Each lost race means that another process has won one.
const ATTEMPTS: usize = 16;
/// No turn yet.
const NEVER: i64 = i64::MIN;

/// The keys of one issuer. A request takes the snapshot and never waits for the store.
#[derive(Debug)]
pub(crate) struct KeyRing {
    workshop: Workshop,
    /// `None` until the store could be read for the first time.
    snapshot: RwLock<Option<Shared>>,
    tried_at: AtomicI64,
    read_at: AtomicI64,
    resealed_at: AtomicI64,
}

/// What is wanted of the key set, beside what is due.
pub(crate) enum Wish {
    /// Nothing.
    Due,
    /// New keys for all algorithms.
    Rotate { at_once: bool },
    /// No more trust in a key.
    Retire { kid: KeyId, because: String },
    /// A key from elsewhere.
    Import { algorithm: SigningAlgorithm, key: GeneratedKey, at_once: bool },
}

/// What a turn has brought.
#[derive(Debug, Default)]
pub(crate) struct Upkeep {
    pub(crate) changes: Vec<KeyChange>,
    pub(crate) failures: Vec<KeyError>,
}

impl KeyRing {
    /// Not yet read.
    pub(crate) const fn new(workshop: Workshop) -> Self {
        Self {
            workshop,
            snapshot: RwLock::new(None),
            tried_at: AtomicI64::new(NEVER),
            read_at: AtomicI64::new(NEVER),
            resealed_at: AtomicI64::new(NEVER),
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

    /// Reads the key set again and does what is due: makes what is missing, announces the next keys, forgets those of which
    /// no token lives.
    ///
    /// On failure what can be used stays in use, and the next attempt waits as long again.
    pub(crate) async fn refresh(&self, _turn: Turn) -> Upkeep {
        self.attend(Wish::Due).await
    }

    /// Fulfils a wish, and then does what is due.
    pub(crate) async fn attend(&self, wish: Wish) -> Upkeep {
        let mut upkeep = Upkeep::default();
        let mut spare = Vec::new();
        let outcome = self.attend_with(wish, &mut spare, &mut upkeep).await;
        upkeep.failures.extend(outcome.err());
        upkeep
    }

    async fn attend_with(
        &self,
        wish: Wish,
        spare: &mut Vec<NewKey>,
        upkeep: &mut Upkeep,
    ) -> Result<(), KeyError> {
        let mut asked = self.prepare(wish, spare)?;
        let (mut set, mut revision) = self.read(upkeep).await?;
        let mut lost = 0;
        let outcome = loop {
            let now = self.workshop.clock.now();
            let steps = match self.steps(&asked, &set, now) {
                Ok(steps) => steps,
                Err(error) => break Err(error),
            };
            let mut draft = self.workshop.take(set.clone(), &steps, now, spare).await;
            // A wish is fulfilled whole or not at all.
            if !matches!(asked, Asked::Due)
                && let Some(failure) = draft.failures.pop()
            {
                break Err(failure);
            }
            if is_time(&self.resealed_at, now, RESEAL_EVERY) {
                match self.workshop.reseal(&mut draft) {
                    Ok(()) => {}
                    Err(error) => draft.failures.push(error),
                }
            }
            if draft.set == set {
                upkeep.failures.extend(draft.failures);
                break Ok(());
            }
            match self.workshop.store.replace(revision, &draft.set).await {
                Ok(Replace::Won) => {
                    (set, revision) = (draft.set, revision.next());
                    spare.retain(|key| set.keys().iter().all(|held| *held.kid() != key.kid));
                    upkeep.changes.extend(draft.changes);
                    if let Err(error) = self.show_written(&set, revision, upkeep) {
                        break Err(error);
                    }
                    asked = Asked::Due;
                }
                Ok(Replace::Lost) if lost < ATTEMPTS => {
                    lost += 1;
                    self.resealed_at.store(NEVER, Ordering::Relaxed);
                    match self.read(upkeep).await {
                        Ok(read) => (set, revision) = read,
                        Err(error) => break Err(error),
                    }
                }
                Ok(Replace::Lost) => break Err(KeyError::Lost(ATTEMPTS)),
                // It may have been written: whether what was made is in it, the next turn sees.
                Err(error) => return Err(error.into()),
            }
        };
        self.workshop.discard(spare, &set).await?;
        outcome
    }

    /// A key from elsewhere is sealed once and lies ready. What is wished of it needs no more than its name.
    fn prepare(&self, wish: Wish, spare: &mut Vec<NewKey>) -> Result<Asked, KeyError> {
        Ok(match wish {
            Wish::Due => Asked::Due,
            Wish::Rotate { at_once } => Asked::Rotate { at_once },
            Wish::Retire { kid, because } => Asked::Retire { kid, because },
            Wish::Import { algorithm, key, at_once } => {
                let key = self.workshop.sealed(algorithm, key)?;
                let kid = key.kid.clone();
                spare.push(key);
                Asked::Import { algorithm, kid, at_once }
            }
        })
    }

    /// What is to be done with the key set as it is now.
    fn steps(&self, asked: &Asked, set: &KeySet, now: Timestamp) -> Result<Vec<Step>, KeyError> {
        let rules = &*self.workshop.rules;
        let held = |kid: &KeyId| set.keys().iter().any(|key| key.kid() == kid);
        match asked {
            Asked::Due => {
                let mut steps = self.lost_retirements(set);
                steps.extend(plan::plan(set, now, rules));
                Ok(steps)
            }
            Asked::Rotate { at_once } => Ok(plan::rotate(now, *at_once, rules)),
            Asked::Retire { kid, because } if held(kid) => Ok(plan::retire(set, (kid, because), now, rules)),
            Asked::Retire { kid, .. } => Err(KeyError::Unknown(kid.clone())),
            Asked::Import { kid, .. } if held(kid) => Err(KeyError::Exists(kid.clone())),
            Asked::Import { algorithm, at_once, .. } => {
                Ok(vec![plan::introduce(set, *algorithm, now, *at_once, rules)])
            }
        }
    }

    /// A store that was restored from before a retirement gets it back.
    fn lost_retirements(&self, set: &KeySet) -> Vec<Step> {
        let Some(held) = self.snapshot() else { return Vec::new() };
        let is_trusted =
            |kid: &KeyId| set.keys().iter().any(|key| key.kid() == kid && key.retired().is_none());
        let lost = held.retired().filter(|(kid, _)| is_trusted(kid));
        lost.map(|(kid, retirement)| Step::Retire(kid.clone(), retirement.because.clone())).collect()
    }

    /// The key set as it is in the store, which requests see from now on.
    ///
    /// What the store holds is what all processes go by, so a set that was lost and made anew, or restored, is taken too:
    /// each going by its own would sign tokens that the others do not verify.
    async fn read(&self, upkeep: &mut Upkeep) -> Result<(KeySet, Revision), KeyError> {
        // However long the answer takes: what it shows may be as old as the question.
        let now = self.workshop.clock.now();
        let (set, revision) = self.workshop.store.load().await?;
        let held = self.snapshot();
        let mut wrong = None;
        let fresh = Snapshot::open(&set, revision, &self.workshop, |kid, error| match &held {
            None => Err(error),
            Some(held) => {
                wrong = Some(error);
                Ok(held.opened(kid))
            }
        })?;
        let went_back = held.as_ref().is_some_and(|held| {
            fresh.revision < held.revision || fresh.revision == held.revision && !fresh.has_the_keys_of(held)
        });
        if went_back && !fresh.signs() {
            return Err(wrong.unwrap_or(KeyError::Gone));
        }
        self.show(fresh, went_back, upkeep);
        self.read_at.store(now.as_unix(), Ordering::Relaxed);
        match wrong {
            Some(wrong) => Err(wrong),
            None if went_back => Err(KeyError::WentBack),
            None => Ok((set, revision)),
        }
    }

    /// What this process has written itself.
    fn show_written(&self, set: &KeySet, revision: Revision, upkeep: &mut Upkeep) -> Result<(), KeyError> {
        let held = self.snapshot();
        let opened = |kid: &KeyId, _| Ok(held.as_ref().and_then(|held| held.opened(kid)));
        let written = Snapshot::open(set, revision, &self.workshop, opened)?;
        self.show(written, false, upkeep);
        Ok(())
    }

    /// Requests see `fresh` from now on, unless they see what is newer. The first time only once it can sign all that it
    /// has to: until then the keys count as not read.
    fn show(&self, fresh: Snapshot, went_back: bool, upkeep: &mut Upkeep) {
        let now = self.workshop.clock.now();
        let mut place = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = match place.as_deref() {
            None if fresh.signs_all(now) => fresh,
            None => return,
            Some(held) if fresh.revision < held.revision && !went_back => return,
            Some(held) => {
                let trusted = |kid: &KeyId| held.retired().all(|(known, _)| known != kid);
                let retired = fresh.retired().filter(|(kid, _)| trusted(kid));
                upkeep.changes.extend(retired.map(|(kid, retirement)| KeyChange::Retired {
                    kid: kid.clone(),
                    because: retirement.because.clone(),
                }));
                let fresh = fresh.distrusting(held);
                if went_back { fresh.beside(held) } else { fresh }
            }
        };
        *place = Some(Arc::new(fresh));
    }
}

/// A wish, without the private key in it.
enum Asked {
    Due,
    Rotate { at_once: bool },
    Retire { kid: KeyId, because: String },
    Import { algorithm: SigningAlgorithm, kid: KeyId, at_once: bool },
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
