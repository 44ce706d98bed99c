//! Who is limited together.

use std::net::IpAddr;

use grantor::{Attempt, ClientId, RateLimiter, RateLimits};

use super::{HOUR, PEER, admitted, failures, left, limited};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::client_id;

/// By client id and by network.
pub async fn sources_are_kept_apart<F: Fixture>(fresh: impl AsyncFn(RateLimits) -> F) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "a source is a claimed client id from one network, as Attempt::source has it: another client, or another \
         network, is another one",
        "whoever fails as a client from elsewhere shuts it out, or takes one more address of his own network each time",
    );
    let ids = ["client", "Client", "client ", "clien", "\u{7e}", &"x".repeat(255)];
    let ids = ids.map(|id| client_id(promise, id)).into_iter().collect::<Checked<Vec<ClientId>>>()?;
    let [first, ..] = ids.as_slice() else { return Ok(()) };
    let fixture = fresh(failures(2)).await;
    let limiter = fixture.open().await;
    let guessed = Attempt::new(Some(first), Some(PEER));
    for _ in 0..2 {
        promise.of(limiter.penalise(&guessed)).await?;
    }
    for id in ids.iter().skip(1).map(Some).chain([None]) {
        let when = format!("{id:?} after failures of {first:?}");
        let attempt = Attempt::new(id, Some(PEER));
        admitted(promise, &limiter, &attempt, &when).await?;
        let left = left(promise, &limiter, &attempt, 3).await?;
        promise.holds(left == 2, || format!("{when}: {left} failures left of 2"))?;
    }
    for elsewhere in ["192.0.2.2", "192.0.3.1", "2001:db8::c000:201", "2001:db8:0:1::1"] {
        let when = format!("{first:?} from {elsewhere}, after failures from {PEER}");
        let attempt = Attempt::new(Some(first), Some(address(promise, elsewhere)?));
        admitted(promise, &limiter, &attempt, &when).await?;
        let left = left(promise, &limiter, &attempt, 3).await?;
        promise.holds(left == 2, || format!("{when}: {left} failures left of 2"))?;
    }
    for same in ["::ffff:192.0.2.1", "2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff"] {
        let attempt = Attempt::new(Some(first), Some(address(promise, same)?));
        let when = format!("{first:?} from {same}, of whose network all is used up");
        limited(promise, &limiter, &attempt, (HOUR, &when)).await?;
    }
    limited(promise, &limiter, &guessed, (HOUR, "the first, after all others")).await?;
    Ok(())
}

/// Where the adapter knows no peer.
pub async fn whoever_cannot_be_told_apart_is_not_limited<F: Fixture>(
    fresh: impl AsyncFn(RateLimits) -> F,
) -> Result<(), Broken>
where
    F::Store: RateLimiter,
{
    let promise = Promise::new(
        "an attempt without a source is Admitted, and nothing is counted of it",
        "all who cannot be told apart would be one source, and one of them shuts out the others",
    );
    let limits = failures(1).with_attempts(super::attempts(1).attempts());
    let limiter = fresh(limits).await.open().await;
    let id = client_id(promise, "client")?;
    for asked in 0..20 {
        for attempt in [Attempt::new(Some(&id), None), Attempt::new(None, None)] {
            admitted(promise, &limiter, &attempt, &format!("from nowhere, after {asked} failures")).await?;
            promise.of(limiter.penalise(&attempt)).await?;
        }
    }
    admitted(promise, &limiter, &Attempt::new(Some(&id), Some(PEER)), "the same client from somewhere").await
}

fn address(promise: Promise, text: &str) -> Checked<IpAddr> {
    promise.made(text.parse())
}
