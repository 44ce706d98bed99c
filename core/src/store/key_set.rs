//! The signing keys of one issuer.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::document::{self, Unknown};
use super::key_record::{KeyDocument, KeyRecord};
use crate::types::InvalidValue;

/// All signing keys of an issuer: those to come, the current ones and those whose tokens still live.
#[derive(Clone, PartialEq)]
pub struct KeySet(KeySetDocument);

/// Version 1.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct KeySetDocument {
    v: u32,
    #[serde(with = "records")]
    keys: Vec<KeyRecord>,
    #[serde(flatten)]
    unknown: Unknown,
}

impl KeySet {
    /// The same set with one key more; what this release does not know of it stays.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for a kid that is taken.
    pub fn with(mut self, key: KeyRecord) -> Result<Self, InvalidValue> {
        self.0.keys.push(key);
        self.checked()
    }

    /// The keys, in the order in which they were added.
    #[must_use]
    pub fn keys(&self) -> &[KeyRecord] {
        &self.0.keys
    }

    /// The text for a store to keep: JSON with a version inside.
    ///
    /// # Errors
    ///
    /// [`StoreError::corrupt`] if it cannot be written, which no set made here brings about.
    pub fn to_document(&self) -> Result<String, StoreError> {
        document::write(&self.0)
    }

    /// The set from the text that a store kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::corrupt`] for another version and for anything that breaks the rules of a set.
    pub fn from_document(text: &str) -> Result<Self, StoreError> {
        Self(document::read("key set", text)?).checked().map_err(StoreError::corrupt)
    }

    /// The same set with every key as `change` gives it back, and without those of which it gives nothing.
    pub(crate) fn changed<E: From<InvalidValue>>(
        mut self,
        change: impl FnMut(KeyRecord) -> Option<Result<KeyRecord, E>>,
    ) -> Result<Self, E> {
        let keys = std::mem::take(&mut self.0.keys);
        self.0.keys = keys.into_iter().filter_map(change).collect::<Result<_, E>>()?;
        Ok(self.checked()?)
    }

    fn checked(self) -> Result<Self, InvalidValue> {
        let mut kids: Vec<_> = self.keys().iter().map(KeyRecord::kid).collect();
        kids.sort_unstable();
        kids.dedup();
        if kids.len() != self.keys().len() {
            return Err(InvalidValue::new("kid", "unique in a key set"));
        }
        self.keys().iter().try_for_each(KeyRecord::check)?;
        Ok(self)
    }
}

impl Default for KeySet {
    /// No key at all.
    fn default() -> Self {
        Self(KeySetDocument { v: document::VERSION, keys: Vec::new(), unknown: Unknown::new() })
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

/// The keys of a set.
mod records {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{KeyDocument, KeyRecord};

    pub(super) fn serialize<S: Serializer>(keys: &[KeyRecord], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(keys.iter().map(|key| &key.0))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<KeyRecord>, D::Error> {
        Ok(Vec::<KeyDocument>::deserialize(input)?.into_iter().map(KeyRecord).collect())
    }
}
