//! Signatures and keys (RFC 7515 to 7518). Private to core; josekit and ring go no further than here.

mod algorithm;
mod jwk;
mod jws;
#[cfg(feature = "josekit")]
mod rsa;
mod signing_key;

pub use algorithm::SigningAlgorithm;
pub(crate) use jwk::{PublicMembers, published, thumbprint};
pub(crate) use jws::{protected_header, sign_compact};
pub(crate) use signing_key::{GeneratedKey, SignatureError, SigningKey};
