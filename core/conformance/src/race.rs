//! Many at once: threads, each with a runtime and a handle of its own, that start together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::Fixture;
use crate::broken::{Broken, Checked, Promise};

/// How many race each other.
pub(crate) const THREADS: usize = 24;

/// Races take turns, so that many tests at a time do not open hundreds of connections.
static TURN: Mutex<()> = Mutex::new(());

/// All threads run each round at once. Yields their answers by round, then by thread.
///
/// A thread that fails or panics still comes to each barrier, so that the check fails and does not hang.
pub(crate) fn race<F, T, R>(fixture: &F, promise: Promise, rounds: usize, run: R) -> Checked<Vec<Vec<T>>>
where
    F: Fixture,
    T: Send,
    R: AsyncFn(&F::Store, usize, usize) -> Checked<T> + Sync,
{
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let barrier = Barrier::new(THREADS);
    let (barrier, run) = (&barrier, &run);
    let one_thread = move |thread| {
        let mut opened = unless_it_panics(promise, || open(fixture, promise));
        let mut answers = Vec::with_capacity(rounds);
        for round in 0..rounds {
            barrier.wait();
            if let Ok((runtime, store)) = &opened {
                match unless_it_panics(promise, || runtime.block_on(run(store, round, thread))) {
                    Ok(answer) => answers.push(answer),
                    Err(broken) => opened = Err(broken),
                }
            }
        }
        opened.map(|(runtime, store)| {
            runtime.block_on(async { drop(store) }); // a pool may need its runtime to go
            answers.into_iter()
        })
    };
    let by_thread: Vec<Checked<_>> = thread::scope(|scope| {
        let running: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || one_thread(thread))).collect();
        let panicked = |_| Err(promise.broken("closing a handle panicked"));
        running.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let mut by_thread = by_thread.into_iter().collect::<Checked<Vec<_>>>()?;
    Ok((0..rounds).map(|_| by_thread.iter_mut().filter_map(Iterator::next).collect()).collect())
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
