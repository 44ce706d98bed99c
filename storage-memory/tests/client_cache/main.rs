//! What [`ClientCache`](grantor_storage_memory::ClientCache) promises.
//!
//! Nothing here sleeps: time is a number that the test sets, and the store behind the cache waits at a gate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bounds;
mod changes;
mod fixture;
mod flights;
mod kit;
mod life;
