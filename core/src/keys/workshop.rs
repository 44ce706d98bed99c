//! Where the steps of a plan are carried out: keys are made, sealed, scheduled and forgotten.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::KeyError;
use super::open_key::sealing_context;
use super::plan::{Rules, Step};
use crate::clock::Clock;
use crate::entropy::{Entropy, SystemEntropy};
use crate::executor::{Executor, run_blocking};
use crate::host_keys::HostKeys;
use crate::jose::{GeneratedKey, PublicMembers, SigningAlgorithm, SigningKey, thumbprint};
use crate::signer::{Signer, SignerKey};
use crate::store::{KeyRecord, KeyRecordBuilder, KeySet, KeyStore, PrivateKey, SignerReference};
use crate::types::{HostKeyId, Issuer, KeyId, Timestamp};

/// After how many seconds a signer that would not delete a key is asked again.
const DELETE_AGAIN_AFTER: u64 = 3600;
/// How many seconds after a write of unknown outcome what was to be written is not deleted.
const UNSURE_FOR: u64 = 60;

/// What reading and changing the key set takes.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) issuer: Issuer,
    pub(crate) host_keys: HostKeys,
    pub(crate) store: Arc<dyn KeyStore>,
    /// The last one makes new keys.
    pub(crate) signers: Vec<Arc<dyn Signer>>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) executor: Option<Arc<dyn Executor>>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) bench: Bench,
}

/// What lies about between the turns.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    /// Keys that were made and are in no key set yet, since nothing could be written: the next turn takes them.
    spare: Mutex<Vec<NewKey>>,
    /// Keys that nobody needs, until their signer has deleted them. They are never taken again.
    doomed: Mutex<Vec<NewKey>>,
    /// Which keys a signer would not delete, and when it was asked.
    undeleted: Mutex<Vec<(KeyId, Timestamp)>>,
    /// How many are at work: what one has made, another may be about to write.
    attending: AtomicUsize,
    unsure_at: AtomicI64,
}

impl Bench {
    fn is_calm(&self, now: Timestamp) -> bool {
        let unsure_at = self.unsure_at.load(Ordering::Relaxed);
        self.attending.load(Ordering::Acquire) <= 1 && now.as_unix().abs_diff(unsure_at) >= UNSURE_FOR
    }

    /// A signer that refuses is not asked all the time.
    fn may_delete(&self, kid: &KeyId, now: Timestamp) -> bool {
        let mut undeleted = lock(&self.undeleted);
        undeleted.retain(|(_, at)| now.as_unix().abs_diff(at.as_unix()) < DELETE_AGAIN_AFTER);
        undeleted.iter().all(|(known, _)| known != kid)
    }

    fn would_not_delete(&self, kid: &KeyId, now: Timestamp) {
        lock(&self.undeleted).push((kid.clone(), now));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody is at work.
pub(super) struct Attending<'a>(&'a AtomicUsize);

impl Drop for Attending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A key that is in no key set yet.
#[derive(Clone, Debug)]
pub(super) struct NewKey {
    pub(super) algorithm: SigningAlgorithm,
    pub(super) kid: KeyId,
    public: PublicMembers,
    private: PrivateKey,
}

/// What became different in the key set, for the operator.
#[derive(Clone, Debug)]
pub(crate) enum KeyChange {
    Created { kid: KeyId, algorithm: SigningAlgorithm },
    Scheduled { kid: KeyId, from: Timestamp },
    Retired { kid: KeyId, because: String },
    Removed { kid: KeyId },
    Resealed { kid: KeyId, host_key: HostKeyId },
}

/// The next key set, what is different in it, and what could not be done.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) set: KeySet,
    pub(super) changes: Vec<KeyChange>,
    pub(super) failures: Vec<KeyError>,
}

impl Workshop {
    /// Takes the steps on `set`. One that fails is left out, so that none of the others waits for it. `given` is the key to
    /// introduce, where it is not to be made.
    pub(super) async fn take(
        &self,
        set: KeySet,
        steps: &[Step],
        now: Timestamp,
        given: Option<&NewKey>,
    ) -> Draft {
        let mut draft = Draft { set, changes: Vec::new(), failures: Vec::new() };
        for step in steps {
            match self.take_one(&draft.set, step, now, given).await {
                Ok((set, change)) => {
                    draft.set = set;
                    draft.changes.extend(change);
                }
                Err(error) => draft.failures.push(error),
            }
        }
        draft
    }

