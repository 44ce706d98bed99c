//! How many entries of a kind there may be, and the refusal of one more.

use grantor::store::StoreError;

/// The bound of one kind of entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) most: usize,
    pub(crate) kind: &'static str,
    pub(crate) option: &'static str,
}

/// The store is full, in words for the operator.
#[derive(Debug, thiserror::Error)]
#[error("the memory store is full, at {most} {kind}; `MemoryStoreBuilder::{option}` raises this bound")]
struct Full {
    most: usize,
    kind: &'static str,
    option: &'static str,
}

impl Bound {
    /// The refusal of one entry more.
    pub(crate) fn full(self) -> StoreError {
        StoreError::unavailable(Full { most: self.most, kind: self.kind, option: self.option })
    }
}
