//! The operating system's randomness. ring's signature schemes take no other source.

use ring::rand::SystemRandom;

/// The one place that opens it.
#[allow(clippy::disallowed_methods)]
pub(crate) fn system_random() -> SystemRandom {
    SystemRandom::new()
}
