//! Keeping the key set up: what is due at each turn, and what an administrator wishes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::KeyError;
use super::plan::{self, Step};
use super::ring::{KeyRing, Turn, is_time};
use super::workshop::{KeyChange, NewKey};
use crate::jose::{GeneratedKey, SigningAlgorithm};
use crate::store::{KeyRecord, KeySet, Replace};
use crate::types::{KeyId, Timestamp};

/// How often private keys are sealed anew where another host key is the newest now, the first time so long after the start: a
/// rollout of host keys can be taken back until then, and processes that disagree do not undo each other's work all the time.
const RESEAL_EVERY: Duration = Duration::from_secs(3600);
/// Each lost race means that another process has won one.
const ATTEMPTS: usize = 16;
/// Verifiers refuse sets of more than 50 keys.
const MOST_PUBLISHED: usize = 40;

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
    /// Whether the store gave the key set.
    pub(crate) is_read: bool,
    /// Whether what was wished is in the store.
    pub(crate) is_fulfilled: bool,
}

/// A wish whose key, if it brings one, is sealed.
enum Asked {
    Due,
    Rotate { at_once: bool },
    Retire { kid: KeyId, because: String },
    Import { key: NewKey, at_once: bool },
}

impl KeyRing {
    /// Reads the key set again and does what is due: makes what is missing, announces the next keys, forgets those of which
    /// no token lives.
    ///
    /// On failure what can be used stays in use, and the next attempt waits as long again.
    pub(crate) async fn refresh(&self, _turn: Turn) -> Upkeep {
        self.attend(Wish::Due).await
    }

    /// Reads the key set again, and no more: for a request that waits.
    pub(crate) async fn look(&self, _turn: Turn) -> Upkeep {
        let mut upkeep = Upkeep::default();
        match self.read(&mut upkeep).await {
            Ok(stored) => {
                upkeep.is_read = true;
                upkeep.failures.extend(stored.wrong);
            }
            Err(error) => upkeep.failures.push(error),
        }
        upkeep
    }

    /// Fulfils a wish, and then does what is due.
    pub(crate) async fn attend(&self, wish: Wish) -> Upkeep {
        let mut upkeep = Upkeep::default();
        let _attending = self.workshop.attending();
        if let Err(error) = self.attend_to(wish, &mut upkeep).await {
            upkeep.failures.push(error);
        }
        upkeep
    }

    async fn attend_to(&self, wish: Wish, upkeep: &mut Upkeep) -> Result<(), KeyError> {
        let mut asked = self.prepare(wish)?;
        let mut stored = self.read(upkeep).await?;
        upkeep.is_read = true;
        let reseals = matches!(asked, Asked::Due) && self.is_time_to_reseal(self.workshop.clock.now());
        let mut lost = 0;
        let failures = loop {
            // Nothing is made because something cannot be opened. To end the trust in a key takes no private half.
            if !matches!(asked, Asked::Retire { .. })
                && let Some(wrong) = stored.wrong.take()
            {
                return Err(wrong);
            }
            let now = self.workshop.clock.now();
            let steps = self.steps(&asked, &stored.set, now)?;
            let given = if let Asked::Import { key, .. } = &asked { Some(key) } else { None };
            let mut draft = self.workshop.take(stored.set.clone(), &steps, now, given).await;
            if let Asked::Retire { kid, .. } = &asked
                && draft.set.keys().iter().any(|key| key.kid() == kid && key.retired().is_some())
            {
                // The trust ends, whether or not the next key could be made: that is due besides.
                upkeep.failures.append(&mut draft.failures);
            } else if !matches!(asked, Asked::Due)
                && let Some(failure) = draft.failures.pop()
            {
                // A wish is fulfilled whole or not at all.
                return Err(failure);
            }
            if reseals {
                draft.failures.extend(self.workshop.reseal(&mut draft.set, &mut draft.changes).err());
            }
            let is_wish = !matches!(asked, Asked::Due);
            if draft.set == stored.set {
                upkeep.is_fulfilled |= is_wish;
                break draft.failures;
            }
            let written = self.workshop.store.replace(stored.revision, &draft.set).await;
            match written.inspect_err(|_| self.workshop.is_unsure(now))? {
                Replace::Won => {
                    (stored.set, stored.revision) = (draft.set, stored.revision.next());
                    upkeep.is_fulfilled |= is_wish;
                    upkeep.changes.extend(draft.changes);
                    upkeep.changes.extend(self.unseen(&asked));
                    self.show_written(&stored.set, stored.revision, upkeep);
                    asked = Asked::Due;
                }
                Replace::Lost if lost < ATTEMPTS => {
                    lost += 1;
                    stored = self.read(upkeep).await?;
                }
                Replace::Lost => {
                    upkeep.failures.extend(self.workshop.tidy(&stored.set, self.workshop.clock.now()).await);
                    return Err(KeyError::Lost(ATTEMPTS));
                }
            }
        };
        upkeep.failures.extend(failures);
        upkeep.failures.extend(self.workshop.tidy(&stored.set, self.workshop.clock.now()).await);
        Ok(())
    }

