//! One check as a test.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

use crate::broken::{Broken, Promise};

/// More than all races of a slow store need, one after the other.
const DEADLINE: Duration = Duration::from_secs(300);

const ENDS: Promise = Promise::new(
    "every call comes to an end",
    "a call that hangs holds a request, its connection and in the end the whole server",
);

/// Runs a check so many times, on a multi-thread runtime and a thread of its own, so that even one that blocks for
/// ever fails. What the macros expand to.
///
/// # Errors
///
/// What the check found broken.
#[doc(hidden)]
pub fn run<C>(times: usize, check: impl Fn() -> C + Send + 'static) -> Result<(), Broken>
where
    C: Future<Output = Result<(), Broken>>,
{
    let (done, ended) = channel();
    let running = thread::spawn(move || {
        let runtime = ENDS.made(Builder::new_multi_thread().worker_threads(2).enable_all().build());
        let run_all =
            |runtime: tokio::runtime::Runtime| (0..times).try_for_each(|_| runtime.block_on(check()));
        let _nobody_waits = done.send(runtime.and_then(run_all));
    });
    match ended.recv_timeout(DEADLINE) {
        Ok(checked) => checked,
        Err(RecvTimeoutError::Timeout) => Err(ENDS.broken(format!("none after {} s", DEADLINE.as_secs()))),
        Err(RecvTimeoutError::Disconnected) => match running.join() {
            Ok(()) => Err(ENDS.broken("the check ended without an answer")),
            Err(panic) => resume_unwind(panic),
        },
    }
}
