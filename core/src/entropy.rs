//! The randomness port.

use std::fmt::Debug;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};

/// Gives random bytes for secrets, token ids and nonces. Signature schemes draw their own from the system.
pub trait Entropy: Debug + Send + Sync + 'static {
    /// Fills all of `bytes`, at most some hundreds, with bytes that nobody can guess. What it leaves as it was is used all the same.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where there are none; the request is answered 500 and nothing is issued.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

impl<T: Entropy + ?Sized> Entropy for Arc<T> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        T::fill(self, bytes)
    }
}

/// There is no randomness to be had.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[non_exhaustive]
#[error("the source of randomness failed")]
pub struct EntropyError;

impl EntropyError {
    /// For an [`Entropy`] of one's own.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for EntropyError {
    fn default() -> Self {
        Self::new()
    }
}

/// The operating system's source.
#[derive(Clone, Debug)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// The operating system's source.
    #[must_use]
    pub fn new() -> Self {
        Self(crate::jose::system_random())
    }

    /// For the signature schemes of ring, which take no other source.
    pub(crate) const fn as_ring(&self) -> &SystemRandom {
        &self.0
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(bytes).map_err(|_| EntropyError)
    }
}
