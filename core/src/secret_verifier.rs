//! Secrets that come from another system, checked by that system's hash.

use std::error::Error;
use std::fmt::Debug;

/// Checks a secret against the encoded hash of another system: Argon2id, bcrypt, PBKDF2 or what a host has.
///
/// Runs on the blocking threads of the [`Executor`](crate::Executor), a bounded number at a time.
pub trait SecretVerifier: Debug + Send + Sync + 'static {
    /// Whether `presented` is the secret behind `encoded`.
    ///
    /// `presented` is **untrusted**, 1 to 1024 bytes; compare in constant time and never log it. `encoded` comes
    /// from the store and is trusted, as far as the store is.
    ///
    /// # Errors
    ///
    /// [`SecretVerifierError`] if `encoded` cannot be read. That is the operator's mistake and answered as 500; a
    /// secret that does not match is `Ok(SecretMatch::No)`.
    fn verify(&self, presented: &[u8], encoded: &str) -> Result<SecretMatch, SecretVerifierError>;

    /// An encoded hash that no secret matches, of the same cost as those in the store. It is checked where there is
    /// no such client, so that the time tells nothing; [`Builder::build`](crate::Builder::build) tries it once.
    fn decoy(&self) -> &str;
}

/// Whether a secret fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a secret that does not match must be refused"]
pub enum SecretMatch {
    /// It is the secret.
    Yes,
    /// It is not.
    No,
}

/// An encoded hash that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("an imported secret's encoded hash cannot be checked")]
pub struct SecretVerifierError(#[source] Box<dyn Error + Send + Sync>);

impl SecretVerifierError {
    /// With what is wrong with it. Never put the hash or the secret into it.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

#[cfg(feature = "imported-secrets")]
pub use argon2id::Argon2id;

#[cfg(feature = "imported-secrets")]
mod argon2id {
    use super::{SecretMatch, SecretVerifier, SecretVerifierError};
    use argon2::password_hash::phc::PasswordHash;
    use argon2::{Argon2, PasswordVerifier};

    /// Argon2id (RFC 9106) in the PHC string form, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
    #[derive(Clone, Copy, Debug, Default)]
    #[non_exhaustive]
    pub struct Argon2id;

    impl Argon2id {
        /// Takes hashes of up to 256 MiB and 16 passes.
        #[must_use]
        pub const fn new() -> Self {
            Self
        }
    }

    /// 19 MiB, two passes, one lane: what OWASP names first and most systems write. No secret hashes to zeros.
    const DECOY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    impl SecretVerifier for Argon2id {
        fn verify(&self, presented: &[u8], encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
            let hash =
                PasswordHash::new(encoded).map_err(|_| SecretVerifierError::new("not a PHC string"))?;
            if hash.algorithm.as_str() != "argon2id" {
                return Err(SecretVerifierError::new(
                    "not an argon2id hash; bring a SecretVerifier for its kind",
                ));
            }
            let cost = |name| hash.params.get_decimal(name).unwrap_or(0);
            if cost("m") > 262_144 || cost("t") > 16 || cost("p") > 16 {
                return Err(SecretVerifierError::new("its cost is beyond m=262144, t=16, p=16"));
            }
            match Argon2::default().verify_password(presented, &hash) {
                Ok(()) => Ok(SecretMatch::Yes),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(SecretMatch::No),
                Err(_) => Err(SecretVerifierError::new("its parameters cannot be used")),
            }
        }

        fn decoy(&self) -> &str {
            DECOY
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// From the tests of the reference implementation (salt `somesalt`).
        const KNOWN: &str =
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

        #[test]
        fn checks_a_hash_of_the_reference_implementation() {
            assert_eq!(Argon2id.verify(b"password", KNOWN).expect("readable"), SecretMatch::Yes);
            assert_eq!(Argon2id.verify(b"Password", KNOWN).expect("readable"), SecretMatch::No);
            assert_eq!(Argon2id.verify(b"password\0", KNOWN).expect("readable"), SecretMatch::No);
            assert_eq!(Argon2id.verify(b"anything", DECOY).expect("readable"), SecretMatch::No);
        }

        #[test]
        fn refuses_other_kinds_and_absurd_costs() {
            for bad in
                ["", "hunter2", "$2b$12$x", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA"]
            {
                assert!(Argon2id.verify(b"x", bad).is_err(), "{bad}");
            }
            assert!(Argon2id.verify(b"x", &DECOY.replace("t=2", "t=4000000000")).is_err());
            assert!(Argon2id.verify(b"x", &DECOY.replace("m=19456", "m=4000000000")).is_err());
        }
    }
}
