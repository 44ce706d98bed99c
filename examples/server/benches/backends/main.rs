//! `cargo bench -p grantor-server`: each operation of each store, and whole requests over it, on the servers of
//! `bash .ci/servers start DIR` (one whose variable is not set is left out).
//!
//! Latency is of one call after the other; the rates are of 8 calls at a time for each thread. Writes wait for the disk, so
//! they measure that too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)] // a benchmark reads the clock: that is what it is for

mod backend;
mod operations;
mod requests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};

use backend::Kind;

const CALLS: u64 = 2000;
const AT_ONCE: u64 = 8;

/// One call; its number is like no other's.
pub(crate) type Call = Arc<dyn Fn(u64) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

pub(crate) fn call<F: Future<Output = ()> + Send + 'static>(
    make: impl Fn(u64) -> F + Send + Sync + 'static,
) -> Call {
    Arc::new(move |number| Box::pin(make(number)))
}

/// How many calls [`measure`] makes of what has so many connections.
pub(crate) fn calls(connections: usize) -> usize {
    let each = usize::try_from(CALLS).unwrap();
    if connections == 1 { each } else { connections * each / 2 }
}

/// Microseconds of each call, sorted.
async fn latencies(call: &Call, numbers: &AtomicU64) -> Vec<f64> {
    let mut spent = Vec::new();
    for _ in 0..CALLS {
        let made = call(numbers.fetch_add(1, Ordering::Relaxed));
        let start = Instant::now();
        made.await;
        spent.push(start.elapsed().as_secs_f64() * 1e6);
    }
    spent.sort_unstable_by(f64::total_cmp);
    spent
}

/// Calls a second, so many at a time.
async fn rate(call: &Call, numbers: &Arc<AtomicU64>, at_once: u64) -> f64 {
    let start = Instant::now();
    let one = |_| {
        let (call, numbers) = (Arc::clone(call), Arc::clone(numbers));
        tokio::spawn(async move {
            for _ in 0..CALLS / 2 {
                call(numbers.fetch_add(1, Ordering::Relaxed)).await;
            }
        })
    };
    for task in (0..at_once).map(one).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    (at_once * (CALLS / 2)) as f64 / start.elapsed().as_secs_f64()
}

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
}

/// Measures the call that `make` gives on each runtime, with connections of that runtime.
pub(crate) fn measure<F: Future<Output = Call>>(name: &str, make: impl Fn(usize) -> F) {
    let numbers = Arc::new(AtomicU64::new(1));
    let alone = runtime(1);
    let spent = alone.block_on(async { latencies(&make(1).await, &numbers).await });
    let rates = [1, 2].map(|threads| {
        let at_once = threads * AT_ONCE;
        let connections = usize::try_from(at_once).unwrap();
        runtime(usize::try_from(threads).unwrap())
            .block_on(async { rate(&make(connections).await, &numbers, at_once).await })
    });
    let (half, most) = (spent[spent.len() / 2], spent[spent.len() * 99 / 100]);
    println!("{name:34} {half:9.1} {most:9.1} {:14.0} {:14.0}", rates[0], rates[1]);
}

fn main() {
    let there: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.is_there()).collect();
    println!("{:34} {:>9} {:>9} {:>14} {:>14}", "", "p50 µs", "p99 µs", "1 thread, /s", "2 threads, /s");
    for kind in there.iter().filter(|kind| kind.is_single()) {
        operations::measure(*kind);
    }
    for kind in &there {
        requests::measure(*kind);
    }
}
