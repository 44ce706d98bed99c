//! Brakes on guessing: on for failures, unless `--rate-limit off` says otherwise.

use grantor::{Budget, Builder, RateLimits};
use grantor_storage_memory::MemoryRateLimiter;
use grantor_storage_redis::RedisStore;

use crate::config::{Config, Mistake};
use crate::flags::{Flags, RateLimit};
use crate::storage::Backends;
use crate::when;

/// What is limited, and where it is counted.
pub(crate) struct Brake {
    limits: RateLimits,
    /// All servers count together where there is one, else each by itself.
    redis: Option<RedisStore>,
}

impl Brake {
    /// `None` where it is off.
    pub(crate) fn read(flags: &Flags, config: &Config, backends: &Backends) -> Result<Option<Self>, Mistake> {
        let limits = config.rate_limits()?;
        let brake = Self { limits, redis: backends.redis().cloned() };
        Ok(Some(brake).filter(|_| matches!(flags.rate_limit, RateLimit::Failures)))
    }

    pub(crate) fn apply(&self, builder: Builder) -> Builder {
        match &self.redis {
            Some(redis) => builder.rate_limiter(redis.rate_limiter(self.limits)),
            None => builder.rate_limiter(MemoryRateLimiter::new(self.limits)),
        }
    }
}

/// The line of the start-up summary.
pub(crate) fn line(brake: Option<&Brake>) -> String {
    let Some(Brake { limits, redis }) = brake else { return "rate limit      off\n".to_owned() };
    let said = |budget: Option<Budget>, what: &str| {
        let budget = budget?;
        Some(format!("{} {what}, then one every {}", budget.burst(), when::exactly(budget.every())))
    };
    let said = [said(limits.failures(), "failures"), said(limits.attempts(), "attempts")];
    let said = said.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let place = if redis.is_some() { "in Redis" } else { "in this process" };
    format!("rate limit      of a client id from one network: {said}; counted {place}\n")
}
