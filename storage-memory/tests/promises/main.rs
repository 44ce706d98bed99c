//! The promises of the storage traits, each proved on [`MemoryStore`](grantor_storage_memory::MemoryStore).
//!
//! Nothing here sleeps: time is a number that the test sets, and races start at a barrier.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bounds;
mod clients;
mod expiry;
mod fixture;
mod keys;
mod listing;
mod proofs;
mod tokens;
