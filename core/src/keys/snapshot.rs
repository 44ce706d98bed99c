//! The key set as the request path uses it: opened, with everything that can be computed once.

use std::sync::Arc;

use serde_json::Value;

use super::KeyError;
use crate::entropy::SystemEntropy;
use crate::error::{Fault, Step};
use crate::host_keys::HostKeys;
use crate::jose::{
    PublicKey, PublicMembers, SigningAlgorithm, SigningKey, protected_header, published, sign_compact,
    thumbprint,
};
use crate::store::{KeyRecord, KeySet, PrivateKey, Revision};
use crate::types::{Issuer, KeyId, Timestamp};

/// An opened key set, at the revision at which it was read.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) revision: Revision,
    /// First those of the store, then those that it has lost.
    keys: Vec<OpenKey>,
    lost: usize,
}

/// One key: what is published of it and, if the private half is here, how to sign.
#[derive(Debug)]
pub(crate) struct OpenKey {
    record: KeyRecord,
    public: Option<PublicHalf>,
    signing: Option<(SigningAlgorithm, SigningKey)>,
}

/// What others need of a key, and what its tokens are known by.
#[derive(Clone, Debug)]
struct PublicHalf {
    jwk: Value,
    /// The protected header of every access token that it signs, encoded (RFC 9068 §2.1). It never changes: whoever
    /// changes how it is written has to take both forms, for as long as the longest life of a token.
    header: String,
    key: PublicKey,
}

impl Snapshot {
    /// Opens every key of a set. `unsealed` judges one whose private half cannot be had: at start that is an error, since
    /// going on would mean making another in silence; later it is published and signs nothing here.
    pub(crate) fn open(
        set: &KeySet,
        revision: Revision,
        (issuer, host_keys): (&Issuer, &HostKeys),
        mut unsealed: impl FnMut(KeyError) -> Result<(), KeyError>,
    ) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for record in set.keys() {
            keys.push(match OpenKey::open(record.clone(), issuer, host_keys) {
                Err(error @ KeyError::Unseal { .. }) => {
                    unsealed(error)?;
                    OpenKey::public(record.clone())?
                }
                opened => opened?,
            });
        }
        Ok(Self { revision, keys, lost: 0 })
    }

    /// Whether both were read from the same key set.
    pub(super) fn has_the_keys_of(&self, other: &Self) -> bool {
        self.kids_of_the_store().eq(other.kids_of_the_store())
    }

    fn kids_of_the_store(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.iter().take(self.keys.len() - self.lost).map(|key| key.record.kid())
    }

    /// With the keys of `earlier` that are not here: they go on being published, since tokens of them are about.
    pub(super) fn beside(mut self, earlier: &Self) -> Self {
        let gone = |key: &&OpenKey| self.keys.iter().all(|own| own.record.kid() != key.record.kid());
        let gone: Vec<_> = earlier.keys.iter().filter(gone).map(OpenKey::without_private).collect();
        self.lost += gone.len();
        self.keys.extend(gone);
        self
    }

    /// Whether there is a key that signs here.
    pub(super) fn signs(&self) -> bool {
        self.keys.iter().any(|key| key.signing.is_some())
    }

    /// The key that signs for `algorithm` at `now`: of those inside their signing time the one that began last.
    ///
    /// Where all of them are still to come, this clock is behind the one that made them, and the next one signs:
    /// refusing would be an outage for nothing.
    pub(crate) fn signing(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<&OpenKey> {
        let usable = || self.lasting(algorithm, now);
        let begun = usable().filter(|key| key.record.signs_from() <= now);
        begun
            .max_by_key(|key| key.record.signs_from())
            .or_else(|| usable().min_by_key(|key| key.record.signs_from()))
    }

    /// Whether there is a key for `algorithm`, now or to come.
    pub(super) fn holds(&self, algorithm: SigningAlgorithm, now: Timestamp) -> bool {
        self.lasting(algorithm, now).next().is_some()
    }

    fn lasting(&self, algorithm: SigningAlgorithm, now: Timestamp) -> impl Iterator<Item = &OpenKey> {
        let own = self.keys.iter().filter(move |key| key.algorithm() == Some(algorithm));
        own.filter(move |key| now < key.record.signs_until())
    }

    /// The published key set (RFC 7517 §5) at `now`. A key is published from when it is known, whatever its own
    /// beginning says: that does no harm, and a clock that is behind hides no key.
    pub(crate) fn published(&self, now: Timestamp) -> Value {
        let keys = self
            .keys
            .iter()
            .filter(|key| now < key.record.published_until())
            .filter_map(|key| key.public.as_ref().map(|public| public.jwk.clone()));
        serde_json::json!({ "keys": Value::Array(keys.collect()) })
    }

    /// The published key whose access tokens bear this header, byte for byte.
    pub(crate) fn verifying(&self, header: &str, now: Timestamp) -> Option<&PublicKey> {
        let published = self.keys.iter().filter(|key| now < key.record.published_until());
        published
            .filter_map(|key| key.public.as_ref())
            .find(|public| public.header == header)
            .map(|public| &public.key)
    }
}

