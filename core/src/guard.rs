//! A panic in a host's policy, store or sink fails its own request and nothing else (T94).

use std::ops::DerefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use crate::error::Fault;

/// Runs a request's work; a panic in it becomes a fault, answered 500. The work is dropped, and nothing of it is used
/// again. It comes pinned since it is large: every future round it would hold it twice, and be copied as a whole.
pub(crate) async fn guarded<T, E, F>(mut work: Pin<impl DerefMut<Target = F>>) -> Result<T, E>
where
    E: From<Fault>,
    F: Future<Output = Result<T, E>> + ?Sized,
{
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_panic| {
            Poll::Ready(Err(Fault::internal("a panic in what serves the request").into()))
        })
    })
    .await
}
