//! The signing keys: planned, made, sealed and rotated by any number of nodes without a leader, and kept as a snapshot that
//! requests read without waiting.

mod error;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod model;
mod open_key;
mod plan;
mod ring;
mod rotation;
mod snapshot;
mod upkeep;
mod workshop;

pub(crate) use error::KeyError;
pub(crate) use open_key::OpenKey;
pub(crate) use plan::Rules;
pub(crate) use ring::{KeyRing, RETRY_EVERY, Turn, is_time};
pub use rotation::KeyRotation;
pub(crate) use snapshot::{CurrentKey, Shared, Snapshot};
pub(crate) use upkeep::{Upkeep, Wish};
pub(crate) use workshop::{Bench, KeyChange, Workshop};
