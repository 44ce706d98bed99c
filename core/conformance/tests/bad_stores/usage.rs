//! When credentials were last used, with the flaws of that.

use std::thread;

use grantor::store::{CredentialUsage, CredentialUse, StoreError};
use grantor::{ClientId, CredentialId, Timestamp, async_trait};

use crate::flaw::Flaw;
use crate::records::is_like;
use crate::store::{Store, Uses, lock};
use crate::tokens::LITTLE;

/// How often one that holds what others want looks for what it wants itself, before it gives up.
const LOOKS: usize = 200;

impl Store {
    fn use_key(&self, client: &ClientId, credential: &CredentialId) -> (String, String) {
        let (client, credential) = (self.key(client.as_str()), credential.as_str());
        match self.flaw {
            Flaw::MixesClients => (String::new(), credential.to_owned()),
            Flaw::FoldsCaseOfCredentials => (client, credential.to_lowercase()),
            Flaw::CutsLongCredentials => (client, credential[..credential.len().min(63)].to_owned()),
            Flaw::JoinsIds => (format!("{client}.{credential}"), String::new()),
            _ => (client, credential.to_owned()),
        }
    }

    /// What one finds who looks for this client.
    fn found(&self, client: &ClientId) -> Vec<(String, Timestamp)> {
        let (held, key) = (lock(self.uses()), self.key(client.as_str()));
        let of = |goes: &dyn Fn(&str) -> bool| {
            let found = held.iter().filter(|((client, _), _)| goes(client));
            found.map(|((_, credential), at)| (credential.clone(), *at)).collect()
        };
        match self.flaw {
            Flaw::MixesClients => of(&|_| true),
            Flaw::FindsUsesByPattern => of(&|held| is_like(held, &key)),
            Flaw::JoinsIds => {
                let rest = |held: &String| held.strip_prefix(&format!("{key}.")).map(str::to_owned);
                held.iter().filter_map(|((joined, _), at)| Some((rest(joined)?, *at))).collect()
            }
            _ => held
                .range((key.clone(), String::new())..)
                .take_while(|((client, _), _)| *client == key)
                .map(|((_, credential), at)| (credential.clone(), *at))
                .collect(),
        }
    }

    fn uses(&self) -> &std::sync::Mutex<Uses> {
        if self.has(Flaw::KeepsUsesToItself) { &self.own_uses } else { &self.data.uses }
    }

    /// Takes the rows one after the other, as they come, and keeps them until all are written.
    fn hold_all(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        let mut mine = Vec::new();
        for one in uses {
            let key = self.use_key(&one.client, &one.credential);
            let is_free = (0..LOOKS).any(|_| {
                thread::yield_now();
                lock(&self.data.held_uses).insert(key.clone())
            });
            if !is_free {
                self.let_go(&mine);
                return Err(StoreError::unavailable("deadlock detected"));
            }
            mine.push(key);
        }
        self.let_go(&mine);
        Ok(())
    }

    fn let_go(&self, mine: &[(String, String)]) {
        lock(&self.data.held_uses).retain(|held| !mine.contains(held));
    }
}

#[async_trait]
impl CredentialUsage for Store {
    async fn touch(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        if self.reach(&[(Flaw::TouchedWhenDown, || ())]).await?.is_some() {
            return Ok(());
        }
        if self.has(Flaw::HoldsInTheOrderOfTheBatch) {
            self.hold_all(uses)?;
        }
        let looks = matches!(self.flaw, Flaw::LooksThenTouches | Flaw::WritesAllOfAClient);
        let looked = if looks { lock(self.uses()).clone() } else { Uses::new() };
        self.pause_if(Flaw::LooksThenTouches);
        self.pause_if(Flaw::WritesAllOfAClient);
        let mut held = lock(self.uses());
        if self.has(Flaw::ForgetsUsesUnderLoad) && held.len() >= LITTLE {
            held.clear();
        }
        for one in uses.iter().take(if self.has(Flaw::CutsBatches) { 500 } else { usize::MAX }) {
            let key = self.use_key(&one.client, &one.credential);
            if self.has(Flaw::WritesAllOfAClient) {
                let of_others = held.iter().filter(|((client, _), _)| *client != key.0);
                let of_others: Uses = of_others.map(|(key, at)| (key.clone(), *at)).collect();
                let as_looked = looked.iter().filter(|((client, _), _)| *client == key.0);
                let as_looked: Uses = as_looked.map(|(key, at)| (key.clone(), *at)).collect();
                *held = of_others.into_iter().chain(as_looked).collect();
            }
            let at = self.until(one.at);
            let known = if self.has(Flaw::LooksThenTouches) { &looked } else { &*held }.get(&key).copied();
            let is_earlier = match self.flaw {
                Flaw::KeepsTheUseToldLast => false,
                Flaw::KeepsTheUseToldFirst => known.is_some(),
                _ => known > Some(at),
            };
            match is_earlier {
                true if self.has(Flaw::AnEarlierUseEndsTheBatch) => return Ok(()),
                true => {}
                false => drop(held.insert(key, at)),
            }
        }
        Ok(())
    }

    async fn last_used(&self, client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::NoUsesWhenDown, Vec::new as fn() -> _)]).await? {
            return Ok(wrong);
        }
        if let Some(read) = lock(&self.read_uses).get(client.as_str()) {
            return Ok(read.clone());
        }
        let found = self.found(client).into_iter();
        let found: Vec<_> =
            found.filter_map(|(text, at)| Some((CredentialId::new(text).ok()?, at))).collect();
        if self.has(Flaw::FailsOfUnknownClients) && found.is_empty() {
            return Err(StoreError::corrupt("there is no such client"));
        }
        if self.has(Flaw::RemembersUses) {
            lock(&self.read_uses).insert(client.as_str().to_owned(), found.clone());
        }
        Ok(found)
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
