//! The signing keys: loaded or made at start, kept as a snapshot that requests read without waiting.

mod create;
mod ring;
mod snapshot;

pub(crate) use create::{KeyError, Workshop};
pub(crate) use ring::{KeyRing, REFRESH_EVERY, RETRY_EVERY, Turn};
pub(crate) use snapshot::{Shared, Snapshot};
