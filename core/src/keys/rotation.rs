//! How often signing keys change, as the embedder wants it.

use std::time::Duration;

use crate::config::ConfigError;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A process reads the key set at least that often, so that a key retired by another one is soon known here.
const READ_EVERY: Duration = Duration::from_secs(5);
/// How long verifiers may keep the published keys: not longer, so that what was retired goes away.
const CACHED_FOR: Duration = Duration::from_secs(300);
/// Verifiers refuse sets of more than 50 keys.
const MOST_KEYS: u64 = 24;

/// When a new signing key takes over, and for how long everybody may know it before.
///
/// Changing it never leaves a gap: what is written of a key stays as it was written, and the next one goes by the new
/// times.
///
/// ```
/// use std::time::Duration;
/// use grantor::KeyRotation;
///
/// let weekly = KeyRotation::default().every(Duration::from_secs(7 * 24 * 3600));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    every: Duration,
    propagation: Duration,
}

impl Default for KeyRotation {
    /// Every 90 days, published a day before.
    fn default() -> Self {
        Self { every: DAY * 90, propagation: DAY }
    }
}

impl KeyRotation {
    /// After which time a key hands over to the next one, in whole seconds: at most 2 years.
    #[must_use]
    pub const fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// How long a key is published before it signs, in whole seconds, at least one: as long as the slowest verifier keeps
    /// the keys that it has fetched. A shorter time than before holds for what is fetched from then on: verifiers that were
    /// told to keep the keys for five minutes still do.
    #[must_use]
    pub const fn propagation(mut self, time: Duration) -> Self {
        self.propagation = time;
        self
    }

    /// After which time a key hands over to the next one.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.every
    }

    /// How long a key is published before it signs.
    #[must_use]
    pub const fn propagation_time(&self) -> Duration {
        self.propagation
    }

    /// How long a key may sign: a quarter longer than it is to, for the days on which nothing can be written.
    pub(crate) fn signs_for(&self) -> Duration {
        Duration::from_secs(self.every.as_secs() + self.every.as_secs().div_ceil(4))
    }

    /// How old the keys that a process holds may get: a new one has to be everywhere well before it signs.
    pub(crate) fn read_every(&self) -> Duration {
        let quarter = Duration::from_secs(self.propagation.as_secs() / 4);
        quarter.clamp(Duration::from_secs(1), READ_EVERY)
    }

    /// For how long verifiers may keep a key set that is `old` when it is served: the next key begins no earlier than the
    /// propagation time after that (T66).
    pub(crate) fn cached_for(&self, old: Duration) -> Duration {
        self.propagation.saturating_sub(old + Duration::from_secs(1)).min(CACHED_FOR)
    }

    /// Times with which no key could be published before it signs, or too many at a time.
    pub(crate) fn check(
        &self,
        longest_life: Duration,
        skew: Duration,
        algorithms: usize,
    ) -> Result<(), ConfigError> {
        let whole = self.every.subsec_nanos() == 0 && self.propagation.subsec_nanos() == 0;
        let published_before = self.propagation.saturating_add(skew + Duration::from_secs(1));
        let algorithms = u64::try_from(algorithms).unwrap_or(u64::MAX);
        let at_once = longest_life.saturating_add(published_before).as_secs() / self.every.as_secs().max(1);
        let at_once = at_once.saturating_mul(algorithms);
        let rules = [
            (whole, "whole seconds"),
            (!self.propagation.is_zero(), "propagation: at least a second"),
            (self.every <= DAY * 730, "every: at most 2 years"),
            (
                self.every >= published_before,
                "every: at least as long as the propagation time (a day unless it is set), the clock skew and a second",
            ),
            (at_once <= MOST_KEYS, "every: tokens live so much longer that too many keys would be published"),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(ConfigError::KeyRotation { rule }),
            None => Ok(()),
        }
    }
}
