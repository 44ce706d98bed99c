//! The reference server as it is started and used: the built binary, real sockets, real client software.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod assertion;
mod clients;
mod demo;
mod example;
mod federation;
mod flags;
mod host_key;
mod interop;
mod interop_msal;
mod interop_registration;
mod introspection;
mod key_sets;
mod keys;
mod mistakes;
mod mistakes_of_keys;
mod program;
mod public_keys;
mod rate_limit;
mod registration;
mod rotation;
mod secrets;
mod slow;
mod stop;
mod storage;
mod switches;
mod tokens;
