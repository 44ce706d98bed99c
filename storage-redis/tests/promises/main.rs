//! The promises of the storage traits, and those of this crate, on real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod fixture;
mod kit;
mod outages;
mod proxy;
mod server;
mod settings;
mod wire;
