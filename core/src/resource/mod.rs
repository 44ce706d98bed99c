//! Resources: what this server issues tokens for, and checking those tokens where they are spent.

mod declared;

pub(crate) use declared::MAX_LIFETIME;
pub use declared::{DeclaredResource, Resource, Resources};
