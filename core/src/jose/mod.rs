//! Signatures and keys (RFC 7515 to 7518). Private to core; josekit and ring go no further than here.

mod algorithm;
mod assertion_algorithm;
mod certificate;
mod claims;
mod der;
mod ecdsa;
#[cfg(feature = "josekit")]
mod es512;
mod imported_key;
mod json;
mod jwk;
mod jws;
mod key_rules;
mod pem;
mod pkcs8;
mod public_key;
mod public_key_set;
mod random;
mod received;
mod registered_keys;
#[cfg(feature = "josekit")]
mod rsa;
mod signing_key;
mod spki;
#[cfg(test)]
mod vectors;

pub use algorithm::SigningAlgorithm;
pub use assertion_algorithm::AssertionAlgorithm;
pub(crate) use certificate::Thumbprints;
pub(crate) use claims::{AccessTokenClaims, FurtherClaims, ReceivedClaims};
pub use imported_key::ImportedKey;
pub(crate) use json::{Json, Members};
pub(crate) use jwk::{PublicMembers, published, thumbprint};
pub(crate) use jws::{is_access_token_header, protected_header, sign_compact, signing_input};
pub use public_key::PublicKey;
pub use public_key_set::PublicKeySet;
pub(crate) use random::system_random;
pub(crate) use received::{CompactJws, ReceivedJws};
pub(crate) use signing_key::{GeneratedKey, SignatureError, SigningKey};
