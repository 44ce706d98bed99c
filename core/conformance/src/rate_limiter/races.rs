//! Many processes at the same moment.

use grantor::{RateLimiter, RateLimits};

use super::{Claimed, HOUR, attempts, failures, is_admitted, left, limited};
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::race::{THREADS, race, race_often};

/// How many sources each thread of a flood fails as.
const EACH: usize = 150;

/// What 24 failures leave of 30 is 6, and of 10 nothing.
pub async fn of_24_failures_at_once_each_counts<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "of any number of failures at once each takes one, until there is none",
        "whoever guesses many times at once has only one of them counted; make it one atomic change",
    );
    for (burst, expected) in [(30, 6), (10, 0)] {
        let fixture = fresh(failures(burst)).await;
        let rounds = race_often(&fixture, promise, 30, async |limiter, round, _| {
            let client = Claimed::new(promise, &format!("client-{round}"))?;
            promise.of(limiter.penalise(&client.attempt())).await
        })?;
        let limiter = fixture.open().await;
        for round in 0..rounds.len() {
            let client = Claimed::new(promise, &format!("client-{round}"))?;
            let left = left(promise, &limiter, &client.attempt(), burst + 1).await?;
            promise.holds(left == expected, || format!("{left} failures left of {burst} after {THREADS}"))?;
            limited(promise, &limiter, &client.attempt(), (HOUR, "after them all")).await?;
        }
    }
    Ok(())
}

/// Of 24 as many as there are.
pub async fn of_24_attempts_at_once_the_burst_is_admitted<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "of any number of attempts at once as many are admitted as there are left, and no more",
        "a bound on attempts is none for whoever sends them all at once; make it one atomic change",
    );
    let fixture = fresh(attempts(10)).await;
    let rounds = race_often(&fixture, promise, 30, async |limiter, round, _| {
        let client = Claimed::new(promise, &format!("client-{round}"))?;
        is_admitted(promise, limiter, &client.attempt()).await
    })?;
    for round in rounds {
        let admitted = round.iter().filter(|admitted| **admitted).count();
        promise
            .holds(admitted == 10, || format!("{admitted} of {THREADS} at once, where the burst is 10"))?;
    }
    Ok(())
}

/// Thousands of sources that fail once each.
pub async fn no_failure_is_forgotten_in_a_flood<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "some thousand sources are remembered at a time, and those that fail most for longest",
        "whoever guesses lets others, or himself under other names, wash his failures away",
    );
    let fixture = fresh(failures(5)).await;
    let limiter = fixture.open().await;
    let client = Claimed::new(promise, "client")?;
    for _ in 0..5 {
        promise.of(limiter.penalise(&client.attempt())).await?;
    }
    race(&fixture, promise, 1, async |limiter, _, thread| {
        for number in thread * EACH..(thread + 1) * EACH {
            let other = Claimed::new(promise, &format!("other-{number}"))?;
            promise.of(limiter.penalise(&other.attempt())).await?;
        }
        Ok(())
    })?;
    limited(promise, &limiter, &client.attempt(), (HOUR, "after a flood of others")).await?;
    for number in (0..THREADS * EACH).step_by(EACH / 2) {
        let other = Claimed::new(promise, &format!("other-{number}"))?;
        let left = left(promise, &limiter, &other.attempt(), 6).await?;
        promise
            .holds(left == 4, || format!("{left} failures left of 5 to one of a flood, which failed once"))?;
    }
    Ok(())
}
