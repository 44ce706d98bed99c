//! The application's password hashes: bcrypt.

use grantor::{SecretMatch, SecretVerifier, SecretVerifierError};

/// Checks what `$2a$`, `$2b$` or `$2y$` encodes.
#[derive(Clone, Copy, Debug)]
pub struct Bcrypt;

impl SecretVerifier for Bcrypt {
    fn verify(&self, presented: &[u8], encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
        // bcrypt looks at 72 bytes, and repeats what is shorter with a NUL between: `a\0a` would be `a`.
        if presented.len() > 72 || presented.contains(&0) {
            return Ok(SecretMatch::No);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(presented: &[u8], password: &[u8]) -> bool {
        let hash = bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap().to_string();
        Bcrypt.verify(presented, &hash).unwrap() == SecretMatch::Yes
    }

    #[test]
    fn nothing_is_cut_off() {
        assert!(fits(&[b'x'; 72], &[b'x'; 72]));
        assert!(!fits(&[b'x'; 73], &[b'x'; 72]), "bcrypt looks at 72 bytes");
        assert!(fits(b"secret", b"secret"));
        assert!(!fits(b"secret\0secret", b"secret"), "and repeats what is shorter, with a NUL between");
    }

    #[test]
    fn what_is_no_hash_is_the_operators_mistake_and_is_not_shown() {
        let error = Bcrypt.verify(b"x", "hunter2").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert_eq!(Bcrypt.verify(b"x", Bcrypt.decoy()).unwrap(), SecretMatch::No);
    }
}
