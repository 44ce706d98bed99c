//! The bound, the time to live and the clock of a cache.

use std::sync::Arc;
use std::time::Duration;

use grantor::store::ClientStore;
use grantor::{Clock, SystemClock};

use super::ClientCache;

/// Makes a [`ClientCache`].
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct ClientCacheBuilder<S> {
    pub(super) store: S,
    pub(super) most: usize,
    pub(super) time_to_live: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

/// A time to live outside 1 to 60 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "clients can be cached for 1 to 60 s, not for {0:?}: a client that is disabled elsewhere goes on that long"
)]
pub struct TimeToLiveRefused(Duration);

impl<S: ClientStore> ClientCacheBuilder<S> {
    pub(super) fn new(store: S) -> Self {
        Self {
            store,
            most: 10_000,
            time_to_live: Duration::from_secs(5),
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// About how many clients at the most. 10 000 by default, of about 1 kB with one secret; rounded up to a multiple
    /// of 16, and at least that.
    ///
    /// One more puts out the one that was read first. That costs a read, where it is asked for again.
    pub const fn max_clients(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// How long a client that was read may be used, 1 to 60 s, in whole seconds. 5 s by default.
    ///
    /// A client that is disabled in another process still gets tokens for that long.
    pub const fn time_to_live(mut self, span: Duration) -> Self {
        self.time_to_live = span;
        self
    }

    /// The clock by which entries end. The machine's by default; where the server is given a clock of its own, give
    /// the cache the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The cache, empty.
    ///
    /// # Errors
    ///
    /// [`TimeToLiveRefused`] if the time to live is shorter than 1 s or longer than 60 s.
    pub fn build(self) -> Result<ClientCache<S>, TimeToLiveRefused> {
        let span = self.time_to_live;
        if span < Duration::from_secs(1) || span > Duration::from_secs(60) {
            return Err(TimeToLiveRefused(span));
        }
        Ok(ClientCache::from_builder(self))
    }
}
