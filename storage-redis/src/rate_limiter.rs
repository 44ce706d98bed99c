//! Brakes on guessing, for all processes of an issuer.

use std::time::Duration;

use grantor::store::StoreError;
use grantor::{Admission, Attempt, Budget, RateLimiter, RateLimits, async_trait};

use tokio::time::timeout;

use crate::layout::Key;
use crate::problem::Problem;
use crate::scripts::{ADMIT, PENALISE, Script};
use crate::store::RedisStore;

/// Limits how often one source may fail to authenticate, over all processes that share the store. Made by
/// [`RedisStore::rate_limiter`].
///
/// A source is a client id as it is claimed, from one network ([`Attempt::source`]). Nothing is counted of an attempt whose
/// peer the adapter does not know.
///
/// Each call is one script, and so one round trip: one for each attempt to authenticate, one more for each that fails. Time is
/// that of the server. It waits for no replica, and what it counts may be lost with one: that takes the brake off for a
/// moment, and nothing that is granted hangs on it. While Redis is away attempts are admitted, each after
/// [a second](Self::give_up_after) at most.
#[derive(Clone, Debug)]
pub struct RedisRateLimiter {
    store: RedisStore,
    limits: RateLimits,
    at_most: Duration,
}

impl RedisRateLimiter {
    /// How long an attempt waits for Redis at most, and then goes on without it. 1 s by default: a client whose token needs
    /// nothing else of Redis still gets it in time.
    #[must_use]
    pub const fn give_up_after(mut self, at_most: Duration) -> Self {
        self.at_most = at_most;
        self
    }

    /// Runs a script. One that is given up may still count.
    async fn run(&self, script: &Script, keys: &[&Key], args: &[&[u8]]) -> Result<i64, Problem> {
        let run = self.store.parts().access.write_for_information(script, keys, args);
        timeout(self.at_most, run).await.unwrap_or(Err(Problem::Late(self.at_most)))
    }
}

impl RedisStore {
    /// A rate limiter over the connections of this store, under its prefix.
    ///
    /// ```
    /// use grantor::RateLimits;
    /// use grantor_storage_redis::RedisStore;
    ///
    /// # fn builder(builder: grantor::Builder, store: &RedisStore) -> grantor::Builder {
    /// builder.rate_limiter(store.rate_limiter(RateLimits::default()))
    /// # }
    /// ```
    #[must_use]
    pub fn rate_limiter(&self, limits: RateLimits) -> RedisRateLimiter {
        RedisRateLimiter { store: self.clone(), limits, at_most: Duration::from_secs(1) }
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn admit(&self, attempt: &Attempt<'_>) -> Result<Admission, StoreError> {
        let (failures, attempts) = (self.limits.failures(), self.limits.attempts());
        let Some(source) = attempt.source().filter(|_| failures.or(attempts).is_some()) else {
            return Ok(Admission::Admitted);
        };
        let layout = &self.store.parts().layout;
        let keys = [&layout.failures(&source), &layout.attempts(&source)];
        let args = [failures, attempts].map(numbers);
        let args: Vec<&[u8]> = args.iter().flatten().map(String::as_bytes).collect();
        let wait = self.run(&ADMIT, &keys, &args).await?;
        Ok(match u64::try_from(wait).map_err(|_| Problem::Shape("the rate limiter"))? {
            0 => Admission::Admitted,
            wait => Admission::Limited(Duration::from_millis(wait)),
        })
    }

    async fn penalise(&self, attempt: &Attempt<'_>) -> Result<(), StoreError> {
        if let (Some(source), Some(failures)) = (attempt.source(), self.limits.failures()) {
            let (key, args) = (self.store.parts().layout.failures(&source), numbers(Some(failures)));
            let args = args.each_ref().map(String::as_bytes);
            self.run(&PENALISE, &[&key], &args).await?;
        }
        Ok(())
    }
}

/// Burst, and milliseconds for one more. No budget is a burst of 0.
fn numbers(budget: Option<Budget>) -> [String; 2] {
    let (burst, every) = budget.map_or((0, 0), |budget| (budget.burst(), budget.every().as_millis()));
    [burst.to_string(), every.to_string()]
}
