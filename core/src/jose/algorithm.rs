//! The algorithms with which this server signs.

use std::fmt;

use super::ecdsa;
use crate::types::InvalidValue;

/// A signature algorithm for access tokens, by its name in RFC 7518 §3.1 or RFC 8037.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// ECDSA over P-256 with SHA-256: small, fast, understood everywhere. The default.
    #[default]
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, for verifiers that know nothing else. Needs the feature `josekit`.
    Rs256,
    /// RSASSA-PSS with SHA-256. Needs the feature `josekit`.
    Ps256,
}

impl SigningAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::EdDsa, Self::Rs256, Self::Ps256];

    /// The `alg` value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    /// The algorithm of this `alg` value, in exact case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// An ECDSA signature in DER (RFC 3279 §2.2.3), as KMSs give it, in the form that a JWS has (RFC 7518 §3.4): r and s,
    /// each as long as the field.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for anything but the one DER encoding of two numbers of that length, and for an algorithm other than
    /// ES256 and ES384.
    pub fn signature_from_der(self, der: &[u8]) -> Result<Vec<u8>, InvalidValue> {
        let field = match self {
            Self::Es256 => 32,
            Self::Es384 => 48,
            Self::EdDsa | Self::Rs256 | Self::Ps256 => {
                return Err(InvalidValue::new("the algorithm of a signature in DER", "ES256 or ES384"));
            }
        };
        let rule = "the DER encoding of r and s, neither longer than the field";
        ecdsa::fixed(der, field).ok_or(InvalidValue::new("an ECDSA signature", rule))
    }

    /// Whether its keys are RSA keys, which take long to make.
    pub(crate) const fn is_rsa(self) -> bool {
        matches!(self, Self::Rs256 | Self::Ps256)
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
