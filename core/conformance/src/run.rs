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
    run_within(DEADLINE, times, check)
}

fn run_within<C>(
    deadline: Duration,
    times: usize,
    check: impl Fn() -> C + Send + 'static,
) -> Result<(), Broken>
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
    match ended.recv_timeout(deadline) {
        Ok(checked) => checked,
        Err(RecvTimeoutError::Timeout) => Err(ENDS.broken(format!("none after {} s", deadline.as_secs()))),
        Err(RecvTimeoutError::Disconnected) => match running.join() {
            Ok(()) => Err(ENDS.broken("the check ended without an answer")),
            Err(panic) => resume_unwind(panic),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_check_runs_so_many_times_and_until_it_fails() {
        let runs = AtomicUsize::new(0);
        let checked = run(8, move || {
            let number = runs.fetch_add(1, Ordering::SeqCst) + 1;
            async move { ENDS.holds(number < 3, || format!("run {number}")) }
        });
        assert_eq!(checked.expect_err("the third fails").seen(), "run 3");
        assert!(run(8, || async { Ok(()) }).is_ok());
    }

    #[test]
    fn a_check_that_blocks_for_ever_fails_and_does_not_hang() {
        let for_ever = || async {
            loop {
                thread::park();
            }
        };
        let broken = run_within(Duration::from_millis(20), 1, for_ever).expect_err("it never ends");
        assert!(broken.promise().contains("comes to an end"), "{broken}");
    }

    #[test]
    #[should_panic(expected = "as it should")]
    fn a_check_that_panics_panics_with_its_own_words() {
        let _panics = run(1, || async { panic!("as it should") });
    }
}