    async fn take_one(
        &self,
        set: &KeySet,
        step: &Step,
        now: Timestamp,
        given: Option<&NewKey>,
    ) -> Result<(KeySet, Option<KeyChange>), KeyError> {
        let set = set.clone();
        match step {
            Step::Announce(algorithm, after) => {
                let key = self.new_key(&set, *algorithm, given).await?;
                let change = KeyChange::Created { kid: key.kid.clone(), algorithm: *algorithm };
                Ok((set.with(key.record().announced(now, *after).build()?)?, Some(change)))
            }
            Step::Begin(algorithm, period) => {
                let key = self.new_key(&set, *algorithm, given).await?;
                let change = KeyChange::Created { kid: key.kid.clone(), algorithm: *algorithm };
                let record = key.record().published(now, period.published_until);
                Ok((set.with(record.signs(period.from, period.until).build()?)?, Some(change)))
            }
            Step::Schedule(kid, period) => {
                let set = changed(set, kid, |key| Ok(key.scheduled(*period)?))?;
                Ok((set, Some(KeyChange::Scheduled { kid: kid.clone(), from: period.from })))
            }
            Step::BringForward(kid) => {
                let set = changed(set, kid, |key| Ok(key.brought_forward(now)?))?;
                Ok((set, Some(KeyChange::Scheduled { kid: kid.clone(), from: now })))
            }
            Step::Retire(kid, because) => Ok((changed(set, kid, |key| Ok(key.retire(now, because)))?, None)),
            Step::Drop(kid) => {
                if !self.forget(&set, kid, now).await? {
                    return Ok((set, None));
                }
                let set = set.changed(|key| (key.kid() != kid).then_some(Ok::<_, KeyError>(key)))?;
                Ok((set, Some(KeyChange::Removed { kid: kid.clone() })))
            }
        }
    }

    /// Before the record goes: a key of a signer that no record names would stay for ever. Whether it is time: a signer that
    /// refuses to delete is not asked all the time.
    async fn forget(&self, set: &KeySet, kid: &KeyId, now: Timestamp) -> Result<bool, KeyError> {
        let key = set.keys().iter().find(|key| key.kid() == kid);
        let Some(PrivateKey::Signer(reference)) = key.map(KeyRecord::private) else { return Ok(true) };
        let Some(signer) = self.signer(&reference.name) else { return Ok(true) };
        if !self.bench.may_delete(kid, now) {
            return Ok(false);
        }
        if let Err(error) = signer.delete(&reference.key).await {
            self.bench.would_not_delete(kid, now);
            return Err(error.into());
        }
        Ok(true)
    }

    async fn new_key(
        &self,
        set: &KeySet,
        algorithm: SigningAlgorithm,
        given: Option<&NewKey>,
    ) -> Result<NewKey, KeyError> {
        if let Some(given) = given.filter(|given| given.algorithm == algorithm) {
            return Ok(given.clone());
        }
        let spare = self.spare().iter().find(|key| key.algorithm == algorithm && !key.is_in(set)).cloned();
        if let Some(spare) = spare {
            return Ok(spare);
        }
        let made = self.make(algorithm).await?;
        self.spare().push(made.clone());
        Ok(made)
    }

