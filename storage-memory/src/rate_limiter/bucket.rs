//! Token buckets, each one number: the moment at which it is full again.
//!
//! All times are milliseconds.

use grantor::Budget;

/// What fits into a bucket, by the time that it takes to fill it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// For one token.
    every: u64,
    /// For all of them.
    whole: u64,
}

/// A full one, until something is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    full_at: u64,
}

/// The buckets of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) failures: Bucket,
    pub(super) attempts: Bucket,
}

impl Room {
    pub(super) fn of(budget: Budget) -> Self {
        let every = u64::try_from(budget.every().as_millis()).unwrap_or(u64::MAX).max(1);
        Self { every, whole: every.saturating_mul(u64::from(budget.burst())) }
    }
}

impl Bucket {
    /// How long until there is a whole token; 0 where there is one. Where the clock was set back or the room made smaller, what
    /// is missing is no more than all of it from now on.
    pub(super) fn wait(&mut self, room: Room, now: u64) -> u64 {
        self.full_at = self.full_at.min(now.saturating_add(room.whole));
        self.missing(now).saturating_add(room.every).saturating_sub(room.whole)
    }

    /// Takes one, or what is left of one: there is no debt, or those who share a source could lock each other out for long.
    pub(super) fn take(&mut self, room: Room, now: u64) {
        self.full_at = now.saturating_add(self.missing(now).saturating_add(room.every).min(room.whole));
    }

    fn missing(self, now: u64) -> u64 {
        self.full_at.saturating_sub(now)
    }
}

impl Source {
    /// From when on it is as good as forgotten.
    pub(super) fn full_at(&self) -> u64 {
        self.failures.full_at.max(self.attempts.full_at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: u64 = 1_900_000_000_000;

    fn room(burst: u32, every: u64) -> Room {
        Room::of(Budget::new(burst, Duration::from_millis(every)))
    }

    #[test]
    fn t55_there_are_so_many_tokens_and_one_more_each_time() {
        let (room, mut bucket) = (room(3, 500), Bucket::default());
        for _ in 0..3 {
            assert_eq!(bucket.wait(room, NOW), 0);
            bucket.take(room, NOW);
        }
        assert_eq!(bucket.wait(room, NOW), 500);
        assert_eq!(bucket.wait(room, NOW + 499), 1);
        assert_eq!(bucket.wait(room, NOW + 500), 0);
        bucket.take(room, NOW + 500);
        assert_eq!(bucket.wait(room, NOW + 700), 300, "the time that has passed counts");
        assert_eq!(bucket.wait(room, NOW + 10_000), 0);
        for _ in 0..3 {
            bucket.take(room, NOW + 10_000);
        }
        assert_eq!(bucket.wait(room, NOW + 10_000), 500, "never more than the burst");
    }

    #[test]
    fn t55_there_is_no_debt() {
        let (room, mut bucket) = (room(2, 1000), Bucket::default());
        for _ in 0..1000 {
            bucket.take(room, NOW);
        }
        assert_eq!(bucket.wait(room, NOW), 1000);
    }

    #[test]
    fn a_clock_that_is_set_back_and_a_smaller_room_keep_nobody_waiting_for_longer() {
        let (wide, mut bucket) = (room(20, 1000), Bucket::default());
        for _ in 0..20 {
            bucket.take(wide, NOW);
        }
        let before = NOW - 3_600_000;
        assert_eq!(bucket.wait(wide, before), 1000);
        assert_eq!(bucket.wait(wide, before + 1000), 0, "and time goes on from there");
        let mut taken = Bucket::default();
        for _ in 0..20 {
            taken.take(wide, before);
        }
        assert_eq!(taken.wait(room(1, 1000), before), 1000);
    }

    #[test]
    fn the_widest_room_and_the_latest_time_overflow_nothing() {
        let widest = room(u32::MAX, 24 * 3_600_000);
        let latest = 253_402_300_799_000;
        let mut bucket = Bucket::default();
        bucket.take(widest, latest);
        assert_eq!(bucket.wait(widest, latest), 0);
        assert_eq!(bucket.missing(latest), 24 * 3_600_000);
    }
}
