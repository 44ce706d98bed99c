//! Keys that the host gives: peppers and sealing keys are derived from them.

use std::fmt;
use std::sync::Arc;

use ring::{aead, hkdf, hmac};
use subtle::ConstantTimeEq;

use crate::entropy::{Entropy, EntropyError, SystemEntropy};
use crate::jose::AssertionAlgorithm;
use crate::store::{Client, Credential, CredentialKind, DigestDocument, Sealed, SealedSecret, SecretDigest};
use crate::types::{ClientId, ClientSecret, CredentialId, HostKeyId, InvalidValue};

/// The host's keys, newest first. The newest makes what is new; the others open what was made with them.
///
/// From each, a pepper for secrets and a key for sealing are derived (HKDF-SHA-256, the purpose as info), so one
/// value in the host's secret manager is enough. Keep an old key until its last credential has ended.
#[derive(Clone)]
pub struct HostKeys {
    keys: Arc<[HostKey]>,
    ephemeral: bool,
}

/// One key of the host: an id and at least 32 secret bytes.
pub struct HostKey {
    id: HostKeyId,
    pepper: hmac::Key,
    /// Names the pepper's value, so that another value under the same id is noticed.
    check: [u8; 8],
    sealing: aead::LessSafeKey,
}

impl HostKey {
    /// A key with an id that will stand in stored records, for example `2026-11`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for less than 32 bytes, more than 1024, or bytes that are all the same.
    pub fn new(id: HostKeyId, secret: &[u8]) -> Result<Self, InvalidValue> {
        let invalid =
            InvalidValue::new("a host key", "32 to 1024 random bytes, for example from `openssl rand 32`");
        let varied = secret.iter().any(|byte| Some(byte) != secret.first());
        if !(32..=1024).contains(&secret.len()) || !varied {
            return Err(invalid);
        }
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"grantor host key 1").extract(secret);
        let pepper = root.expand(&[b"pepper"], hmac::HMAC_SHA256).map_err(|_| invalid)?;
        let sealing = root.expand(&[b"sealing"], &aead::AES_256_GCM).map_err(|_| invalid)?;
        let pepper = hmac::Key::from(pepper);
        let mut check = [0; 8];
        let tag = hmac::sign(&pepper, b"check");
        check.iter_mut().zip(tag.as_ref()).for_each(|(check, tag)| *check = *tag);
        Ok(Self { id, pepper, check, sealing: aead::LessSafeKey::new(sealing.into()) })
    }
}

