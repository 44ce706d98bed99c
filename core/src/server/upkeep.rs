//! What goes on behind the requests: reading the signing keys, removing what has ended.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use crate::error::{Fault, Step};
use crate::event::Event;
use crate::keys::{KeyError, REFRESH_EVERY, RETRY_EVERY, Shared, Turn};
use crate::store::KeyRecord;
use crate::types::Timestamp;

/// How many entries one call of the store removes at most, so that it is short.
const PRUNE_BATCH: u32 = 1000;
/// How many of them one turn of maintenance makes. More is left to the next turn, at once.
const PRUNE_BATCHES: usize = 8;
/// How long an entry is kept past its end, so that a node whose clock is off destroys nothing.
const PRUNE_AFTER: Duration = Duration::from_secs(15 * 60);

impl Inner {
    /// The keys that are held, for the whole of a request. Behind it they are read again where they are old: it never waits
    /// for the store.
    pub(super) fn keys_held(self: &Arc<Self>, now: Timestamp) -> Option<Shared> {
        let held = self.keys.snapshot()?;
        if let Some(executor) = &self.executor
            && let Some(turn) = self.keys.turn(now, REFRESH_EVERY)
        {
            let server = Arc::clone(self);
            executor.spawn(Box::pin(async move {
                server.refresh_keys(turn).await;
            }));
        }
        Some(held)
    }

    /// The keys, without a wait. Where the store has been away since the start there are none, and one request a second
    /// asks it again.
    pub(super) async fn keys_at_hand(&self, held: Option<Shared>, now: Timestamp) -> Step<Shared> {
        if let Some(keys) = held {
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
        match self.keys.refresh(turn).await {
            Ok(made) => self.report_keys(&made),
            Err(error) if error.is_outage() => self.report(&Event::MaintenanceFailed(&error)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether the store could be read.
    pub(super) async fn refresh_keys(&self, turn: Turn) -> bool {
        match self.keys.refresh(turn).await {
            Ok(made) => {
                self.report_keys(&made);
                true
            }
            Err(error) => {
                self.report(&Event::MaintenanceFailed(&error));
                !error.is_outage()
            }
        }
    }

    fn report_keys(&self, made: &[KeyRecord]) {
        for key in made {
            self.report(&Event::SigningKeyCreated { kid: key.kid(), alg: key.alg() });
        }
    }

    /// A few batches, so that nothing else waits long. Whether that was all.
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
        false
    }
}
