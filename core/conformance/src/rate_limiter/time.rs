//! What comes back with time: the only checks of the kit that wait, for some seconds.

use std::time::Duration;

use grantor::{Budget, RateLimiter, RateLimits};
use tokio::time::{Instant, interval};

use super::{Claimed, admitted, attempts, is_admitted, limited};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;

const EVERY: Duration = Duration::from_secs(1);

/// How much later than it said it may be, on a slow machine.
const LATE: Duration = Duration::from_secs(10);

const BURST: u32 = 20;

/// One, and not all.
pub async fn one_more_comes_with_time<F: Fixture>(fresh: impl AsyncFn(RateLimits) -> F) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "each time that `every` has passed there is one more, and no more than one",
        "a client is locked out for good, or whoever guesses has the whole burst again after a moment",
    );
    let limiter = fresh(RateLimits::default().with_failures(Budget::new(BURST, EVERY))).await.open().await;
    let client = Claimed::new(promise, "client")?;
    let (began, mut failed) = (Instant::now(), 0);
    loop {
        while is_admitted(promise, &limiter, &client.attempt()).await? {
            promise.of(limiter.penalise(&client.attempt())).await?;
            failed += 1;
            let passed = began.elapsed().as_secs_f64() / EVERY.as_secs_f64();
            // One more for what had passed of `every` before, and one for a clock of whole seconds.
            promise.holds(f64::from(failed) <= f64::from(BURST) + passed + 2.0, || {
                format!("{failed} failures in {passed:.1} times `every`, where the burst is {BURST}")
            })?;
        }
        promise.holds(failed >= BURST, || format!("limited after {failed} of {BURST}"))?;
        if began.elapsed() > 2 * EVERY {
            return Ok(());
        }
        until_admitted(promise, &limiter, &client).await?;
    }
}

/// Only when the failures are out of the way it shows.
pub async fn what_is_refused_for_its_failures_takes_no_attempt<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "an attempt that is Limited for the failures before it takes none of the attempts",
        "a client that tries again while it is limited never gets in any more",
    );
    let limiter = fresh(attempts(2).with_failures(Budget::new(1, EVERY))).await.open().await;
    let client = Claimed::new(promise, "client")?;
    promise.of(limiter.penalise(&client.attempt())).await?;
    until_admitted(promise, &limiter, &client).await?;
    admitted(promise, &limiter, &client.attempt(), "the second attempt of 2").await?;
    limited(promise, &limiter, &client.attempt(), (super::HOUR, "after 2 attempts of 2")).await?;
    Ok(())
}

/// Asked again and again, until what it said has passed, and a while longer.
async fn until_admitted(promise: Promise, limiter: &impl RateLimiter, client: &Claimed) -> Checked {
    let (began, mut again) = (Instant::now(), interval(Duration::from_millis(20)));
    while !is_admitted(promise, limiter, &client.attempt()).await? {
        promise.holds(began.elapsed() < EVERY + LATE, || {
            format!("still limited {:?} later, where there is one more each {EVERY:?}", began.elapsed())
        })?;
        again.tick().await;
    }
    Ok(())
}
