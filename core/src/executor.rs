//! The runtime port. Core runs on any async runtime and brings none.

use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

/// A task that runs by itself.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work that keeps a thread busy.
pub type Job = Box<dyn FnOnce() + Send>;

/// Where background tasks and slow computations run. The adapters bring one for their runtime.
#[async_trait]
pub trait Executor: Debug + Send + Sync + 'static {
    /// Starts `task` in the background and returns at once. If it cannot, it drops the task.
    fn spawn(&self, task: Task);

    /// Runs `job` on a thread where blocking is allowed, and returns when it is done. Dropping the future does
    /// not stop a job that has begun.
    ///
    /// # Errors
    ///
    /// [`ExecutorError`] if the job could not be run to its end.
    async fn blocking(&self, job: Job) -> Result<(), ExecutorError>;
}

/// A job was not run to its end.
#[derive(Debug, thiserror::Error)]
#[error("the executor did not finish a job")]
pub struct ExecutorError(#[source] Option<Box<dyn Error + Send + Sync>>);

impl ExecutorError {
    /// With the runtime's own error.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Some(source.into()))
    }
}

/// Runs `work` on the blocking threads and brings its result back.
pub(crate) async fn run_blocking<T: Send + 'static>(
    executor: &dyn Executor,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ExecutorError> {
    let place = Arc::new(Mutex::new(None));
    let inside = Arc::clone(&place);
    executor
        .blocking(Box::new(move || {
            let result = work();
            *inside.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }))
        .await?;
    let result = place.lock().unwrap_or_else(PoisonError::into_inner).take();
    result.ok_or(ExecutorError(None))
}
