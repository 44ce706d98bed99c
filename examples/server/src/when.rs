//! Times in the reader's words: how long ago, how soon, and how long.

use std::time::Duration;

use chrono::{DateTime, Utc};
use grantor::Timestamp;

/// Units, each in seconds, from the longest on.
const UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];

/// `3 days ago`.
pub(crate) fn ago(moment: Timestamp, now: Timestamp) -> String {
    match now.as_unix() - moment.as_unix() {
        ..=0 => "just now".to_owned(),
        seconds => format!("{} ago", about(seconds.unsigned_abs())),
    }
}

/// `in 87 days (2027-02-17 10:04 UTC)`; of what is past, `3 days ago` and the moment.
pub(crate) fn at(moment: Timestamp, now: Timestamp) -> String {
    let seconds = moment.as_unix() - now.as_unix();
    let near = if seconds > 0 { format!("in {}", about(seconds.unsigned_abs())) } else { ago(moment, now) };
    // What is a minute away happens at a second.
    let format = if seconds.abs() < 120 { "%Y-%m-%d %H:%M:%S UTC" } else { "%Y-%m-%d %H:%M UTC" };
    format!("{near} ({})", DateTime::<Utc>::from(moment).format(format))
}

/// A span as it was configured: `90 days`, `36 hours`, `2 seconds`.
pub(crate) fn exactly(span: Duration) -> String {
    let seconds = span.as_secs();
    let fits = UNITS.into_iter().find(|(_, length)| seconds >= *length && seconds.is_multiple_of(*length));
    let (unit, length) = fits.unwrap_or(("second", 1));
    count(seconds / length, unit)
}

/// At least two of its unit, rounded: `47 hours`, and `2 days` from there on.
fn about(seconds: u64) -> String {
    let (unit, length) = UNITS.into_iter().find(|(_, length)| seconds >= 2 * length).unwrap_or(("second", 1));
    count((seconds + length / 2) / length, unit)
}

fn count(number: u64, unit: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s9_times_are_in_the_readers_words() {
        let now = Timestamp::from_unix(1_795_000_000).expect("now");
        let day = Duration::from_secs(86_400);
        assert_eq!(at(now.plus(day * 87), now), "in 87 days (2027-02-13 11:06 UTC)");
        assert_eq!(at(now.plus(Duration::from_secs(90)), now), "in 90 seconds (2026-11-18 11:08:10 UTC)");
        assert_eq!(at(now.minus(day * 3), now), "3 days ago (2026-11-15 11:06 UTC)");
        for (seconds, said) in [
            (0, "just now"),
            (1, "1 second ago"),
            (119, "119 seconds ago"),
            (120, "2 minutes ago"),
            (7199, "120 minutes ago"),
            (7200, "2 hours ago"),
            (2 * 86_400 - 1, "48 hours ago"),
            (7 * 86_400 - 1, "7 days ago"),
            (2 * 86_400, "2 days ago"),
        ] {
            assert_eq!(ago(now.minus(Duration::from_secs(seconds)), now), said);
        }
        assert_eq!(ago(now.plus(day), now), "just now", "a clock that is ahead");
        let spans = [
            (90 * 86_400, "90 days"),
            (86_400, "1 day"),
            (36 * 3600, "36 hours"),
            (90, "90 seconds"),
            (1, "1 second"),
        ];
        for (seconds, said) in spans {
            assert_eq!(exactly(Duration::from_secs(seconds)), said);
        }
    }
}
