//! A panic in a host's policy, store or sink fails its own request and nothing else (T94).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::error::Fault;

/// Runs a request's work; a panic in it becomes a fault, answered 500. The work is dropped, and nothing of it is used
/// again.
pub(super) async fn guarded<T, E: From<Fault>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_panic| {
            Poll::Ready(Err(Fault::internal("a panic in what serves the request").into()))
        })
    })
    .await
}
