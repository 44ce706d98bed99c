//! What [`RateLimiter`] promises, and the limiters of the backends by [`RateLimits`].
//!
//! A brake that lets go lets a secret of few bits be guessed; one that holds whom it should not shuts a client out, for
//! whoever knows its id.
//!
//! Each check makes fixtures of its own, each with the limits that it needs, so here a fixture is made by an
//! `async fn(RateLimits) -> impl Fixture`.
//!
//! # Errors
//!
//! Each function gives [`Broken`](crate::Broken) where the limiter does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

mod attempts;
mod failures;
mod outage;
mod races;
mod sources;
mod time;

pub use attempts::{
    after_the_burst_of_attempts_a_source_is_limited, what_is_not_limited_is_admitted,
    what_is_refused_costs_nothing,
};
pub use failures::{
    after_the_burst_of_failures_a_source_is_limited, an_attempt_that_does_not_fail_costs_no_failure,
    failures_are_seen_at_once_by_every_handle, there_is_no_debt,
};
pub use outage::an_outage_is_an_error;
pub use races::{
    no_failure_is_forgotten_in_a_flood, of_24_attempts_at_once_the_burst_is_admitted,
    of_24_failures_at_once_each_counts,
};
pub use sources::{sources_are_kept_apart, whoever_cannot_be_told_apart_is_not_limited};
pub use time::{one_more_comes_with_time, what_is_refused_for_its_failures_takes_no_attempt};

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use grantor::{Admission, Attempt, Budget, ClientId, RateLimiter, RateLimits};

use crate::broken::{Checked, Promise};
use crate::ids::client_id;

/// So long that nothing comes back while a check runs.
const HOUR: Duration = Duration::from_secs(3600);

/// The second that Retry-After can tell.
const SECOND: Duration = Duration::from_secs(1);

/// An address of a network for documentation.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// So many failures, and one more in an hour.
fn failures(burst: u32) -> RateLimits {
    RateLimits::default().with_failures(Budget::new(burst, HOUR)).with_attempts(None)
}

/// So many attempts, and one more in an hour, whatever comes of them.
fn attempts(burst: u32) -> RateLimits {
    RateLimits::default().with_failures(None).with_attempts(Budget::new(burst, HOUR))
}

/// Whoever claims to be of this name, from [`PEER`].
struct Claimed(ClientId);

impl Claimed {
    fn new(promise: Promise, name: &str) -> Checked<Self> {
        Ok(Self(client_id(promise, name)?))
    }

    const fn attempt(&self) -> Attempt<'_> {
        Attempt::new(Some(&self.0), Some(PEER))
    }
}

async fn is_admitted(promise: Promise, limiter: &impl RateLimiter, attempt: &Attempt<'_>) -> Checked<bool> {
    Ok(promise.of(limiter.admit(attempt)).await? == Admission::Admitted)
}

async fn admitted(
    promise: Promise,
    limiter: &impl RateLimiter,
    attempt: &Attempt<'_>,
    when: &str,
) -> Checked {
    let said = promise.of(limiter.admit(attempt)).await?;
    promise.holds(said == Admission::Admitted, || format!("{when}: {said:?}"))
}

/// Limited, and for how long: some time, and no more than it takes until there is one more.
async fn limited(
    promise: Promise,
    limiter: &impl RateLimiter,
    attempt: &Attempt<'_>,
    (every, when): (Duration, &str),
) -> Checked<Duration> {
    match promise.of(limiter.admit(attempt)).await? {
        Admission::Limited(wait) if !wait.is_zero() && wait <= every.max(SECOND) => Ok(wait),
        said => Err(promise.broken(format!("{when}: {said:?}, where there is one more each {every:?}"))),
    }
}

/// How often it may fail on from here, `most` at most.
async fn left(
    promise: Promise,
    limiter: &impl RateLimiter,
    attempt: &Attempt<'_>,
    most: u32,
) -> Checked<u32> {
    let mut failed = 0;
    while failed < most && is_admitted(promise, limiter, attempt).await? {
        promise.of(limiter.penalise(attempt)).await?;
        failed += 1;
    }
    Ok(failed)
}
