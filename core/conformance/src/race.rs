//! Many at once: threads, each with a runtime and a handle of its own, that start together.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::Fixture;
use crate::broken::{Broken, Checked, Promise};

/// How many race each other.
pub(crate) const THREADS: usize = 24;

/// Races take turns, so that many tests at a time do not open hundreds of connections.
static TURN: Mutex<()> = Mutex::new(());

/// How many times the rounds for a store that never waits, such as one in memory: its calls are so short that two
/// of them meet in few rounds only, and they cost next to nothing.
const TIMES: usize = 4;

/// All threads run each round at once. Yields their answers by round, then by thread.
///
/// A thread that fails or panics still comes to each barrier, so that the check fails and does not hang.
pub(crate) fn race<F, T, R>(fixture: &F, promise: Promise, rounds: usize, run: R) -> Checked<Vec<Vec<T>>>
where
    F: Fixture,
    T: Send,
    R: AsyncFn(&F::Store, usize, usize) -> Checked<T> + Sync,
{
    race_up_to(fixture, promise, rounds, rounds, run)
}

/// The same, with at least so many rounds, and many more where no call ever has to wait.
pub(crate) fn race_often<F, T, R>(
    fixture: &F,
    promise: Promise,
    rounds: usize,
    run: R,
) -> Checked<Vec<Vec<T>>>
where
    F: Fixture,
    T: Send,
    R: AsyncFn(&F::Store, usize, usize) -> Checked<T> + Sync,
{
    race_up_to(fixture, promise, rounds, TIMES * rounds, run)
}

fn race_up_to<F, T, R>(
    fixture: &F,
    promise: Promise,
    rounds: usize,
    most: usize,
    run: R,
) -> Checked<Vec<Vec<T>>>
where
    F: Fixture,
    T: Send,
    R: AsyncFn(&F::Store, usize, usize) -> Checked<T> + Sync,
{
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (barrier, waits) = (Barrier::new(THREADS), AtomicBool::new(false));
    let (barrier, waits, run) = (&barrier, &waits, &run);
    let one_thread = move |thread| {
        let opened = unless_it_panics(promise, || open(fixture, promise));
        let mut failed = None;
        let mut answers = Vec::with_capacity(rounds);
        for round in 0..most {
            barrier.wait();
            // All threads see the same here: it is written in the first rounds only, before this barrier.
            if round >= rounds && waits.load(Ordering::SeqCst) {
                break;
            }
            let (Ok((runtime, store)), None) = (&opened, &failed) else { continue };
            let call = || block_on(runtime, run(store, round, thread));
            let had_to_wait = match unless_it_panics(promise, call) {
                Ok((answer, at_once)) => {
                    answers.push(answer);
                    !at_once
                }
                Err(broken) => {
                    failed = Some(broken);
                    false
                }
            };
            waits.fetch_or(had_to_wait && round < rounds, Ordering::SeqCst);
        }
        let (runtime, store) = opened?;
        runtime.block_on(async { drop(store) }); // a pool may need its runtime to go
        failed.map_or(Ok(answers), Err)
    };
    let by_thread: Vec<Checked<Vec<T>>> = thread::scope(|scope| {
        let running: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || one_thread(thread))).collect();
        let panicked = |_| Err(promise.broken("closing a handle panicked"));
        running.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let by_thread = by_thread.into_iter().collect::<Checked<Vec<_>>>()?;
    let run = by_thread.first().map_or(0, Vec::len);
    let mut by_thread: Vec<_> = by_thread.into_iter().map(Vec::into_iter).collect();
    Ok((0..run).map(|_| by_thread.iter_mut().filter_map(Iterator::next).collect()).collect())
}

/// The answer, and whether it was there without waiting.
fn block_on<T>(runtime: &Runtime, call: impl Future<Output = Checked<T>>) -> Checked<(T, bool)> {
    let mut call = pin!(call);
    let mut polls = 0;
    let answer = runtime.block_on(poll_fn(|context| {
        polls += 1;
        call.as_mut().poll(context)
    }));
    Ok((answer?, polls == 1))
}

/// A runtime and a handle opened on it.
fn open<F: Fixture>(fixture: &F, promise: Promise) -> Checked<(Runtime, F::Store)> {
    let runtime = promise.made(Builder::new_current_thread().enable_all().build())?;
    let store = runtime.block_on(promise.within(fixture.open()))?;
    Ok((runtime, store))
}

fn unless_it_panics<T>(promise: Promise, run: impl FnOnce() -> Checked<T>) -> Checked<T> {
    let panicked = |_| Err::<T, Broken>(promise.broken("a call panicked"));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(panicked)
}
