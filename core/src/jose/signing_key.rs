//! Private keys in this process: made, sealed by the caller, opened, used.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    Signature,
};
use zeroize::Zeroizing;

use super::{PublicMembers, SigningAlgorithm};

/// A private key that is ready to sign with one algorithm.
pub(crate) enum SigningKey {
    Ecdsa(Box<EcdsaKeyPair>, SystemRandom),
    Ed25519(Box<Ed25519KeyPair>),
    #[cfg(feature = "josekit")]
    Rsa(super::rsa::RsaSigningKey),
}

/// A key that was just made.
pub(crate) struct GeneratedKey {
    pub(crate) pkcs8: Zeroizing<Vec<u8>>,
    pub(crate) public: PublicMembers,
}

/// Making, opening or using a key failed. It never says anything about the key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("a signing key could not be made")]
    Generate,
    #[error("a stored private key is not a PKCS#8 key of its algorithm")]
    Open,
    #[error("signing failed")]
    Sign,
    #[cfg(not(feature = "josekit"))]
    #[error("RSA signing needs the feature `josekit`")]
    NoRsa,
}

/// The bytes of a signature, from whichever library made them.
pub(crate) enum SignatureBytes {
    Ring(Signature),
    #[cfg(feature = "josekit")]
    Owned(Vec<u8>),
}

impl AsRef<[u8]> for SignatureBytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Ring(signature) => signature.as_ref(),
            #[cfg(feature = "josekit")]
            Self::Owned(signature) => signature,
        }
    }
}

impl SigningKey {
    /// Makes a key. RSA takes a fifth of a second and more: not for async threads.
    pub(crate) fn generate(
        algorithm: SigningAlgorithm,
        random: &SystemRandom,
    ) -> Result<GeneratedKey, SignatureError> {
        let failed = |_| SignatureError::Generate;
        let pkcs8 = match algorithm {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random).map_err(failed)?
            }
            SigningAlgorithm::Es384 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, random).map_err(failed)?
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(random).map_err(failed)?,
            #[cfg(feature = "josekit")]
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => return super::rsa::generate(algorithm),
            #[cfg(not(feature = "josekit"))]
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => return Err(SignatureError::NoRsa),
        };
        let pkcs8 = Zeroizing::new(pkcs8.as_ref().to_vec());
        let public = Self::open(algorithm, &pkcs8, random)?.public().ok_or(SignatureError::Generate)?;
        Ok(GeneratedKey { pkcs8, public })
    }

    /// Opens a key that [`SigningKey::generate`] made.
    pub(crate) fn open(
        algorithm: SigningAlgorithm,
        pkcs8: &[u8],
        random: &SystemRandom,
    ) -> Result<Self, SignatureError> {
        let ecdsa = |scheme| {
            let pair = EcdsaKeyPair::from_pkcs8(scheme, pkcs8, random).map_err(|_| SignatureError::Open)?;
            Ok(Self::Ecdsa(Box::new(pair), random.clone()))
        };
        match algorithm {
            SigningAlgorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            SigningAlgorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| SignatureError::Open)?;
                Ok(Self::Ed25519(Box::new(pair)))
            }
            #[cfg(feature = "josekit")]
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
                super::rsa::RsaSigningKey::open(algorithm, pkcs8).map(Self::Rsa)
            }
            #[cfg(not(feature = "josekit"))]
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => Err(SignatureError::NoRsa),
        }
    }

    /// The public half, where the key can tell it.
    fn public(&self) -> Option<PublicMembers> {
        match self {
            Self::Ecdsa(pair, _) => {
                let point = pair.public_key().as_ref();
                PublicMembers::ec(if point.len() == 65 { "P-256" } else { "P-384" }, point)
            }
            Self::Ed25519(pair) => Some(PublicMembers::ed25519(pair.public_key().as_ref())),
            #[cfg(feature = "josekit")]
            Self::Rsa(_) => None,
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureBytes, SignatureError> {
        match self {
            Self::Ecdsa(pair, random) => {
                pair.sign(random, message).map(SignatureBytes::Ring).map_err(|_| SignatureError::Sign)
            }
            Self::Ed25519(pair) => Ok(SignatureBytes::Ring(pair.sign(message))),
            #[cfg(feature = "josekit")]
            Self::Rsa(key) => key.sign(message).map(SignatureBytes::Owned),
        }
    }

    /// So that a token is written into one allocation.
    pub(crate) const fn longest_signature(&self) -> usize {
        match self {
            Self::Ecdsa(..) => 96,
            Self::Ed25519(_) => 64,
            #[cfg(feature = "josekit")]
            Self::Rsa(_) => 256,
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::system_random;
    use super::*;

    /// Two texts signed by one nonce give the private key away, and their signatures have the same first half. The nonces are
    /// random, so that not even one text has the same twice.
    #[test]
    fn rfc8725_s3_2_no_nonce_of_ecdsa_comes_twice() {
        let random = system_random();
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Es384] {
            let made = SigningKey::generate(algorithm, &random).expect("key");
            let mut seen = HashSet::new();
            // The one text again and again, also by the key opened anew, and texts that differ.
            for n in 0..32_u8 {
                let key = SigningKey::open(algorithm, &made.pkcs8, &random).expect("opens");
                for message in [&b"the same"[..], b"the same", &[n]] {
                    let signature = key.sign(message).expect("signs");
                    let (r, _) = signature.as_ref().split_at(signature.as_ref().len() / 2);
                    assert!(seen.insert(r.to_vec()), "{algorithm:?}");
                }
            }
        }
    }
}
