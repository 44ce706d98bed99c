//! `cargo bench -p grantor --bench allocations`: how often each request of the other benchmarks asks for memory.
//!
//! In a program of its own, since counting costs time in each allocation, and the floors of the others have none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)] // a benchmark reads the clock: that is what it is for

mod bench;

use bench::Measure;

/// Of the second request, when what is made once is there.
struct Allocations;

impl Measure for Allocations {
    fn case<T>(&self, name: &str, prepare: impl Fn() -> T, path: impl Fn(T), _floor: impl Fn()) {
        path(prepare());
        let one = prepare();
        let counted = allocation_counter::measure(|| path(one));
        println!("{name:<32} {:>4} allocations", counted.count_total);
    }
}

fn main() {
    bench::trace_to_nowhere();
    println!("allocations for each request");
    bench::token::cases(&Allocations);
    bench::check::cases(&Allocations);
}
