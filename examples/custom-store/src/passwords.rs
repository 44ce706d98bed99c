//! The application's password hashes: bcrypt.

use grantor::{SecretMatch, SecretVerifier, SecretVerifierError};

/// Checks what `$2a$`, `$2b$` or `$2y$` encodes.
#[derive(Clone, Copy, Debug)]
pub struct Bcrypt;

impl SecretVerifier for Bcrypt {
    fn verify(&self, presented: &[u8], encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
        if presented.len() > 72 || presented.contains(&0) {
            return Ok(SecretMatch::No); // bcrypt would not look at what comes after
        }
        match bcrypt::verify(presented, encoded) {
            Ok(true) => Ok(SecretMatch::Yes),
            Ok(false) => Ok(SecretMatch::No),
            // Not with the error of the library, which could show the hash.
            Err(_) => Err(SecretVerifierError::new("not a bcrypt hash")),
        }
    }

    /// Of cost 10, as the application writes them: it is checked where there is no such customer, and must take as
    /// long.
    fn decoy(&self) -> &str {
        "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    }
}
