//! The key set and its revision, under one lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use grantor::async_trait;
use grantor::store::{KeySet, KeyStore, Replace, Revision, StoreError};

use crate::memory_store::{CAVEAT, MemoryStore};

/// Empty at [`Revision::ABSENT`] to begin with.
#[derive(Default)]
pub(crate) struct Keys(Mutex<(KeySet, Revision)>);

impl Keys {
    fn lock(&self) -> MutexGuard<'_, (KeySet, Revision)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyStore for MemoryStore {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        Ok(self.parts().keys.lock().clone())
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        let keys = keys.clone();
        let mut held = self.parts().keys.lock();
        if held.1 != expected {
            return Ok(Replace::Lost);
        }
        *held = (keys, expected.next());
        Ok(Replace::Won)
    }

    fn caveats(&self) -> Vec<String> {
        vec![CAVEAT.to_owned()]
    }
}
