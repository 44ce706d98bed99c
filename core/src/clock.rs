//! The time port.

use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::types::Timestamp;

/// Tells the time. Everything that expires is judged by it, so tests need not wait.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Now. Called several times in a request; must not block. It has to go on: what is meant for one second ends with it.
    fn now(&self) -> Timestamp;
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now(&self) -> Timestamp {
        T::now(self)
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clock.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that reads it
    fn now(&self) -> Timestamp {
        moment_of(SystemTime::now())
    }
}

/// One from before 1970, of a machine whose clock was never set, is 1970: nothing is valid then, so nothing is let in.
fn moment_of(time: SystemTime) -> Timestamp {
    Timestamp::EPOCH.plus(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn s7_a_clock_that_was_never_set_panics_nowhere() {
        let moment = |time: Option<SystemTime>| moment_of(time.expect("in range")).as_unix();
        assert_eq!(moment(UNIX_EPOCH.checked_sub(Duration::from_secs(1))), 0);
        assert_eq!(moment(UNIX_EPOCH.checked_add(Duration::from_millis(1999))), 1);
        assert_eq!(moment(UNIX_EPOCH.checked_add(Duration::from_secs(1 << 40))), Timestamp::MAX.as_unix());
    }
}
