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
#[error("an imported secret's encoded hash cannot be checked: {0}")]
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
    #[derive(Clone, Debug)]
    pub struct Argon2id {
        decoy: String,
    }

    impl Default for Argon2id {
        fn default() -> Self {
            Self::new()
        }
    }

    impl Argon2id {
        /// Takes hashes of up to 256 MiB and 16 passes. Its decoy costs 19 MiB and two passes: if your hashes cost
        /// something else, use [`Argon2id::with_cost_of`], or the time tells which clients there are.
        #[must_use]
        pub fn new() -> Self {
            Self { decoy: DECOY.to_owned() }
        }

        /// With a decoy that costs what `encoded`, one of your hashes, costs.
        ///
        /// # Errors
        ///
        /// [`SecretVerifierError`] if that is no hash that this verifier checks.
        pub fn with_cost_of(encoded: &str) -> Result<Self, SecretVerifierError> {
            let hash = read(encoded)?;
            let cost = |name| hash.params.get_decimal(name).unwrap_or(1);
            let cost = format!("$m={},t={},p={}$", cost("m"), cost("t"), cost("p"));
            Ok(Self { decoy: DECOY.replace("$m=19456,t=2,p=1$", &cost) })
        }

        /// Whether `encoded` can be checked, without the cost of checking it.
        ///
        /// # Errors
        ///
        /// [`SecretVerifierError`] if it cannot.
        pub fn check(encoded: &str) -> Result<(), SecretVerifierError> {
            read(encoded).map(drop)
        }
    }

    /// A hash of the right kind, of a bounded cost, with an output to compare with.
    fn read(encoded: &str) -> Result<PasswordHash, SecretVerifierError> {
        let hash = PasswordHash::new(encoded).map_err(|_| SecretVerifierError::new("not a PHC string"))?;
        if hash.algorithm.as_str() != "argon2id" {
            return Err(SecretVerifierError::new(
                "not an argon2id hash; bring a SecretVerifier for its kind",
            ));
        }
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(SecretVerifierError::new("without salt or output: no secret could match it"));
        }
        let cost = |name| hash.params.get_decimal(name).unwrap_or(0);
        if cost("m") > 262_144 || cost("t") > 16 || cost("p") > 16 {
            return Err(SecretVerifierError::new("its cost is beyond m=262144, t=16, p=16"));
        }
        Ok(hash)
    }

    /// 19 MiB, two passes, one lane: what OWASP names first and most systems write. No secret hashes to zeros.
    const DECOY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    impl SecretVerifier for Argon2id {
        fn verify(&self, presented: &[u8], encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
            let hash = read(encoded)?;
            match Argon2::default().verify_password(presented, &hash) {
                Ok(()) => Ok(SecretMatch::Yes),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(SecretMatch::No),
                Err(_) => Err(SecretVerifierError::new("its parameters cannot be used")),
            }
        }

        fn decoy(&self) -> &str {
            &self.decoy
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
            assert_eq!(Argon2id::new().verify(b"password", KNOWN).expect("readable"), SecretMatch::Yes);
            assert_eq!(Argon2id::new().verify(b"Password", KNOWN).expect("readable"), SecretMatch::No);
            assert_eq!(Argon2id::new().verify(b"password\0", KNOWN).expect("readable"), SecretMatch::No);
            assert_eq!(Argon2id::new().verify(b"anything", DECOY).expect("readable"), SecretMatch::No);
        }

        #[test]
        fn t41_the_decoy_costs_what_the_hashes_cost() {
            let verifier = Argon2id::with_cost_of(KNOWN).expect("readable");
            assert!(verifier.decoy().starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
            assert_eq!(verifier.verify(b"password", verifier.decoy()).expect("readable"), SecretMatch::No);
        }

        #[test]
        fn refuses_other_kinds_and_absurd_costs() {
            for bad in
                ["", "hunter2", "$2b$12$x", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA"]
            {
                assert!(Argon2id::new().verify(b"x", bad).is_err(), "{bad}");
            }
            let cut = DECOY.rsplit_once('$').expect("output").0;
            assert!(Argon2id::check(cut).is_err(), "a hash without output matches nothing");
            assert!(Argon2id::new().verify(b"x", &DECOY.replace("t=2", "t=4000000000")).is_err());
            assert!(Argon2id::new().verify(b"x", &DECOY.replace("m=19456", "m=4000000000")).is_err());
        }
    }
}
