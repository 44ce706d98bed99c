//! Tests that prove that a store keeps the promises of [`grantor::store`].

pub mod client_registry;
pub mod client_store;
pub mod key_store;
pub mod token_store;

mod broken;
mod fixture;
mod hostile;
mod ids;
mod outage;
mod race;
mod records;
mod run;
mod tests_of;

pub use broken::Broken;
pub use fixture::{Fixture, Planted};
#[doc(hidden)]
pub use run::run;