impl HostKeys {
    /// Keys of the host, newest first.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for none and for two of one id.
    pub fn new(newest_first: impl IntoIterator<Item = HostKey>) -> Result<Self, InvalidValue> {
        let keys: Arc<[HostKey]> = newest_first.into_iter().collect();
        let mut ids: Vec<_> = keys.iter().map(|key| &key.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if keys.is_empty() || ids.len() != keys.len() {
            return Err(InvalidValue::new("host keys", "at least one, each with an id of its own"));
        }
        Ok(Self { keys, ephemeral: false })
    }

    /// A key that lives as long as the process: for memory storage. What it made, nothing opens after a restart.
    #[must_use]
    pub fn ephemeral() -> Self {
        let mut random = zeroize::Zeroizing::new([0; 36]);
        let made = SystemEntropy::new().fill(&mut *random).ok().and_then(|()| {
            // An id of its own, so that what an earlier process left behind is not taken for its own.
            let (id, secret) = random.split_at_checked(4)?;
            let id = format!("ephemeral-{}", data_encoding::HEXLOWER.encode(id));
            HostKey::new(HostKeyId::new(id).ok()?, secret).ok()
        });
        // Without randomness there is no key, and `build` says so.
        Self { keys: made.into_iter().collect(), ephemeral: true }
    }

    /// Makes a new secret for `client` and the credential to add to its record. Show the secret once.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if there is no randomness.
    pub fn new_secret(
        &self,
        client: &ClientId,
        entropy: &dyn Entropy,
    ) -> Result<(ClientSecret, Credential), EntropyError> {
        let mut id = [0; 10];
        let mut random = zeroize::Zeroizing::new([0; 32]);
        entropy.fill(&mut id)?;
        entropy.fill(&mut *random)?;
        let secret = ClientSecret::from_random(id, &random).map_err(|_| EntropyError::new())?;
        let credential = self.credential(client, &secret)?;
        Ok((secret, credential))
    }

    /// The credential for a secret that Grantor made earlier, for example one from a secret manager.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if these are [`HostKeys::ephemeral`] and could not be made.
    pub fn credential(&self, client: &ClientId, secret: &ClientSecret) -> Result<Credential, EntropyError> {
        let key = self.keys.first().ok_or_else(EntropyError::new)?;
        let id = secret.credential_id();
        let digest = digest_secret(&key.pepper, client, id.as_str(), secret.expose());
        let digest = DigestDocument { pepper: key.id.clone(), check: key.check, digest };
        Ok(Credential::new(id.clone(), CredentialKind::Digest(SecretDigest(digest))))
    }

    /// The credential for `client_secret_jwt`: the secret itself, sealed. The whole text is the HMAC key. A secret that
    /// Grantor made is long enough for each algorithm.
    ///
    /// # Errors
    ///
    /// [`SealSecretError`] for an algorithm that is not of HMAC, a secret shorter than its hash (RFC 7518 §3.2), or
    /// if there is no randomness.
    pub fn sealed_credential(
        &self,
        client: &ClientId,
        id: CredentialId,
        secret: &str,
        algorithm: AssertionAlgorithm,
        entropy: &dyn Entropy,
    ) -> Result<Credential, SealSecretError> {
        if !algorithm.is_symmetric() {
            return Err(InvalidValue::new("the algorithm of a secret", "HS256, HS384 or HS512").into());
        }
        let varied = secret.bytes().any(|byte| Some(&byte) != secret.as_bytes().first());
        if secret.len() < algorithm.secret_bytes() || !varied {
            return Err(InvalidValue::new(
                "a secret for client_secret_jwt",
                "at least as long as its hash, and random",
            )
            .into());
        }
        let sealed = self.seal(&secret_context(client, &id), secret.as_bytes(), entropy)?;
        Ok(Credential::new(id, CredentialKind::SealedSecret(SealedSecret { algorithm, sealed })))
    }

    /// The client with every secret of `client_secret_jwt` sealed under the newest host key; `None` where all are. It is to
    /// be stored by an update at the revision at which `client` was read.
    ///
    /// Digests stay as they are, since nobody but the client knows what they were made of: an old host key stays until the
    /// last credential that names it has ended.
    ///
    /// # Errors
    ///
    /// [`ResealError`] if a secret was sealed with a host key that is not among these, or there is no randomness.
    pub fn reseal(&self, client: &Client, entropy: &dyn Entropy) -> Result<Option<Client>, ResealError> {
        let newest = self.ids().next();
        let resealed = |held: &Credential| {
            let CredentialKind::SealedSecret(secret) = held.kind() else { return Ok(held.clone()) };
            if newest == Some(secret.host_key()) {
                return Ok(held.clone());
            }
            let opened = self.open_secret(client.id(), held.id(), secret)?;
            let sealed = self.seal(&secret_context(client.id(), held.id()), &opened, entropy)?;
            Ok(held.clone().resealed(sealed))
        };
        let credentials = client.credentials().iter().map(resealed);
        let credentials = credentials.collect::<Result<Vec<_>, ResealFailure>>()?;
        if credentials == client.credentials() {
            return Ok(None);
        }
        let client = client.to_builder().credentials(credentials).build().map_err(ResealFailure::from)?;
        Ok(Some(client))
    }

    /// Opens a secret that was sealed for this client and credential.
    pub(crate) fn open_secret(
        &self,
        client: &ClientId,
        id: &CredentialId,
        secret: &SealedSecret,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, UnsealError> {
        self.open(&secret_context(client, id), &secret.sealed)
    }

    /// Whether a presented secret is the stored one. Never, where there is no stored one: the work is the same. `None` if the
    /// stored one's pepper was not supplied, or another of its id.
    pub(crate) fn fits(
        &self,
        stored: Option<&SecretDigest>,
        client: &ClientId,
        credential: &str,
        presented: &str,
    ) -> Option<bool> {
        let key = match stored {
            Some(SecretDigest(stored)) => {
                self.find(&stored.pepper).filter(|key| key.check == stored.check)?
            }
            None => self.keys.first()?,
        };
        let digest = digest_secret(&key.pepper, client, credential, presented);
        let expected = stored.map_or([0; 32], |stored| stored.0.digest);
        Some(bool::from(digest.ct_eq(&expected)) && stored.is_some())
    }

    /// Encrypts a private key under the newest host key, bound to `context`.
    pub(crate) fn seal(
        &self,
        context: &[u8],
        plaintext: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Sealed, EntropyError> {
        let key = self.keys.first().ok_or_else(EntropyError::new)?;
        let mut nonce = [0; 12];
        entropy.fill(&mut nonce)?;
        let mut ciphertext = Vec::with_capacity(plaintext.len() + aead::AES_256_GCM.tag_len());
        ciphertext.extend_from_slice(plaintext);
        key.sealing
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(context),
                &mut ciphertext,
            )
            .map_err(|_| EntropyError::new())?;
        Ok(Sealed { host_key: key.id.clone(), nonce, ciphertext })
    }

    /// Decrypts what was sealed for the same `context`.
    pub(crate) fn open(
        &self,
        context: &[u8],
        sealed: &Sealed,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, UnsealError> {
        let key = self
            .find(&sealed.host_key)
            .ok_or_else(|| UnsealError::HostKeyMissing(sealed.host_key.clone()))?;
        let mut bytes = zeroize::Zeroizing::new(sealed.ciphertext.clone());
        let nonce = aead::Nonce::assume_unique_for_key(sealed.nonce);
        let length = key
            .sealing
            .open_in_place(nonce, aead::Aad::from(context), &mut bytes)
            .map_err(|_| UnsealError::HostKeyWrong(sealed.host_key.clone()))?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// The ids of these keys, newest first: what stands in records that were made with them.
    pub fn ids(&self) -> impl Iterator<Item = &HostKeyId> {
        self.keys.iter().map(|key| &key.id)
    }

    /// Whether they end with the process.
    #[must_use]
    pub const fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn find(&self, id: &HostKeyId) -> Option<&HostKey> {
        self.keys.iter().find(|key| key.id == *id)
    }
}

/// What a sealed secret is bound to.
fn secret_context(client: &ClientId, id: &CredentialId) -> Vec<u8> {
    let length = client.as_str().len();
    format!("grantor client secret 1\0{length}\0{client}\0{id}").into_bytes()
}

/// Why a secret could not be sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealSecretError {
    /// The secret or the algorithm is none for it.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// There is no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Why the secrets of a client could not be sealed anew. The client is as it was.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ResealError(#[from] ResealFailure);

#[derive(Debug, thiserror::Error)]
enum ResealFailure {
    #[error("a secret cannot be unsealed: {0}")]
    Unseal(#[from] UnsealError),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error(transparent)]
    Client(#[from] InvalidValue),
}

/// Why a sealed key could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnsealError {
    #[error("it was sealed with the host key `{0}`, which was not supplied")]
    HostKeyMissing(HostKeyId),
    #[error(
        "the host key `{0}` that was supplied does not open it: another key of that id, or another issuer"
    )]
    HostKeyWrong(HostKeyId),
}

/// HMAC over length-prefixed parts, so that no two of (client, credential, secret) run together.
fn digest_secret(pepper: &hmac::Key, client: &ClientId, credential: &str, secret: &str) -> [u8; 32] {
    let mut context = hmac::Context::with_key(pepper);
    for part in [client.as_str(), credential, secret] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}

impl fmt::Debug for HostKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter()).finish()
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(ids: &[(&str, u8)]) -> HostKeys {
        HostKeys::new(ids.iter().map(|(id, seed)| {
            let secret: Vec<u8> = (0..32).map(|n| n ^ seed).collect();
            HostKey::new(HostKeyId::new(*id).expect("id"), &secret).expect("key")
        }))
        .expect("keys")
    }

    #[test]
    fn an_old_key_still_opens_and_the_newest_seals() {
        let old = keys(&[("a", 1)]);
        let sealed = old.seal(b"context", b"private", &SystemEntropy::new()).expect("seal");
        let both = keys(&[("b", 2), ("a", 1)]);
        assert_eq!(both.open(b"context", &sealed).expect("open").as_slice(), b"private");
        assert_eq!(both.seal(b"context", b"x", &SystemEntropy::new()).expect("seal").host_key.as_str(), "b");
        assert!(matches!(keys(&[("b", 2)]).open(b"context", &sealed), Err(UnsealError::HostKeyMissing(_))));
        assert!(matches!(keys(&[("a", 9)]).open(b"context", &sealed), Err(UnsealError::HostKeyWrong(_))));
        assert!(matches!(both.open(b"other context", &sealed), Err(UnsealError::HostKeyWrong(_))));
        assert!(!sealed.ciphertext.windows(7).any(|part| part == b"private"));
    }

    #[test]
    fn a_secret_is_sealed_anew_under_the_newest_host_key_and_a_digest_is_not() {
        let (entropy, id) = (SystemEntropy::new(), ClientId::new("c").expect("id"));
        let (old, both) = (keys(&[("a", 1)]), keys(&[("b", 2), ("a", 1)]));
        let (secret, digest) = old.new_secret(&id, &entropy).expect("secret");
        let name = CredentialId::new("sealed").expect("id");
        let ends = crate::types::Timestamp::MAX;
        let sealed = old
            .sealed_credential(&id, name, secret.expose(), AssertionAlgorithm::Hs256, &entropy)
            .expect("sealed")
            .valid_until(ends)
            .labelled("mine");
        let client = |credentials: [Credential; 2]| {
            let method = crate::store::AuthMethod::CLIENT_SECRET_JWT;
            Client::builder(id.clone(), method).credentials(credentials).build().expect("client")
        };
        let before = client([sealed, digest]);
        let after = both.reseal(&before, &entropy).expect("opened").expect("something to do");
        let [sealed, digest] = after.credentials() else { panic!("two") };
        let CredentialKind::SealedSecret(held) = sealed.kind() else { panic!("a sealed secret") };
        assert_eq!(held.host_key().as_str(), "b");
        assert_eq!((sealed.expires_at(), sealed.label()), (Some(ends), Some("mine")));
        assert_eq!(digest, &before.credentials()[1], "nobody knows what it was made of");
        let opened = keys(&[("b", 2)]).open_secret(&id, sealed.id(), held).expect("without the old one");
        assert_eq!(opened.as_slice(), secret.expose().as_bytes());
        assert!(both.reseal(&after, &entropy).expect("opened").is_none(), "nothing is left to do");
        let missing = keys(&[("b", 2)]).reseal(&before, &entropy).expect_err("not supplied").to_string();
        assert!(missing.contains("`a`, which was not supplied"), "{missing}");
    }

    #[test]
    fn a_digest_is_bound_to_client_credential_and_pepper() {
        let both = keys(&[("b", 2), ("a", 1)]);
        let client = |id: &str| ClientId::new(id).expect("id");
        let (secret, old) =
            keys(&[("a", 1)]).new_secret(&client("c"), &SystemEntropy::new()).expect("secret");
        let CredentialKind::Digest(stored) = old.kind() else { panic!("a digest") };
        let (id, text) = (old.id().as_str(), secret.expose());
        assert_eq!(
            both.fits(Some(stored), &client("c"), id, text),
            Some(true),
            "whichever key is the newest"
        );
        assert_eq!(both.fits(Some(stored), &client("d"), id, text), Some(false));
        assert_eq!(both.fits(Some(stored), &client("c"), &id[1..], text), Some(false));
        assert_eq!(both.fits(Some(stored), &client("c"), id, &text[1..]), Some(false));
        assert_eq!(both.fits(None, &client("c"), id, text), Some(false), "nothing is stored");
        assert_eq!(keys(&[("b", 2)]).fits(Some(stored), &client("c"), id, text), None, "not supplied");
        assert_eq!(keys(&[("a", 9)]).fits(Some(stored), &client("c"), id, text), None, "another of that id");
    }

    #[test]
    fn weak_or_repeated_host_keys_are_refused() {
        let id = || HostKeyId::new("a").expect("id");
        assert!(HostKey::new(id(), &[1; 32]).is_err());
        assert!(HostKey::new(id(), b"short but varied").is_err());
        assert!(HostKeys::new([]).is_err());
        let key = || HostKey::new(id(), b"0123456789abcdef0123456789abcdef").expect("key");
        assert!(HostKeys::new([key(), key()]).is_err());
    }
}
