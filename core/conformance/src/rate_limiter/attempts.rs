//! What attempts cost where they are limited, and that nothing is where nothing is.

use grantor::{Budget, RateLimiter, RateLimits};

use super::{Claimed, HOUR, admitted, attempts, failures, limited};
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;

/// Whatever comes of them.
pub async fn after_the_burst_of_attempts_a_source_is_limited<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "where attempts are limited each that is admitted takes one, and a failure none besides",
        "an operator who bounds what one client may ask for has no bound, or half of it",
    );
    let limits = attempts(5).with_failures(Budget::new(100, HOUR));
    let limiter = fresh(limits).await.open().await;
    let client = Claimed::new(promise, "client")?;
    for asked in 0..5 {
        let when = format!("after {asked} attempts of 5");
        admitted(promise, &limiter, &client.attempt(), &when).await?;
        promise.of(limiter.penalise(&client.attempt())).await?;
    }
    limited(promise, &limiter, &client.attempt(), (HOUR, "after 5 attempts of 5")).await?;
    Ok(())
}

/// Not even the moment at which the next one comes.
pub async fn what_is_refused_costs_nothing<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "an attempt that is Limited takes nothing",
        "a client that tries again while it is limited never gets in any more",
    );
    let client = Claimed::new(promise, "client")?;
    let limiter = fresh(attempts(1)).await.open().await;
    admitted(promise, &limiter, &client.attempt(), "before any").await?;
    for _ in 0..20 {
        limited(promise, &limiter, &client.attempt(), (HOUR, "again and again after 1 attempt of 1")).await?;
    }
    Ok(())
}

/// `None` is no limit.
pub async fn what_is_not_limited_is_admitted<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "what RateLimits does not limit is admitted, however much there is of it",
        "what an operator has switched off goes on to refuse his clients",
    );
    let client = Claimed::new(promise, "client")?;
    let none = RateLimits::default().with_failures(None).with_attempts(None);
    for (limits, fails, what) in [
        (none, true, "with no limit at all"),
        (attempts(1000), true, "where only attempts are limited"),
        (failures(1), false, "where only failures are limited"),
    ] {
        let limiter = fresh(limits).await.open().await;
        for asked in 0..100 {
            let when = format!("{what}, after {asked}");
            admitted(promise, &limiter, &client.attempt(), &when).await?;
            if fails {
                promise.of(limiter.penalise(&client.attempt())).await?;
            }
        }
    }
    Ok(())
}
