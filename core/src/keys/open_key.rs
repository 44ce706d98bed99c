//! One key as the request path uses it: opened, with everything that can be computed once.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::KeyError;
use super::workshop::Workshop;
use crate::entropy::SystemEntropy;
use crate::error::{Fault, Step};
use crate::jose::{
    PublicKey, PublicMembers, SigningAlgorithm, SigningKey, protected_header, published, sign_compact,
    signing_input, thumbprint,
};
use crate::signer::{Signer, SignerError};
use crate::store::{KeyRecord, PrivateKey};
use crate::types::{Issuer, KeyId};

/// Of an RSA key of 2048 bits. A longer one costs another allocation.
const SIGNATURE_BYTES: usize = 256;

/// One key: what is published of it and how to sign, if the private half can be used here.
#[derive(Clone, Debug)]
pub(crate) struct OpenKey {
    pub(super) record: KeyRecord,
    pub(super) public: Option<PublicHalf>,
    private: Option<PrivateHalf>,
}

/// What others need of a key, and what its tokens are known by.
#[derive(Clone, Debug)]
pub(super) struct PublicHalf {
    pub(super) jwk: Value,
    /// The protected header of every access token that it signs, encoded (RFC 9068 §2.1). It never changes: whoever
    /// changes how it is written has to take both forms, for as long as the longest life of a token.
    pub(super) header: String,
    pub(super) key: PublicKey,
}

#[derive(Clone, Debug)]
struct PrivateHalf {
    algorithm: SigningAlgorithm,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Here(Arc<SigningKey>),
    Signer { signer: Arc<dyn Signer>, key: String },
}

impl OpenKey {
    /// What is published of a key.
    pub(super) fn public(record: KeyRecord) -> Result<Self, KeyError> {
        let corrupt = || KeyError::Corrupt(record.kid().clone());
        let Some(algorithm) = SigningAlgorithm::from_name(record.alg()) else {
            // A newer release made it. What is not understood is neither used nor published.
            return Ok(Self { record, public: None, private: None });
        };
        let public = PublicMembers::from_json(record.public()).ok_or_else(corrupt)?;
        // The private key is sealed to its kid, so this ties the public half to it too.
        if thumbprint(&public) != record.kid().as_str() {
            return Err(corrupt());
        }
        let jwk = published(&public, record.kid().as_str(), algorithm.as_str());
        let key = PublicKey::from_jwk(&jwk.to_string()).map_err(|_| corrupt())?;
        let header =
            protected_header("at+jwt", algorithm.as_str(), record.kid().as_str()).map_err(|_| corrupt())?;
        Ok(Self { record, public: Some(PublicHalf { jwk, header, key }), private: None })
    }

    pub(super) fn open(record: KeyRecord, workshop: &Workshop) -> Result<Self, KeyError> {
        let own = Self::public(record)?;
        let (Some(algorithm), record) = (SigningAlgorithm::from_name(own.record.alg()), &own.record) else {
            return Ok(own);
        };
        // A build that cannot sign with RSA still publishes what others sign with.
        let can_sign = !algorithm.is_rsa() || cfg!(feature = "josekit");
        let kid = || record.kid().clone();
        let place = match record.private() {
            // Nothing is signed with it any more, so that its host key may go.
            _ if record.retired().is_some() => None,
            PrivateKey::Sealed(sealed) if can_sign => {
                let context = sealing_context(&workshop.issuer, record.kid(), algorithm);
                let pkcs8 = workshop
                    .host_keys
                    .open(&context, sealed)
                    .map_err(|source| KeyError::Unseal { kid: kid(), source })?;
                let key = SigningKey::open(algorithm, &pkcs8, SystemEntropy::new().as_ring())
                    .map_err(|source| KeyError::Open { kid: kid(), source })?;
                Some(Place::Here(Arc::new(key)))
            }
            PrivateKey::Signer(reference) => {
                let signer = workshop.signer.as_ref().filter(|signer| signer.name() == reference.name);
                let missing = || KeyError::SignerMissing { kid: kid(), signer: reference.name.clone() };
                let signer = Arc::clone(signer.ok_or_else(missing)?);
                Some(Place::Signer { signer, key: reference.key.clone() })
            }
            PrivateKey::Sealed(_) | PrivateKey::Unknown(_) => None,
        };
        Ok(Self { private: place.map(|place| PrivateHalf { algorithm, place }), ..own })
    }

    /// It is the same key: its kid is the digest of it.
    pub(super) fn with_private_of(self, before: Self) -> Self {
        Self { private: before.private.filter(|_| self.record.retired().is_none()), ..self }
    }

    /// For one that is published and signs nothing any more.
    pub(super) fn without_private(&self) -> Self {
        Self { private: None, ..self.clone() }
    }

    /// With which algorithm it signs here, if it does.
    pub(super) fn algorithm(&self) -> Option<SigningAlgorithm> {
        self.private.as_ref().map(|private| private.algorithm)
    }

    /// An access token of this payload.
    pub(crate) async fn sign_access_token(&self, payload: &[u8]) -> Step<String> {
        let header = self.public.as_ref().map(|public| public.header.as_str());
        self.sign_with(header.unwrap_or_default(), payload).await
    }

    /// Another kind of JWT than an access token, by its `typ`.
    pub(crate) async fn sign(&self, typ: &str, payload: &[u8]) -> Step<String> {
        let header = protected_header(typ, self.record.alg(), self.record.kid().as_str());
        self.sign_with(&header.map_err(Fault::internal)?, payload).await
    }

    async fn sign_with(&self, header: &str, payload: &[u8]) -> Step<String> {
        let Some(PrivateHalf { algorithm, place }) = &self.private else {
            return Err(Fault::internal("a key signs only where its private half is").into());
        };
        match place {
            Place::Here(key) => Ok(sign_compact(header, payload, key).map_err(Fault::internal)?),
            Place::Signer { signer, key } => {
                let mut jws = signing_input(header, payload, SIGNATURE_BYTES);
                let signature = signer.sign(key, *algorithm, jws.as_bytes()).await?;
                // A fault there, or another key than ours, must not come out as a token that nobody can verify.
                let public = self.public.as_ref();
                if !public.is_some_and(|public| public.key.verifies(jws.as_bytes(), &signature)) {
                    return Err(Fault::internal("the signer's signature does not verify").into());
                }
                jws.push('.');
                BASE64URL_NOPAD.encode_append(&signature, &mut jws);
                Ok(jws)
            }
        }
    }
}

impl From<SignerError> for Fault {
    fn from(error: SignerError) -> Self {
        if error.is_unavailable() { Self::unavailable(error) } else { Self::internal(error) }
    }
}

impl From<SignerError> for crate::error::Refusal {
    fn from(error: SignerError) -> Self {
        Fault::from(error).into()
    }
}

/// What a sealed private key is bound to: its issuer, its kid (T67) and its one algorithm (RFC 8725 §3.1).
pub(super) fn sealing_context(issuer: &Issuer, kid: &KeyId, algorithm: SigningAlgorithm) -> Vec<u8> {
    format!("grantor signing key 1\0{}\0{kid}\0{algorithm}", issuer.as_str()).into_bytes()
}
