//! Stores that are bad on purpose, each rejected by the check that is meant for it.
//!
//! One store of documents keeps every promise, and each [`Flaw`](flaw::Flaw) is one way not to. A check that lets
//! its flaw pass proves nothing, so each has one here, and lets the same store without it pass, and the memory store.
// Every other flaw than the one that is looked for is the arm that stands last.
#![allow(clippy::wildcard_enum_match_arm)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod clients;
mod documents;
mod flaw;
mod initial_access;
mod keys;
mod limiter;
mod records;
mod rejected;
mod store;
mod tokens;
mod trust;
mod usage;
