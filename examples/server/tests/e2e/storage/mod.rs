//! Server processes that share a store, on PostgreSQL and Redis of the test's own, which it may crash.

pub(crate) mod administration;
mod crash;
mod ended;
mod host_keys;
pub(crate) mod issuer;
mod late;
mod load;
mod losses;
mod mistakes;
mod once;
mod registrations;
pub(crate) mod request;
mod revocations;
mod servers;
mod session;
mod signer;
mod spent;
