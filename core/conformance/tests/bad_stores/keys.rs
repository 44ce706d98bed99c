//! Key sets, with their flaws.

use grantor::async_trait;
use grantor::store::{KeySet, KeyStore, Replace, Revision, StoreError};

use crate::documents::{kept, read};
use crate::flaw::Flaw;
use crate::store::{Store, lock};

#[async_trait]
impl KeyStore for Store {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        let fresh = || (KeySet::default(), Revision::ABSENT);
        if let Some(wrong) = self.reach(&[(Flaw::EmptySetWhenDown, fresh as fn() -> _)]).await? {
            return Ok(wrong);
        }
        if let Some(read) = lock(&self.read_keys).clone() {
            return Ok(read);
        }
        let Some((mut document, revision)) = lock(&self.data.keys).clone() else {
            let start = u64::from(self.has(Flaw::StartsAtOne));
            return Ok((KeySet::default(), Revision::new(start)));
        };
        if self.has(Flaw::TornKeys) {
            std::thread::yield_now();
            document = lock(&self.data.keys).clone().map(|(document, _)| document).unwrap_or(document);
        }
        let Some(keys) = read(self, &document, KeySet::from_document)? else {
            return Ok(fresh());
        };
        if self.has(Flaw::RemembersKeys) {
            *lock(&self.read_keys) = Some((keys.clone(), Revision::new(revision)));
        }
        Ok((keys, Revision::new(revision)))
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::WonWhenDown, || Replace::Won)]).await? {
            return Ok(wrong);
        }
        let document = kept(self, keys.to_document()?);
        let at = |held: &Option<(String, u64)>| held.as_ref().map_or(0, |(_, revision)| *revision);
        let looked = at(&lock(&self.data.keys));
        let looks =
            self.has(Flaw::LooksThenReplaces) || self.has(Flaw::LooksThenReplacesTheFirst) && looked == 0;
        if looks {
            std::thread::yield_now();
        }
        let mut held = lock(&self.data.keys);
        let current = if looks { looked } else { at(&held) };
        let unreadable = held.as_ref().is_some_and(|(held, _)| KeySet::from_document(held).is_err());
        let overwrites = self.has(Flaw::OverwritesTheUnreadable) && unreadable;
        if current != expected.get() && !overwrites && !self.has(Flaw::IgnoresTheRevision) {
            return Ok(Replace::Lost);
        }
        *held = Some((document, expected.next().get()));
        Ok(Replace::Won)
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
