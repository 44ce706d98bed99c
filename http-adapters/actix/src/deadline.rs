//! The time that a whole request may take.

use std::time::Duration;

use tokio::time::Instant;

/// A moment by which a request has to be answered.
pub(crate) struct Deadline(Instant);

impl Deadline {
    // tokio's clock, which a host's tests may stop.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// The outcome of `work`, unless the moment comes first.
    pub(crate) async fn hold<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.0, work).await.ok()
    }
}
