//! `[rate_limit]` of the file.

use std::time::Duration;

use grantor::{Budget, RateLimits};

use super::document::BudgetEntry;
use super::{Config, Mistake};

/// The longest span of [`Budget`].
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Config {
    /// Those of core where the file says nothing.
    pub(crate) fn rate_limits(&self) -> Result<RateLimits, Mistake> {
        let (entry, mut limits) = (&self.document.rate_limit, RateLimits::default());
        if let Some(failures) = &entry.failures {
            limits = limits.with_failures(self.budget("rate_limit.failures", failures)?);
        }
        if let Some(attempts) = &entry.attempts {
            limits = limits.with_attempts(self.budget("rate_limit.attempts", attempts)?);
        }
        Ok(limits)
    }

    fn budget(&self, key: &str, entry: &BudgetEntry) -> Result<Budget, Mistake> {
        if entry.burst == 0 {
            let remedy = "write how many there may be at once, from 1 on; --rate-limit off limits nothing";
            return Err(self.mistake(&format!("{key}.burst"), "nobody would ever get in", remedy));
        }
        if entry.every.0.is_zero() || entry.every.0 > DAY {
            let remedy = "write after how long there is one more, from \"1s\" to \"1d\"";
            return Err(self.mistake(&format!("{key}.every"), "too short or too long", remedy));
        }
        Ok(Budget::new(entry.burst, entry.every.0))
    }
}
