//! The fetcher against real sockets: what it refuses to reach, what it keeps, and whom it asks how often.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod guarding;
mod introspecting;
mod issuers;
mod keeping;
mod source;
mod tls;
