//! The algorithms with which clients sign.

use std::fmt;

use ring::hmac;

use super::SigningAlgorithm;

/// A signature algorithm of client assertions, by its name in RFC 7518 §3.1, RFC 8037 or RFC 9864.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // the names say it
pub enum AssertionAlgorithm {
    Hs256,
    Hs384,
    Hs512,
    Es256,
    Es384,
    /// Needs the feature `josekit`.
    Es512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    /// Ed25519, as `EdDSA` or `Ed25519`.
    EdDsa,
}

impl AssertionAlgorithm {
    /// All that this build verifies.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(algorithm, _)| *algorithm).filter(|algorithm| algorithm.is_built())
    }

    fn is_built(self) -> bool {
        cfg!(feature = "josekit") || self != Self::Es512
    }

    /// The `alg` value. `EdDSA` for Ed25519, which more software knows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(algorithm, _)| *algorithm == self).map_or("", |(_, name)| name)
    }

    /// The algorithm of this `alg` value, in exact case. Nothing unsigned has a name here (T13).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        let known = NAMES.iter().find(|(_, own)| *own == name).map(|(algorithm, _)| *algorithm);
        known.filter(|algorithm| algorithm.is_built())
    }

    /// Whether it is keyed with the client's secret.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// The least length of a secret (RFC 7518 §3.2): that of the hash.
    #[must_use]
    pub const fn secret_bytes(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
            Self::Es256 | Self::Es384 | Self::Es512 | Self::Rs256 | Self::Rs384 | Self::Rs512 => 0,
            Self::Ps256 | Self::Ps384 | Self::Ps512 | Self::EdDsa => 0,
        }
    }
}

impl AssertionAlgorithm {
    /// Whether `mac` is that of `secret` over `message` (RFC 7518 §3.2). Never, where this is no such algorithm or the
    /// secret is shorter than the hash.
    pub(crate) fn mac_verifies(self, secret: &[u8], message: &[u8], mac: &[u8]) -> bool {
        let schemes = [
            (Self::Hs256, hmac::HMAC_SHA256),
            (Self::Hs384, hmac::HMAC_SHA384),
            (Self::Hs512, hmac::HMAC_SHA512),
        ];
        let scheme = schemes.into_iter().find(|(algorithm, _)| *algorithm == self).map(|(_, scheme)| scheme);
        scheme.is_some_and(|scheme| {
            secret.len() >= self.secret_bytes()
                && hmac::verify(&hmac::Key::new(scheme, secret), message, mac).is_ok()
        })
    }
}

const NAMES: [(AssertionAlgorithm, &str); 13] = [
    (AssertionAlgorithm::Es256, "ES256"),
    (AssertionAlgorithm::Es384, "ES384"),
    (AssertionAlgorithm::Es512, "ES512"),
    (AssertionAlgorithm::EdDsa, "EdDSA"),
    (AssertionAlgorithm::Ps256, "PS256"),
    (AssertionAlgorithm::Ps384, "PS384"),
    (AssertionAlgorithm::Ps512, "PS512"),
    (AssertionAlgorithm::Rs256, "RS256"),
    (AssertionAlgorithm::Rs384, "RS384"),
    (AssertionAlgorithm::Rs512, "RS512"),
    (AssertionAlgorithm::Hs256, "HS256"),
    (AssertionAlgorithm::Hs384, "HS384"),
    (AssertionAlgorithm::Hs512, "HS512"),
];

/// By the same name: to verify what this server signs.
impl From<SigningAlgorithm> for AssertionAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Es256 => Self::Es256,
            SigningAlgorithm::Es384 => Self::Es384,
            SigningAlgorithm::EdDsa => Self::EdDsa,
            SigningAlgorithm::Rs256 => Self::Rs256,
            SigningAlgorithm::Ps256 => Self::Ps256,
        }
    }
}

impl fmt::Display for AssertionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
