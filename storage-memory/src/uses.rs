//! When each credential was last used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use grantor::store::{CredentialUsage, CredentialUse, StoreError};
use grantor::{ClientId, CredentialId, Timestamp, async_trait};

use crate::memory_store::{CAVEAT, MemoryStore};

/// Under one lock: no request waits for it, and a process tells of each credential once an hour.
///
/// The one part that makes room by forgetting. It is information, on which no token hangs, and what was in use lately
/// is what matters of it.
pub(crate) struct Uses {
    held: Mutex<Held>,
    most: usize,
}

/// Both hold the same uses at all times.
#[derive(Default)]
struct Held {
    by_client: BTreeMap<ClientId, BTreeMap<CredentialId, Timestamp>>,
    by_time: BTreeSet<(Timestamp, ClientId, CredentialId)>,
}

impl Uses {
    pub(crate) fn new(most: usize) -> Self {
        Self { held: Mutex::default(), most }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().by_time.len()
    }

    pub(crate) fn forget(&self, client: &ClientId) {
        let mut held = self.lock();
        for (credential, at) in held.by_client.remove(client).unwrap_or_default() {
            held.by_time.remove(&(at, client.clone(), credential));
        }
    }

    fn touch(&self, uses: &[CredentialUse]) {
        let mut held = self.lock();
        for used in uses {
            held.keep_later(used);
            if held.by_time.len() > self.most {
                held.forget_oldest();
            }
        }
    }

    fn last_used(&self, client: &ClientId) -> Vec<(CredentialId, Timestamp)> {
        let held = self.lock();
        let uses = held.by_client.get(client).into_iter().flatten();
        uses.map(|(credential, at)| (credential.clone(), *at)).collect()
    }

    /// Nothing can panic half way through a change, so what a poisoned lock guards is whole.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn keep_later(&mut self, used: &CredentialUse) {
        let CredentialUse { client, credential, at, .. } = used;
        let of_client = self.by_client.entry(client.clone()).or_default();
        let before = of_client.get(credential).copied();
        if before >= Some(*at) {
            return;
        }
        of_client.insert(credential.clone(), *at);
        if let Some(before) = before {
            self.by_time.remove(&(before, client.clone(), credential.clone()));
        }
        self.by_time.insert((*at, client.clone(), credential.clone()));
    }

    fn forget_oldest(&mut self) {
        let Some((_, client, credential)) = self.by_time.pop_first() else { return };
        if let Some(of_client) = self.by_client.get_mut(&client) {
            of_client.remove(&credential);
            if of_client.is_empty() {
                self.by_client.remove(&client);
            }
        }
    }
}

#[async_trait]
impl CredentialUsage for MemoryStore {
    async fn touch(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        self.parts().uses.touch(uses);
        Ok(())
    }

    async fn last_used(&self, client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        Ok(self.parts().uses.last_used(client))
    }

    fn caveats(&self) -> Vec<String> {
        vec![CAVEAT.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Uses {
        /// By client and credential, once both ways of holding them have been compared.
        fn whole(&self) -> BTreeMap<(String, String), i64> {
            let held = self.lock();
            let flat = held.by_client.iter().flat_map(|(client, uses)| {
                assert!(!uses.is_empty(), "a client without a use takes no place");
                uses.iter().map(move |(credential, at)| (*at, client.clone(), credential.clone()))
            });
            let flat: BTreeSet<_> = flat.collect();
            assert_eq!(flat, held.by_time, "both hold the same");
            let text = |(at, client, credential): (Timestamp, ClientId, CredentialId)| {
                ((client.as_str().to_owned(), credential.as_str().to_owned()), at.as_unix())
            };
            flat.into_iter().map(text).collect()
        }
    }

    /// 5000 steps against a plain map.
    #[test]
    fn behaves_like_a_plain_map_that_forgets_the_oldest() {
        let uses = Uses::new(30);
        let mut model: BTreeMap<(String, String), i64> = BTreeMap::new();
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for step in 0..5000 {
            let (client, credential) = (format!("client-{}", random(9)), format!("secret-{}", random(9)));
            if random(20) == 0 {
                uses.forget(&ClientId::new(client.as_str()).unwrap());
                model.retain(|(of, _), _| *of != client);
            } else {
                // Times that no two uses share, so that there is one oldest.
                let at = i64::try_from(random(1000)).expect("below 1000") * 100_000 + step;
                let (id, name) = (ClientId::new(client.as_str()), CredentialId::new(credential.as_str()));
                uses.touch(&[CredentialUse::new(
                    id.unwrap(),
                    name.unwrap(),
                    Timestamp::from_unix(at).unwrap(),
                )]);
                let held = model.entry((client, credential)).or_insert(at);
                *held = at.max(*held);
                if model.len() > 30 {
                    let oldest = model.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone());
                    model.remove(&oldest.unwrap());
                }
            }
            assert_eq!(uses.whole(), model, "step {step}");
        }
    }
}
