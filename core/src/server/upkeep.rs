//! What goes on behind the requests: the signing keys, what credentials were used, what has ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Inner;
use crate::error::{Fault, Step};
use crate::event::Event;
use crate::keys::{KeyChange, KeyError, RETRY_EVERY, Shared, Turn, Upkeep, is_time};
use crate::types::Timestamp;

/// How many entries one call of the store removes at most, so that it is short.
const PRUNE_BATCH: u32 = 1000;
/// How many of them one turn of maintenance makes. More is left to the next turn, at once.
const PRUNE_BATCHES: usize = 8;
/// How often what has ended is removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// How long an entry is kept past its end, so that a node whose clock is off destroys nothing.
const PRUNE_AFTER: Duration = Duration::from_secs(15 * 60);

impl Inner {
    /// The keys that are held, for the whole of a request. Behind it they are read again where they are old: it never waits
    /// for the store.
    pub(super) fn keys_held(self: &Arc<Self>, now: Timestamp) -> Option<Shared> {
        let held = self.keys.snapshot()?;
        if let Some(executor) = &self.executor
            && let Some(turn) = self.keys.turn(now, self.keys.interval())
        {
            let server = Arc::clone(self);
            executor.spawn(Box::pin(async move {
                server.refresh_keys(turn).await;
                server.tell_usage().await;
            }));
        }
        Some(held)
    }

    /// The keys, without a wait. Where the store has been away since the start there are none, or since the last key ended
    /// none that signs: then one request a second asks it again.
    pub(super) async fn keys_at_hand(&self, held: Option<Shared>, now: Timestamp) -> Step<Shared> {
        if let Some(keys) = held.filter(|keys| keys.signs_all(now)) {
            return Ok(keys);
        }
        if let Some(turn) = self.keys.turn(now, RETRY_EVERY) {
            self.refresh_keys(turn).await;
        }
        let not_read = "the signing keys could not be read since the start";
        Ok(self.keys.snapshot().ok_or_else(|| Fault::unavailable(not_read))?)
    }

    /// Once at start. A store that is away is waited for; anything else that is wrong is a mistake to be mended now.
    pub(crate) async fn load_keys(&self) -> Result<(), KeyError> {
        let Some(turn) = self.keys.turn(self.clock.now(), RETRY_EVERY) else { return Ok(()) };
        let Upkeep { changes, failures } = self.keys.refresh(turn).await;
        changes.iter().for_each(|change| self.report(&change.event()));
        for failure in failures {
            if !failure.is_outage() {
                return Err(failure);
            }
            self.report(&Event::MaintenanceFailed(&failure));
        }
        Ok(())
    }

    /// Whether the store could be read.
    pub(super) async fn refresh_keys(&self, turn: Turn) -> bool {
        let Upkeep { changes, failures } = self.keys.refresh(turn).await;
        changes.iter().for_each(|change| self.report(&change.event()));
        failures.iter().for_each(|failure| self.report(&Event::MaintenanceFailed(failure)));
        !failures.iter().any(KeyError::is_outage)
    }

    /// Everything that is due, and whether that was all.
    pub(super) async fn maintain(&self) -> bool {
        let now = self.clock.now();
        if let Some(turn) = self.keys.turn(now, self.keys.interval()) {
            self.refresh_keys(turn).await;
        }
        self.tell_usage().await;
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
            self.report(&Event::MaintenanceFailed(&error));
        }
    }

    /// A few batches, so that nothing else waits long. Whether that was all; the rest is for the next turn, at once.
    pub(super) async fn prune(&self, now: Timestamp) -> bool {
        for _ in 0..PRUNE_BATCHES {
            match self.stores.tokens.prune(now.minus(PRUNE_AFTER), PRUNE_BATCH).await {
                Ok(removed) if removed >= PRUNE_BATCH => {}
                Ok(_) => return true,
                Err(error) => {
                    self.report(&Event::MaintenanceFailed(&error));
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
