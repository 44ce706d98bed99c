//! What [`MemoryStore`](grantor_storage_memory::MemoryStore) promises beside the storage traits, whose promises the kit
//! proves in `../kit.rs`: bounds, what it forgets by itself, pages that are as full as can be.
//!
//! Nothing here sleeps: time is a number that the test sets, and races start at a barrier.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bounds;
mod expiry;
mod fixture;
mod listing;
mod proofs;
mod tokens;
mod uses;
