//! Keys are loaded at start, and made where one is missing, by compare and swap: of any number of processes that
//! start together one makes the key and the others take it.

use std::sync::Arc;
use std::time::Duration;

use super::snapshot::{Snapshot, sealing_context};
use crate::entropy::{Entropy, EntropyError, SystemEntropy};
use crate::executor::{Executor, ExecutorError, run_blocking};
use crate::host_keys::{HostKeys, UnsealError};
use crate::jose::{GeneratedKey, SignatureError, SigningAlgorithm, SigningKey, thumbprint};
use crate::store::{KeyRecord, KeySet, KeyStore, PrivateKey, Replace, Revision, StoreError};
use crate::types::{InvalidValue, Issuer, KeyId, Timestamp};

/// How long a key signs when nothing rotates it.
const SIGNS_FOR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long past that it stays published: longer than any token lives.
const PUBLISHED_PAST: Duration = Duration::from_secs(48 * 3600);
/// Each lost race means that another process has won one.
const ATTEMPTS: usize = 16;

/// Why the signing keys cannot be used. Only a store that is away may be waited for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the signing key `{0}` in the key store is damaged: its public half does not fit its kid or its algorithm"
    )]
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
    #[error(
        "the key set in the store is not what came after the one that was read before: it was lost or restored. New tokens are signed \
         by the keys that it has now, and those of before stay published here until this process ends"
    )]
    WentBack,
    #[error("the key store has lost its keys; those that were read before stay in use")]
    Gone,
    #[error("the key store let none of {ATTEMPTS} attempts to write win")]
    Lost,
}

impl KeyError {
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}

/// What reading and making keys takes.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) issuer: Issuer,
    pub(crate) host_keys: HostKeys,
    pub(crate) store: Arc<dyn KeyStore>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) executor: Option<Arc<dyn Executor>>,
    /// Each needs a key that signs.
    pub(crate) algorithms: Vec<SigningAlgorithm>,
}

impl Workshop {
    /// The key set as it is. Gives also what is wrong with a key of it, where the others can be used.
    pub(super) async fn read(&self) -> Result<(Snapshot, Option<KeyError>), KeyError> {
        let (set, revision) = self.store.load().await?;
        let mut wrong = None;
        let snapshot = Snapshot::open(&set, revision, (&self.issuer, &self.host_keys), |error| {
            wrong = Some(error);
            Ok(())
        })?;
        Ok((snapshot, wrong))
    }

    fn open(&self, set: &KeySet, revision: Revision) -> Result<Snapshot, KeyError> {
        Snapshot::open(set, revision, (&self.issuer, &self.host_keys), Err)
    }

    /// The key set with a signing key for each algorithm, and what had to be made for that.
    pub(super) async fn ensure(&self, now: Timestamp) -> Result<(Snapshot, Vec<KeyRecord>), KeyError> {
        for _ in 0..ATTEMPTS {
            let (set, revision) = self.store.load().await?;
            let snapshot = self.open(&set, revision)?;
            let missing = self.algorithms.iter().filter(|algorithm| !snapshot.holds(**algorithm, now));
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
                    let snapshot = self.open(&next, revision.next())?;
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
        let GeneratedKey { pkcs8, public } = match &self.executor {
            Some(executor) if algorithm.is_rsa() => run_blocking(&**executor, generate).await??,
            None if algorithm.is_rsa() => return Err(KeyError::NeedsExecutor(algorithm)),
            Some(_) | None => generate()?,
        };
        let kid = KeyId::new(thumbprint(&public))?;
        let sealed =
            self.host_keys.seal(&sealing_context(&self.issuer, &kid, algorithm), &pkcs8, &*self.entropy)?;
        let signs_until = now.plus(SIGNS_FOR);
        Ok(KeyRecord::builder(kid, algorithm.as_str(), public.to_json(), PrivateKey::Sealed(sealed))
            .published(now, signs_until.plus(PUBLISHED_PAST))
            .signs(now, signs_until)
            .build()?)
    }
}