    pub(super) fn spare(&self) -> MutexGuard<'_, Vec<NewKey>> {
        lock(&self.bench.spare)
    }

    /// Whoever makes keys holds this while it does.
    pub(super) fn attending(&self) -> Attending<'_> {
        self.bench.attending.fetch_add(1, Ordering::AcqRel);
        Attending(&self.bench.attending)
    }

    pub(super) fn signer(&self, name: &str) -> Option<&Arc<dyn Signer>> {
        self.signers.iter().find(|signer| signer.name() == name)
    }

    async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, KeyError> {
        if let Some(signer) = self.signers.last() {
            let made = signer.create(algorithm).await?;
            return match NewKey::of_signer(&**signer, algorithm, &made) {
                Ok(key) => Ok(key),
                Err(error) => {
                    // The mistake is what counts, whether or not its traces can be removed.
                    let _ = signer.delete(made.key()).await;
                    Err(error)
                }
            };
        }
        let generate = move || SigningKey::generate(algorithm, SystemEntropy::new().as_ring());
        let made = match &self.executor {
            Some(executor) if algorithm.is_rsa() => run_blocking(&**executor, generate).await??,
            None if algorithm.is_rsa() => return Err(KeyError::NeedsExecutor(algorithm)),
            Some(_) | None => generate()?,
        };
        self.sealed(algorithm, made)
    }

    /// A key whose private half is here now, and will be sealed in the store.
    pub(super) fn sealed(
        &self,
        algorithm: SigningAlgorithm,
        GeneratedKey { pkcs8, public }: GeneratedKey,
    ) -> Result<NewKey, KeyError> {
        let kid = KeyId::new(thumbprint(&public))?;
        let context = sealing_context(&self.issuer, &kid, algorithm);
        let sealed = self.host_keys.seal(&context, &pkcs8, &*self.entropy)?;
        Ok(NewKey { algorithm, kid, public, private: PrivateKey::Sealed(sealed) })
    }

    /// Takes from the bench what has come into the key set, and gives up what is not needed since another process was first.
    pub(super) async fn tidy(&self, set: &KeySet, now: Timestamp) -> Vec<KeyError> {
        {
            let mut spare = self.spare();
            spare.retain(|key| !key.is_in(set));
            // What another one at work here is about to write is not for this one to take away, and what may have been written
            // shows in the set after a while.
            if self.bench.is_calm(now) {
                lock(&self.bench.doomed).append(&mut spare);
            }
        }
        let mut failures = Vec::new();
        let doomed = std::mem::take(&mut *lock(&self.bench.doomed));
        for key in doomed.into_iter().filter(|key| !key.is_in(set)) {
            let PrivateKey::Signer(reference) = &key.private else { continue };
            let Some(signer) = self.signer(&reference.name) else { continue };
            if self.bench.may_delete(&key.kid, now) {
                let Err(error) = signer.delete(&reference.key).await else { continue };
                self.bench.would_not_delete(&key.kid, now);
                failures.push(error.into());
            }
            lock(&self.bench.doomed).push(key);
        }
        failures
    }

    /// A write whose outcome nobody knows.
    pub(super) fn is_unsure(&self, now: Timestamp) {
        self.bench.unsure_at.store(now.as_unix(), Ordering::Relaxed);
    }

    /// Seals every private key under the newest host key, so that an older one may go.
    pub(super) fn reseal(&self, set: &mut KeySet, changes: &mut Vec<KeyChange>) -> Result<(), KeyError> {
        let Some(newest) = self.host_keys.ids().next() else { return Ok(()) };
        let mut resealed = Vec::new();
        *set = set.clone().changed(|key| Some(self.resealed(key, newest, &mut resealed)))?;
        changes.extend(resealed);
        Ok(())
    }

    fn resealed(
        &self,
        key: KeyRecord,
        newest: &HostKeyId,
        changes: &mut Vec<KeyChange>,
    ) -> Result<KeyRecord, KeyError> {
        let algorithm = SigningAlgorithm::from_name(key.alg());
        let (Some(algorithm), PrivateKey::Sealed(sealed)) = (algorithm, key.private()) else {
            return Ok(key);
        };
        if sealed.host_key() == newest || key.retired().is_some() {
            return Ok(key);
        }
        let context = sealing_context(&self.issuer, key.kid(), algorithm);
        let opened = self.host_keys.open(&context, sealed);
        let pkcs8 = opened.map_err(|source| KeyError::Unseal { kid: key.kid().clone(), source })?;
        let sealed = self.host_keys.seal(&context, &pkcs8, &*self.entropy)?;
        changes.push(KeyChange::Resealed { kid: key.kid().clone(), host_key: newest.clone() });
        Ok(key.resealed(sealed))
    }
}

impl NewKey {
    /// The public half has to be of the algorithm that was asked for.
    fn of_signer(
        signer: &dyn Signer,
        algorithm: SigningAlgorithm,
        made: &SignerKey,
    ) -> Result<Self, KeyError> {
        let public = made.public();
        let is_named = (1..=2048).contains(&made.key().len());
        if public.algorithm().as_str() != algorithm.as_str() || !is_named {
            return Err(KeyError::SignerKey(signer.name().to_owned()));
        }
        let public = public.members().clone();
        Ok(Self {
            algorithm,
            kid: KeyId::new(thumbprint(&public))?,
            public,
            private: PrivateKey::Signer(SignerReference::new(signer.name(), made.key())),
        })
    }

    fn is_in(&self, set: &KeySet) -> bool {
        set.keys().iter().any(|held| *held.kid() == self.kid)
    }

    fn record(&self) -> KeyRecordBuilder {
        let public = self.public.to_json();
        KeyRecord::builder(self.kid.clone(), self.algorithm.as_str(), public, self.private.clone())
    }
}

/// The set with one key changed.
fn changed(
    set: KeySet,
    kid: &KeyId,
    mut change: impl FnMut(KeyRecord) -> Result<KeyRecord, KeyError>,
) -> Result<KeySet, KeyError> {
    if set.keys().iter().all(|key| key.kid() != kid) {
        return Err(KeyError::Unknown(kid.clone()));
    }
    set.changed(|key| Some(if key.kid() == kid { change(key) } else { Ok(key) }))
}
