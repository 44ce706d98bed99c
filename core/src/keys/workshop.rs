//! Where the steps of a plan are carried out: keys are made, sealed, scheduled and forgotten.

use std::sync::Arc;

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

/// What reading and changing the key set takes.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) issuer: Issuer,
    pub(crate) host_keys: HostKeys,
    pub(crate) store: Arc<dyn KeyStore>,
    pub(crate) signer: Option<Arc<dyn Signer>>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) executor: Option<Arc<dyn Executor>>,
    pub(crate) rules: Arc<Rules>,
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
    /// Takes the steps on `set`. One that fails is left out, so that none of the others waits for it. Keys are taken from
    /// `spare` before new ones are made.
    pub(super) async fn take(
        &self,
        set: KeySet,
        steps: &[Step],
        now: Timestamp,
        spare: &mut Vec<NewKey>,
    ) -> Draft {
        let mut draft = Draft { set, changes: Vec::new(), failures: Vec::new() };
        for step in steps {
            match self.take_one(&draft.set, step, now, spare).await {
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
        spare: &mut Vec<NewKey>,
    ) -> Result<(KeySet, Option<KeyChange>), KeyError> {
        let set = set.clone();
        match step {
            Step::Announce(algorithm, after) => {
                let key = self.new_key(*algorithm, spare).await?;
                let change = KeyChange::Created { kid: key.kid.clone(), algorithm: *algorithm };
                Ok((set.with(key.record().announced(now, *after).build()?)?, Some(change)))
            }
            Step::Begin(algorithm, period) => {
                let key = self.new_key(*algorithm, spare).await?;
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
                self.forget(&set, kid).await?;
                let set = set.changed(|key| (key.kid() != kid).then_some(Ok::<_, KeyError>(key)))?;
                Ok((set, Some(KeyChange::Removed { kid: kid.clone() })))
            }
        }
    }

    /// Before the record goes: a key of a signer that no record names would stay for ever.
    async fn forget(&self, set: &KeySet, kid: &KeyId) -> Result<(), KeyError> {
        let key = set.keys().iter().find(|key| key.kid() == kid);
        if let (Some(PrivateKey::Signer(reference)), Some(signer)) =
            (key.map(KeyRecord::private), &self.signer)
        {
            signer.delete(&reference.key).await?;
        }
        Ok(())
    }

    async fn new_key(
        &self,
        algorithm: SigningAlgorithm,
        spare: &mut Vec<NewKey>,
    ) -> Result<NewKey, KeyError> {
        if !spare.iter().any(|key| key.algorithm == algorithm) {
            spare.push(self.make(algorithm).await?);
        }
        let found = spare.iter().find(|key| key.algorithm == algorithm).cloned();
        found.ok_or(KeyError::Generate(crate::jose::SignatureError::Generate))
    }

    async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, KeyError> {
        if let Some(signer) = &self.signer {
            return NewKey::of_signer(&**signer, algorithm, &signer.create(algorithm).await?);
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

    /// Gives up keys that were made and are in no key set: the race was lost.
    pub(super) async fn discard(&self, spare: &[NewKey], set: &KeySet) -> Result<(), KeyError> {
        for key in spare.iter().filter(|key| set.keys().iter().all(|held| *held.kid() != key.kid)) {
            if let (PrivateKey::Signer(reference), Some(signer)) = (&key.private, &self.signer) {
                signer.delete(&reference.key).await?;
            }
        }
        Ok(())
    }

    /// Seals every private key under the newest host key, so that an older one may go.
    pub(super) fn reseal(&self, draft: &mut Draft) -> Result<(), KeyError> {
        let Some(newest) = self.host_keys.ids().next() else { return Ok(()) };
        let changes = &mut draft.changes;
        draft.set = draft.set.clone().changed(|key| Some(self.resealed(key, newest, changes)))?;
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
        if public.algorithm().as_str() != algorithm.as_str() {
            return Err(KeyError::SignerKey(signer.name().to_owned()));
        }
        let public = PublicMembers::from_json(&public.to_json());
        let public = public.ok_or_else(|| KeyError::SignerKey(signer.name().to_owned()))?;
        Ok(Self {
            algorithm,
            kid: KeyId::new(thumbprint(&public))?,
            public,
            private: PrivateKey::Signer(SignerReference::new(signer.name(), made.key())),
        })
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
