//! Core's executor on tokio.

use async_trait::async_trait;
use grantor::{Executor, ExecutorError, Job, Task};
use tokio::runtime::Handle;

/// Background tasks and slow computations on a tokio runtime.
#[derive(Clone, Debug)]
pub struct TokioExecutor(Handle);

impl TokioExecutor {
    /// On the runtime of the caller.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`Handle::current`] does.
    #[must_use]
    pub fn current() -> Self {
        Self(Handle::current())
    }

    /// On this runtime.
    #[must_use]
    pub const fn new(runtime: Handle) -> Self {
        Self(runtime)
    }
}

#[async_trait]
impl Executor for TokioExecutor {
    fn spawn(&self, task: Task) {
        drop(self.0.spawn(task));
    }

    async fn blocking(&self, job: Job) -> Result<(), ExecutorError> {
        self.0.spawn_blocking(job).await.map_err(ExecutorError::new)
    }
}
