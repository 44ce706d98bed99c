//! The promises of the store, proved on a real PostgreSQL. Each test has a schema of its own and drops it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod changes;
mod cut_off;
mod database;
mod durability;
mod faults;
mod foreign;
mod guests;
mod initial_access;
mod injection;
mod island;
mod kit;
mod migrations;
mod plans;
mod proxy;
mod prune;
mod records;
mod round_trips;
mod usage;
mod waiting;
