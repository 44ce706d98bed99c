//! The snapshot that requests read, and how it is renewed behind them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::KeyError;
use super::create::Workshop;
use super::snapshot::{Shared, Snapshot};
use crate::entropy::Entropy;
use crate::executor::Executor;
use crate::host_keys::HostKeys;
use crate::jose::SigningAlgorithm;
use crate::store::{KeyRecord, KeyStore};
use crate::types::{Issuer, Timestamp};

/// How old a snapshot may get before it is read again.
pub(crate) const REFRESH_EVERY: Duration = Duration::from_secs(60);

/// The keys of one issuer. A request takes the snapshot and never waits for the store.
#[derive(Debug)]
pub(crate) struct KeyRing {
    issuer: Issuer,
    host_keys: HostKeys,
    store: Arc<dyn KeyStore>,
    snapshot: RwLock<Shared>,
    read_at: AtomicI64,
}

impl KeyRing {
    /// Loads the key set, and makes what is missing. Also gives the keys that were made.
    pub(crate) async fn load_or_create(
        issuer: Issuer,
        host_keys: HostKeys,
        store: Arc<dyn KeyStore>,
        (entropy, executor): (&dyn Entropy, Option<&dyn Executor>),
        algorithms: &[SigningAlgorithm],
        now: Timestamp,
    ) -> Result<(Self, Vec<KeyRecord>), KeyError> {
        let workshop = Workshop { issuer: &issuer, host_keys: &host_keys, store: &*store, entropy, executor };
        let (snapshot, made) = workshop.ensure(algorithms, now).await?;
        let ring = Self {
            issuer,
            host_keys,
            store,
            snapshot: RwLock::new(Arc::new(snapshot)),
            read_at: AtomicI64::new(now.as_unix()),
        };
        Ok((ring, made))
    }

    /// The keys as they are now. The lock is held for the copy of a pointer.
    pub(crate) fn snapshot(&self) -> Shared {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The turn to refresh, if the snapshot is old and nobody has taken it yet. One that hangs or is dropped costs
    /// one interval, not all that follow.
    pub(crate) fn turn(&self, now: Timestamp) -> Option<Turn> {
        let read_at = self.read_at.load(Ordering::Relaxed);
        let old = now.as_unix().abs_diff(read_at) >= REFRESH_EVERY.as_secs();
        let swap =
            || self.read_at.compare_exchange(read_at, now.as_unix(), Ordering::AcqRel, Ordering::Relaxed);
        (old && swap().is_ok()).then_some(Turn(()))
    }

    /// Reads the key set again. On failure the old snapshot stays, and the next attempt waits as long again.
    pub(crate) async fn refresh(&self, _turn: Turn) -> Result<(), KeyError> {
        let (set, revision) = self.store.load().await?;
        if revision == self.snapshot().revision {
            return Ok(());
        }
        let fresh = Arc::new(Snapshot::open(&set, revision, &self.issuer, &self.host_keys)?);
        let mut held = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        if held.revision < fresh.revision {
            *held = fresh;
        }
        Ok(())
    }
}

/// The right to refresh once.
#[derive(Debug)]
pub(crate) struct Turn(());
