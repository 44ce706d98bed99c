//! The key set and its revision, in one key.

use grantor::async_trait;
use grantor::store::{KeySet, KeyStore, Replace, Revision, StoreError};

use crate::scripts::REPLACE;
use crate::store::RedisStore;
use crate::stored;

#[async_trait]
impl KeyStore for RedisStore {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        let key = &self.parts().layout.key_set;
        let held = self.parts().access.read(key, redis::cmd("GET").arg(&key.name)).await?;
        let Some(held) = held else { return Ok((KeySet::default(), Revision::ABSENT)) };
        let (revision, document) = stored::read(&held)?;
        Ok((KeySet::from_document(document)?, revision))
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        let key = &self.parts().layout.key_set;
        let next = stored::write(expected.next(), &keys.to_document()?);
        let expected = expected.get().to_string();
        match self.parts().access.write(&REPLACE, &[key], &[expected.as_bytes(), &next]).await? {
            1 => Ok(Replace::Won),
            _ => Ok(Replace::Lost),
        }
    }

    fn caveats(&self) -> Vec<String> {
        self.parts().caveats.clone()
    }
}
