//! Real keys, made once for all tests, as a signer gives them out, and the workshop that takes them from it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;

use crate::clock::Clock;
use crate::entropy::SystemEntropy;
use crate::host_keys::HostKeys;
use crate::jose::{PublicKey, SigningAlgorithm, SigningKey, published, thumbprint};
use crate::keys::{Bench, Rules, Workshop};
use crate::signer::{Signer, SignerError, SignerKey};
use crate::store::KeyStore;
use crate::types::Issuer;

/// The name of every signer here.
pub(super) const SIGNER: &str = "made-keys";

/// The public half of the key of this number. The private one is thrown away: nothing here checks a signature.
fn made(algorithm: SigningAlgorithm, number: usize) -> PublicKey {
    static MADE: OnceLock<Mutex<BTreeMap<&str, Vec<PublicKey>>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let keys = made.entry(algorithm.as_str()).or_default();
    while keys.len() <= number {
        let key = SigningKey::generate(algorithm, SystemEntropy::new().as_ring()).unwrap().public;
        let jwk = published(&key, &thumbprint(&key), algorithm.as_str());
        keys.push(PublicKey::from_jwk(&jwk.to_string()).unwrap());
    }
    keys[number].clone()
}

/// The signer of a world. A key is called by its kid.
#[derive(Debug, Default)]
pub(in crate::keys) struct MadeKeys {
    given: Mutex<usize>,
    deleted: Mutex<Vec<String>>,
}

impl MadeKeys {
    /// The kid of the key that it makes next, if that is the one of this number.
    pub(in crate::keys) fn next_is(&self, number: usize, algorithm: SigningAlgorithm) -> String {
        *self.given.lock().unwrap() = number;
        made(algorithm, number).thumbprint()
    }

    /// What was deleted since the last time.
    pub(super) fn deleted(&self) -> Vec<String> {
        std::mem::take(&mut self.deleted.lock().unwrap())
    }
}

#[async_trait]
impl Signer for MadeKeys {
    fn name(&self) -> &str {
        SIGNER
    }

    async fn create(&self, algorithm: SigningAlgorithm) -> Result<SignerKey, SignerError> {
        let mut given = self.given.lock().unwrap();
        *given += 1;
        let key = made(algorithm, *given - 1);
        Ok(SignerKey::new(key.thumbprint(), key))
    }

    async fn sign(&self, _: &str, _: SigningAlgorithm, _: &[u8]) -> Result<Vec<u8>, SignerError> {
        Err(SignerError::refused("no token is signed here: the choice of the key is what is looked at"))
    }

    async fn delete(&self, key: &str) -> Result<(), SignerError> {
        self.deleted.lock().unwrap().push(key.to_owned());
        Ok(())
    }
}

/// The workshop of a node whose keys are made by `keys`.
pub(in crate::keys) fn workshop(
    store: Arc<dyn KeyStore>,
    keys: &Arc<MadeKeys>,
    clock: Arc<dyn Clock>,
    rules: Arc<Rules>,
) -> Workshop {
    Workshop {
        issuer: Issuer::new("https://auth.example").unwrap(),
        host_keys: HostKeys::ephemeral(),
        store,
        signers: vec![Arc::clone(keys) as _],
        entropy: Arc::new(SystemEntropy::new()),
        clock,
        executor: None,
        rules,
        bench: Bench::default(),
    }
}
