//! The snapshot that requests read, and how it is renewed behind them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::KeyError;
use super::create::Workshop;
use super::snapshot::{Shared, Snapshot};
use crate::store::KeyRecord;
use crate::types::Timestamp;

/// How old a snapshot may get before it is read again.
pub(crate) const REFRESH_EVERY: Duration = Duration::from_secs(60);
/// How often a store that has been away since the start is asked again.
pub(crate) const RETRY_EVERY: Duration = Duration::from_secs(1);

/// The keys of one issuer. A request takes the snapshot and never waits for the store.
#[derive(Debug)]
pub(crate) struct KeyRing {
    workshop: Workshop,
    /// `None` until the store could be read for the first time.
    snapshot: RwLock<Option<Shared>>,
    tried_at: AtomicI64,
}

impl KeyRing {
    /// Not yet read.
    pub(crate) fn new(workshop: Workshop) -> Self {
        Self { workshop, snapshot: RwLock::new(None), tried_at: AtomicI64::new(i64::MIN) }
    }

    /// The keys as they are now. The lock is held for the copy of a pointer.
    pub(crate) fn snapshot(&self) -> Option<Shared> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long to wait from one turn to the next.
    pub(crate) fn interval(&self) -> Duration {
        if self.snapshot().is_some() { REFRESH_EVERY } else { RETRY_EVERY }
    }

    /// The turn to read the keys, if the last one was so long ago and nobody has taken it yet. One that hangs or is dropped
    /// costs one interval, not all that follow.
    pub(crate) fn turn(&self, now: Timestamp, every: Duration) -> Option<Turn> {
        let tried_at = self.tried_at.load(Ordering::Relaxed);
        let old = now.as_unix().abs_diff(tried_at) >= every.as_secs();
        let swap =
            || self.tried_at.compare_exchange(tried_at, now.as_unix(), Ordering::AcqRel, Ordering::Relaxed);
        (old && swap().is_ok()).then_some(Turn(now))
    }

    /// Reads the key set again; the first time also makes what is missing, and gives the keys that were made.
    ///
    /// On failure what can be used stays in use, and the next attempt waits as long again. What the store holds is what
    /// all processes go by, so a set that was lost and made anew, or restored, is taken too: each going by its own would
    /// sign tokens that the others do not verify.
    pub(crate) async fn refresh(&self, Turn(now): Turn) -> Result<Vec<KeyRecord>, KeyError> {
        let Some(held) = self.snapshot() else {
            let (fresh, made) = self.workshop.ensure(now).await?;
            self.show(fresh);
            return Ok(made);
        };
        let (fresh, wrong) = self.workshop.read().await?;
        if fresh.revision > held.revision {
            self.show(fresh);
        } else if fresh.revision < held.revision || !fresh.has_the_keys_of(&held) {
            if !fresh.signs() {
                return Err(wrong.unwrap_or(KeyError::Gone));
            }
            self.show(fresh.beside(&held));
            return Err(KeyError::WentBack);
        }
        wrong.map_or(Ok(Vec::new()), Err)
    }

    fn show(&self, fresh: Snapshot) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(fresh));
    }
}

/// The right to read once, at this time.
#[derive(Debug)]
pub(crate) struct Turn(Timestamp);