impl OpenKey {
    /// What is published of it.
    fn public(record: KeyRecord) -> Result<Self, KeyError> {
        let corrupt = || KeyError::Corrupt(record.kid().clone());
        let Some(algorithm) = SigningAlgorithm::from_name(record.alg()) else {
            // A newer release made it. What is not understood is neither used nor published.
            return Ok(Self { record, public: None, signing: None });
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
        Ok(Self { record, public: Some(PublicHalf { jwk, header, key }), signing: None })
    }

    fn without_private(&self) -> Self {
        Self { record: self.record.clone(), public: self.public.clone(), signing: None }
    }

    fn open(record: KeyRecord, issuer: &Issuer, host_keys: &HostKeys) -> Result<Self, KeyError> {
        let own = Self::public(record)?;
        let (Some(algorithm), record) = (SigningAlgorithm::from_name(own.record.alg()), &own.record) else {
            return Ok(own);
        };
        // A build that cannot sign with RSA still publishes what others sign with.
        let can_sign = !algorithm.is_rsa() || cfg!(feature = "josekit");
        let signing = match record.private() {
            PrivateKey::Sealed(sealed) if can_sign => {
                let context = sealing_context(issuer, record.kid(), algorithm);
                let pkcs8 = host_keys
                    .open(&context, sealed)
                    .map_err(|source| KeyError::Unseal { kid: record.kid().clone(), source })?;
                let key = SigningKey::open(algorithm, &pkcs8, SystemEntropy::new().as_ring())
                    .map_err(|source| KeyError::Open { kid: record.kid().clone(), source })?;
                Some((algorithm, key))
            }
            PrivateKey::Sealed(_) | PrivateKey::Unknown(_) => None,
        };
        Ok(Self { signing, ..own })
    }

    fn algorithm(&self) -> Option<SigningAlgorithm> {
        self.signing.as_ref().map(|(algorithm, _)| *algorithm)
    }

    /// The encoded protected header of an access token and the key to sign with.
    pub(crate) fn signer(&self) -> Option<(&str, &SigningKey)> {
        let header = self.public.as_ref().map(|public| public.header.as_str());
        header.zip(self.signing.as_ref().map(|(_, key)| key))
    }

    /// Another kind of JWT than an access token, by its `typ`. `None` where the private half is not here.
    pub(crate) fn sign(&self, typ: &str, payload: &[u8]) -> Step<Option<String>> {
        let Some((algorithm, key)) = &self.signing else { return Ok(None) };
        let header = protected_header(typ, algorithm.as_str(), self.record.kid().as_str());
        let header = header.map_err(Fault::internal)?;
        Ok(Some(sign_compact(&header, payload, key).map_err(Fault::internal)?))
    }
}

/// What a sealed private key is bound to: its issuer, its kid (T67) and its one algorithm (RFC 8725 §3.1).
pub(super) fn sealing_context(issuer: &Issuer, kid: &KeyId, algorithm: SigningAlgorithm) -> Vec<u8> {
    format!("grantor signing key 1\0{}\0{kid}\0{algorithm}", issuer.as_str()).into_bytes()
}

/// Snapshots are shared: a request keeps the one that it began with.
pub(crate) type Shared = Arc<Snapshot>;
