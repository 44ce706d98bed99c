//! Time as the protocol writes it: whole seconds since 1970 (RFC 7519 §2, NumericDate).

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::InvalidValue;

/// A moment in whole seconds since 1970-01-01T00:00:00Z, between the years 1970 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// 9999-12-31T23:59:59Z, the last moment that is written with four digits of a year.
    pub const MAX: Self = Self(253_402_300_799);

    /// From whole seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] before 1970 and after 9999, as milliseconds given for seconds would be.
    pub fn from_unix(seconds: i64) -> Result<Self, InvalidValue> {
        let clamped = Self::clamped(seconds);
        let rule = "whole seconds since 1970, up to the year 9999";
        if clamped.0 == seconds { Ok(clamped) } else { Err(InvalidValue::new("a time", rule)) }
    }

    /// What lies before 1970 or after 9999 becomes the nearest end.
    const fn clamped(seconds: i64) -> Self {
        if seconds < 0 {
            Self(0)
        } else if seconds > Self::MAX.0 {
            Self::MAX
        } else {
            Self(seconds)
        }
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// Later by the whole seconds of `span`, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self::clamped(self.0.saturating_add(i64::try_from(span.as_secs()).unwrap_or(i64::MAX)))
    }

    /// Earlier by the whole seconds of `span`, at least 1970.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self::clamped(self.0.saturating_sub(i64::try_from(span.as_secs()).unwrap_or(i64::MAX)))
    }
}

impl TryFrom<i64> for Timestamp {
    type Error = InvalidValue;

    fn try_from(seconds: i64) -> Result<Self, InvalidValue> {
        Self::from_unix(seconds)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::clamped(moment.timestamp())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(moment: Timestamp) -> Self {
        // Every Timestamp lies inside chrono's range, so the default is never taken.
        DateTime::from_timestamp(moment.0, 0).unwrap_or_default()
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", DateTime::<Utc>::from(*self).format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_hold_and_nothing_wraps() {
        assert!(Timestamp::from_unix(1_900_000_000_000).is_err(), "milliseconds do not become the year 9999");
        assert!(Timestamp::from_unix(-1).is_err());
        assert_eq!(Timestamp::MAX.plus(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::EPOCH.plus(Duration::from_secs(5)).minus(Duration::MAX).as_unix(), 0);
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn converts_to_and_from_chrono() {
        let moment = Timestamp::from_unix(1_900_000_000).expect("in range");
        assert_eq!(Timestamp::from(DateTime::<Utc>::from(moment)), moment);
    }
}
