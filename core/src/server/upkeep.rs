//! What goes on behind the requests: the signing keys, what credentials were used, what has ended.

use std::error::Error;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Inner;
use crate::error::{Fault, Step};
use crate::event::{Chain, Event};
use crate::keys::{KeyChange, KeyError, RETRY_EVERY, Shared, Turn, Upkeep, is_time};
use crate::types::Timestamp;

/// How many entries one call of the store removes at most, so that it is short.
const PRUNE_BATCH: u32 = 1000;
/// How many of them one turn of maintenance makes. More is left to the next turn, at once.
const PRUNE_BATCHES: usize = 8;
/// After how many seconds a failure that lasts is told again.
const TELL_AGAIN_AFTER: u64 = 60;
/// How long without any look at the store tells that nobody calls `maintain`.
const UNATTENDED: Duration = Duration::from_secs(60);
/// How often what has ended is removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// How long an entry is kept past its end, so that a node whose clock is off destroys nothing.
const PRUNE_AFTER: Duration = Duration::from_secs(15 * 60);

impl Inner {
    /// The keys that are held, for the whole of a request. Behind it they are read again where they are old: it never waits
    /// for the store.
    pub(super) fn keys_held(self: &Arc<Self>, now: Timestamp) -> Option<Shared> {
        let held = self.keys.snapshot()?;
        let every = if held.signs_all(now) { self.keys.interval() } else { RETRY_EVERY };
        if let Some(executor) = &self.executor
            && let Some(turn) = self.keys.turn(now, every)
        {
            let server = Arc::clone(self);
            executor.spawn(Box::pin(async move {
                server.refresh_keys(turn).await;
                server.tell_usage().await;
            }));
        }
        Some(held)
    }

    /// The keys, without a wait where there are any. Where the store has been away since the start there are none, and one
    /// request a second asks it; so it does where there is no executor and an algorithm has no key that signs any more.
    pub(super) async fn keys_at_hand(&self, held: Option<Shared>, now: Timestamp) -> Step<Shared> {
        let every = match (&held, &self.executor) {
            (Some(keys), Some(_)) if keys.signs() => return Ok(Arc::clone(keys)),
            // Nobody else may be reading the keys: neither an executor nor a host that calls `maintain`.
            (Some(keys), None) if keys.signs_all(now) => UNATTENDED,
            _ => RETRY_EVERY,
        };
        if let Some(turn) = self.keys.turn(now, every) {
            // Boxed, since it is rare and large: every request would hold the room for it.
            Box::pin(self.refresh_keys(turn)).await;
        }
        let not_read = "the signing keys could not be read since the start";
        Ok(self.keys.snapshot().ok_or_else(|| Fault::unavailable(not_read))?)
    }

    /// Once at start. A store that is away is waited for; anything else that is wrong is a mistake to be mended now.
    pub(crate) async fn load_keys(&self) -> Result<(), KeyError> {
        let Some(turn) = self.keys.turn(self.clock.now(), RETRY_EVERY) else { return Ok(()) };
        let Upkeep { changes, failures, .. } = self.keys.refresh(turn).await;
        changes.iter().for_each(|change| self.report(&change.event()));
        let now = self.clock.now();
        let is_ready = self.keys.snapshot().is_some_and(|keys| keys.signs_all(now));
        for failure in failures {
            // What can be done without is told, and tried again.
            if !is_ready && !failure.is_outage() {
                return Err(failure);
            }
            self.report(&Event::MaintenanceFailed(&failure));
        }
        Ok(())
    }

    /// Whether the store could be read.
    pub(super) async fn refresh_keys(&self, turn: Turn) -> bool {
        let Upkeep { changes, failures, is_read, .. } = self.keys.refresh(turn).await;
        changes.iter().for_each(|change| self.report(&change.event()));
        let now = self.clock.now();
        failures.iter().for_each(|failure| self.failed(failure, now));
        is_read || !failures.iter().any(KeyError::is_outage)
    }

    /// Reads the keys again and does nothing else, for a request that waits. Whether the store could be read.
    pub(super) async fn look_at_keys(&self, turn: Turn) -> bool {
        let Upkeep { changes, failures, is_read, .. } = self.keys.look(turn).await;
        changes.iter().for_each(|change| self.report(&change.event()));
        let now = self.clock.now();
        failures.iter().for_each(|failure| self.failed(failure, now));
        is_read || !failures.iter().any(KeyError::is_outage)
    }

    /// Work behind the requests failed. The same is told once a minute.
    pub(super) fn failed(&self, failure: &(dyn Error + 'static), now: Timestamp) {
        if self.is_news(Chain(failure).to_string(), now) {
            self.report(&Event::MaintenanceFailed(failure));
        }
    }

    fn is_news(&self, text: String, now: Timestamp) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|(_, at)| now.as_unix().abs_diff(at.as_unix()) < TELL_AGAIN_AFTER);
        let is_news = told.iter().all(|(known, _)| *known != text);
        if is_news {
            told.push((text, now));
        }
        is_news
    }

    /// Everything that is due, and whether that was all.
    pub(super) async fn maintain(&self) -> bool {
        let now = self.clock.now();
        if let Some(turn) = self.keys.turn(now, self.keys.interval()) {
            self.refresh_keys(turn).await;
        }
        self.tell_usage().await;
        self.keep_used().await;
        self.remove_unused(now).await;
        !is_time(&self.pruned_at, now, PRUNE_EVERY) || self.prune(now).await
    }

    /// Tells the store which credentials were used.
    pub(super) async fn tell_usage(&self) {
        let Some(store) = &self.stores.usage else { return };
        let uses = self.usage.untold();
        if uses.is_empty() {
            return;
        }
        if let Err(error) = store.touch(&uses).await {
            self.usage.take_back(uses);
            self.failed(&error, self.clock.now());
        }
    }

    /// A few batches, so that nothing else waits long. Whether that was all; the rest is for the next turn, at once.
    pub(super) async fn prune(&self, now: Timestamp) -> bool {
        for _ in 0..PRUNE_BATCHES {
            match self.stores.tokens.prune(now.minus(PRUNE_AFTER), PRUNE_BATCH).await {
                Ok(removed) if removed >= PRUNE_BATCH => {}
                Ok(_) => return true,
                Err(error) => {
                    self.failed(&error, now);
                    return true;
                }
            }
        }
        self.pruned_at.store(i64::MIN, Ordering::Relaxed);
        false
    }
}

impl KeyChange {
    pub(super) fn event(&self) -> Event<'_> {
        match self {
            Self::Created { kid, algorithm } => Event::SigningKeyCreated { kid, alg: algorithm.as_str() },
            Self::Scheduled { kid, from } => Event::SigningKeyScheduled { kid, signs_from: *from },
            Self::Retired { kid, because } => Event::SigningKeyRetired { kid, because },
            Self::Removed { kid } => Event::SigningKeyRemoved { kid },
            Self::Resealed { kid, host_key } => Event::SigningKeyResealed { kid, host_key },
        }
    }
}
