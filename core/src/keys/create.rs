//! Keys are loaded at start, and made where one is missing, by compare and swap: of any number of processes that
//! start together one makes the key and the others take it.

use std::time::Duration;

use super::snapshot::{Snapshot, sealing_context};
use crate::entropy::{Entropy, EntropyError, SystemEntropy};
use crate::executor::{Executor, ExecutorError, run_blocking};
use crate::host_keys::{HostKeys, UnsealError};
use crate::jose::{GeneratedKey, SignatureError, SigningAlgorithm, SigningKey, thumbprint};
use crate::store::{KeyRecord, KeySet, KeyStore, PrivateKey, Replace, StoreError};
use crate::types::{InvalidValue, Issuer, KeyId, Timestamp};

/// How long a key signs when nothing rotates it.
const SIGNS_FOR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long past that it stays published: longer than any token lives.
const PUBLISHED_PAST: Duration = Duration::from_secs(48 * 3600);
/// Each lost race means that another process has won one.
const ATTEMPTS: usize = 16;

/// Why the signing keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the signing key `{0}` in the key store is damaged: its public half does not fit its kid")]
    Corrupt(KeyId),
    #[error("the signing key `{kid}` cannot be unsealed: {source}")]
    Unseal { kid: KeyId, source: UnsealError },
    #[error("the signing key `{kid}` cannot be used: {source}")]
    Open { kid: KeyId, source: SignatureError },
    #[error(transparent)]
    Generate(#[from] SignatureError),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    #[error("a new {0} key takes long to make: give the builder an `executor`, or use ES256")]
    NeedsExecutor(SigningAlgorithm),
    #[error("the key store let none of {ATTEMPTS} attempts to write win")]
    Lost,
}

/// What making keys takes.
pub(super) struct Workshop<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) host_keys: &'a HostKeys,
    pub(super) store: &'a dyn KeyStore,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) executor: Option<&'a dyn Executor>,
}

impl Workshop<'_> {
    /// The key set with a signing key for each of `algorithms`, and what had to be made for that.
    pub(super) async fn ensure(
        &self,
        algorithms: &[SigningAlgorithm],
        now: Timestamp,
    ) -> Result<(Snapshot, Vec<KeyRecord>), KeyError> {
        for _ in 0..ATTEMPTS {
            let (set, revision) = self.store.load().await?;
            let snapshot = Snapshot::open(&set, revision, self.issuer, self.host_keys)?;
            let missing = algorithms.iter().filter(|algorithm| !snapshot.holds(**algorithm, now));
            let mut made = Vec::new();
            for algorithm in missing {
                made.push(self.make(*algorithm, now).await?);
            }
            if made.is_empty() {
                return Ok((snapshot, made));
            }
            let next = made.iter().cloned().try_fold(set, KeySet::with)?;
            match self.store.replace(revision, &next).await? {
                Replace::Won => {
                    let snapshot = Snapshot::open(&next, revision.next(), self.issuer, self.host_keys)?;
                    return Ok((snapshot, made));
                }
                Replace::Lost => {}
            }
        }
        Err(KeyError::Lost)
    }

    /// The first key of an algorithm signs at once: waiting would leave its resources without tokens. Other processes
    /// publish it when they next read the key set, and verifiers ask again for a kid that they do not know.
    async fn make(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Result<KeyRecord, KeyError> {
        let generate = move || SigningKey::generate(algorithm, SystemEntropy::new().as_ring());
        let GeneratedKey { pkcs8, public } = match self.executor {
            Some(executor) if algorithm.is_rsa() => run_blocking(executor, generate).await??,
            None if algorithm.is_rsa() => return Err(KeyError::NeedsExecutor(algorithm)),
            Some(_) | None => generate()?,
        };
        let kid = KeyId::new(thumbprint(&public))?;
        let sealed =
            self.host_keys.seal(&sealing_context(self.issuer, &kid, algorithm), &pkcs8, self.entropy)?;
        let signs_until = now.plus(SIGNS_FOR);
        Ok(KeyRecord::builder(kid, algorithm.as_str(), public.to_json(), PrivateKey::Sealed(sealed))
            .published(now, signs_until.plus(PUBLISHED_PAST))
            .signs(now, signs_until)
            .build()?)
    }
}
