//! The promises of the storage traits, and those of this crate, on real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod cluster;
mod expiry;
mod fixture;
mod foreign;
mod initial_access;
mod kit;
mod outages;
mod proxy;
mod rate_limiter;
mod replicas;
mod sentinel;
mod server;
mod settings;
mod trust;
mod usage;
mod wire;