    fn prepare(&self, wish: Wish) -> Result<Asked, KeyError> {
        Ok(match wish {
            Wish::Due => Asked::Due,
            Wish::Rotate { at_once } => Asked::Rotate { at_once },
            Wish::Retire { kid, because } => Asked::Retire { kid, because },
            Wish::Import { algorithm, key, at_once } => {
                Asked::Import { key: self.workshop.sealed(algorithm, key)?, at_once }
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
                // A clock may be far off right after its machine has started.
                let begun_at = self.begun_at.load(Ordering::Relaxed);
                let is_new = now.as_unix().abs_diff(begun_at) < rules.kept().as_secs();
                steps.retain(|step| !is_new || !matches!(step, Step::Drop(_)));
                // What an administrator holds knows neither the resources nor the signers of every server.
                steps.retain(|step| !self.is_beside || matches!(step, Step::Schedule(..)));
                Ok(steps)
            }
            Asked::Rotate { at_once } => {
                check_room(set, now)?;
                Ok(plan::rotate(now, *at_once, rules))
            }
            Asked::Retire { kid, because } if held(kid) => {
                let mut steps = plan::retire(set, (kid, because), now, rules);
                steps.retain(|step| !self.is_beside || !matches!(step, Step::Begin(..)));
                Ok(steps)
            }
            Asked::Retire { kid, .. } => Err(KeyError::Unknown(kid.clone())),
            Asked::Import { key, .. } if held(&key.kid) => Err(KeyError::Exists(key.kid.clone())),
            Asked::Import { key, at_once } => {
                check_room(set, now)?;
                Ok(vec![plan::introduce(set, key.algorithm, now, *at_once, rules)])
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

    /// What no snapshot shows, for there is none.
    fn unseen(&self, asked: &Asked) -> Option<KeyChange> {
        match (asked, self.snapshot()) {
            (Asked::Retire { kid, because }, None) => {
                Some(KeyChange::Retired { kid: kid.clone(), because: because.clone() })
            }
            _ => None,
        }
    }

    fn is_time_to_reseal(&self, now: Timestamp) -> bool {
        let never =
            self.resealed_at.compare_exchange(i64::MIN, now.as_unix(), Ordering::AcqRel, Ordering::Relaxed);
        never.is_err() && !self.is_beside && is_time(&self.resealed_at, now, RESEAL_EVERY)
    }
}

/// Whether another key can be published: each stays for all of its time.
fn check_room(set: &KeySet, now: Timestamp) -> Result<(), KeyError> {
    let published = set.keys().iter().filter(|key| KeyRecord::is_published_at(key, now)).count();
    if published < MOST_PUBLISHED { Ok(()) } else { Err(KeyError::TooMany(published)) }
}
