//! Brakes on guessing, for one process.

mod bucket;
mod sources;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use grantor::store::StoreError;
use grantor::{Admission, Attempt, Clock, RateLimiter, RateLimits, SystemClock, async_trait};

use bucket::{Room, Source};
use sources::Sources;

/// Limits how often one source may fail to authenticate, in this process: two processes count apart.
///
/// A source is a client id as it is claimed, from one network ([`Attempt::source`]). Nothing is counted of an attempt whose
/// peer the adapter does not know.
///
/// ```
/// use grantor::RateLimits;
/// use grantor_storage_memory::MemoryRateLimiter;
///
/// # fn builder(builder: grantor::Builder) -> grantor::Builder {
/// builder.rate_limiter(MemoryRateLimiter::new(RateLimits::default()))
/// # }
/// ```
///
/// It holds the sources that failed lately, up to a [bound](Self::max_sources), and is never full: beyond it, those whose
/// failures count for the shortest time are forgotten first, so a flood of sources that fail once each takes no brake off
/// one that fails all the time. A clone is a further handle on the same counts.
///
/// Time is the server's [`Clock`], in whole seconds, and so is what it says to wait: Retry-After has no finer ones. A clock
/// that is set back keeps nobody waiting for longer than one [`Budget::every`](grantor::Budget::every).
#[derive(Clone)]
pub struct MemoryRateLimiter {
    failures: Option<Room>,
    attempts: Option<Room>,
    clock: Arc<dyn Clock>,
    sources: Arc<Sources>,
}

impl MemoryRateLimiter {
    /// With these limits, by the machine's clock.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        Self {
            failures: limits.failures().map(Room::of),
            attempts: limits.attempts().map(Room::of),
            clock: Arc::new(SystemClock::new()),
            sources: Arc::new(Sources::new(100_000)),
        }
    }

    /// Another clock: where the server is given one of its own, give the limiter the same.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// About the most sources that are remembered at a time. 100 000 by default, of about 250 bytes. What was counted
    /// before this is called is forgotten.
    #[must_use]
    pub fn max_sources(mut self, most: usize) -> Self {
        self.sources = Arc::new(Sources::new(most));
        self
    }

    /// How many sources it remembers now.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    /// In milliseconds, as budgets count.
    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().as_unix()).unwrap_or(0).saturating_mul(1000)
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn admit(&self, attempt: &Attempt<'_>) -> Result<Admission, StoreError> {
        let Some(id) = attempt.source() else { return Ok(Admission::Admitted) };
        let now = self.now();
        let wait = self.sources.change(id, now, |source: &mut Source| {
            let failures = self.failures.map_or(0, |room| source.failures.wait(room, now));
            let attempts = self.attempts.map_or(0, |room| source.attempts.wait(room, now));
            let wait = failures.max(attempts);
            if let (0, Some(room)) = (wait, self.attempts) {
                source.attempts.take(room, now);
            }
            wait
        });
        Ok(match wait {
            0 => Admission::Admitted,
            wait => Admission::Limited(Duration::from_secs(wait.div_ceil(1000))),
        })
    }

    async fn penalise(&self, attempt: &Attempt<'_>) -> Result<(), StoreError> {
        if let (Some(id), Some(room)) = (attempt.source(), self.failures) {
            let now = self.now();
            self.sources.change(id, now, |source| source.failures.take(room, now));
        }
        Ok(())
    }
}

/// Shows how much is in it, and none of it.
impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failures, attempts, .. } = self;
        let mut shown = f.debug_struct("MemoryRateLimiter");
        shown.field("failures", failures).field("attempts", attempts).field("sources", &self.sources());
        shown.finish_non_exhaustive()
    }
}
