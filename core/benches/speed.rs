//! `cargo bench -p grantor --bench speed`: what a token request costs, and what it costs to check a token where it is spent, as a
//! ratio to its floor in the same run.
//!
//! What an adapter hands over is made beforehand; storage (memory), events and tracing are on, maintenance is not. Path and floor take turns in short rounds, and the median of the
//! rounds' ratios is what counts: it holds when the machine's speed drifts. See [`bench::token`] and [`bench::check`] for the
//! floors, and add `-- WORDS` for the cases with these in their name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)] // a benchmark reads the clock: that is what it is for

mod bench;

use std::time::{Duration, Instant};

use bench::Measure;

/// Many and short: where others work on this machine, path and floor still meet it in the same state. Long enough that what is done
/// for several requests at a time is in each.
const ROUNDS: usize = 401;
const PER_ROUND: usize = 8;

/// The ratio to the floor, as the quartiles over the rounds, of the cases whose name has this in it.
struct Ratio {
    wanted: String,
}

impl Measure for Ratio {
    fn case<T>(&self, name: &str, prepare: impl Fn() -> T, path: impl Fn(T), floor: impl Fn()) {
        if !name.contains(&self.wanted) {
            return;
        }
        let Figures { ratio, path, floor } = compare(prepare, path, floor);
        let [low, ratio, high] = ratio;
        println!("{name:<32} {ratio:>5.2} x ({low:.2} to {high:.2})   {path:>6.1} us over {floor:>6.1} us");
    }
}

/// Over the rounds: the ratio's quartiles, and medians.
struct Figures {
    ratio: [f64; 3],
    path: f64,
    floor: f64,
}

/// What `prepare` makes is untimed, and `path` takes turns with `floor`. The first round warms up. What the client does to the
/// processor's caches while it prepares is no part of either: one of each that is not timed comes between.
fn compare<T>(prepare: impl Fn() -> T, path: impl Fn(T), floor: impl Fn()) -> Figures {
    let rounds: Vec<(f64, f64)> = (0..=ROUNDS)
        .map(|_| {
            let inputs: Vec<T> = (0..PER_ROUND).map(|_| prepare()).collect();
            path(prepare());
            floor();
            let path_time = timed(|| inputs.into_iter().for_each(&path));
            let floor_time = timed(|| (0..PER_ROUND).for_each(|_| floor()));
            (path_time.as_secs_f64(), floor_time.as_secs_f64())
        })
        .skip(1)
        .collect();
    let micros = 1e6 / PER_ROUND as f64;
    Figures {
        ratio: quartiles(rounds.iter().map(|(path, floor)| path / floor)),
        path: quartiles(rounds.iter().map(|(path, _)| path * micros))[1],
        floor: quartiles(rounds.iter().map(|(_, floor)| floor * micros))[1],
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

fn main() {
    bench::trace_to_nowhere();
    println!(
        "token() in process: wanted 1.35 x for a client secret with ES256 and 1.15 x for the rest, at most"
    );
    let words: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let ratio = Ratio { wanted: words.join(" ") };
    bench::token::cases(&ratio);
    println!("a token checked where it is spent: wanted 1.1 x in process and 1.2 x over HTTP, at most");
    bench::check::cases(&ratio);
}
