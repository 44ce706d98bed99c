//! An outage is an error, in bounded time.

use grantor::{RateLimiter, RateLimits};

use super::{Claimed, attempts, failures};
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::outage::unavailable;

/// Each method, on a handle whose counts cannot be reached. Core admits then, and says so in an event.
pub async fn an_outage_is_an_error<F: Fixture>(fresh: impl AsyncFn(RateLimits) -> F) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "whoever breaks the limiter shuts everybody out, or takes the brake off and nobody learns of it",
    );
    let client = Claimed::new(promise, "client")?;
    for limits in [failures(5), attempts(5).with_failures(failures(5).failures())] {
        let Some(limiter) = fresh(limits).await.cut_off().await else { return Ok(()) };
        unavailable(promise, "admit", limiter.admit(&client.attempt())).await?;
        unavailable(promise, "penalise", limiter.penalise(&client.attempt())).await?;
    }
    Ok(())
}
