//! What failures cost, and what costs nothing.

use grantor::{RateLimiter, RateLimits};

use super::{Claimed, HOUR, admitted, failures, left, limited};
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;

/// Not one sooner, not one later.
pub async fn after_the_burst_of_failures_a_source_is_limited<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "a source that has failed as often as the burst says is Limited, for no longer than `every`",
        "secrets of few bits are guessed at, or a client that mistyped once is shut out",
    );
    for burst in [1, 5] {
        let limiter = fresh(failures(burst)).await.open().await;
        let client = Claimed::new(promise, "client")?;
        for failed in 0..burst {
            let when = format!("after {failed} failures of {burst}");
            admitted(promise, &limiter, &client.attempt(), &when).await?;
            promise.of(limiter.penalise(&client.attempt())).await?;
        }
        let when = format!("after {burst} failures of {burst}");
        limited(promise, &limiter, &client.attempt(), (HOUR, &when)).await?;
    }
    Ok(())
}

/// Looks are free.
pub async fn an_attempt_that_does_not_fail_costs_no_failure<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "admit takes nothing from the failures",
        "a client that asks for tokens often is braked though its secret is right",
    );
    let limiter = fresh(failures(3)).await.open().await;
    let client = Claimed::new(promise, "client")?;
    for asked in 0..50 {
        let when = format!("after {asked} attempts that did not fail");
        admitted(promise, &limiter, &client.attempt(), &when).await?;
    }
    let left = left(promise, &limiter, &client.attempt(), 5).await?;
    promise.holds(left == 3, || format!("then {left} failures were left of 3"))
}

/// Many that were admitted before any of them failed.
pub async fn there_is_no_debt<F: Fixture>(fresh: impl AsyncFn(RateLimits) -> F) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "no number of failures has a source wait for longer than `every`",
        "whoever shares a network with a client and knows its id locks it out, for as long as he likes",
    );
    let limiter = fresh(failures(3)).await.open().await;
    let client = Claimed::new(promise, "client")?;
    for _ in 0..50 {
        promise.of(limiter.penalise(&client.attempt())).await?;
    }
    limited(promise, &limiter, &client.attempt(), (HOUR, "after 50 failures of 3")).await?;
    Ok(())
}

/// All processes count together.
pub async fn failures_are_seen_at_once_by_every_handle<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "what fails at one handle counts at every other, at once",
        "whoever guesses goes from process to process, and has the burst at each",
    );
    let fixture = fresh(failures(4)).await;
    let (one, other) = (fixture.open().await, fixture.open().await);
    let client = Claimed::new(promise, "client")?;
    admitted(promise, &other, &client.attempt(), "before any failure").await?;
    for limiter in [&one, &other, &one] {
        promise.of(limiter.penalise(&client.attempt())).await?;
        admitted(promise, &other, &client.attempt(), "before the last failure").await?;
    }
    promise.of(one.penalise(&client.attempt())).await?;
    for (limiter, which) in [(&one, "at the one handle"), (&other, "at the other")] {
        limited(promise, limiter, &client.attempt(), (HOUR, which)).await?;
    }
    limited(promise, &fixture.open().await, &client.attempt(), (HOUR, "at a new handle")).await?;
    Ok(())
}
