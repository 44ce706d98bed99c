//! Claims, tokens and revocations, with their flaws.

use std::sync::Arc;

use grantor::store::{Claim, Insert, StoreError, TokenRecord, TokenState, TokenStore};
use grantor::{ProofId, Timestamp, TokenId, async_trait};

use crate::documents::{kept, read};
use crate::flaw::Flaw;
use crate::store::{Id, Store, lock};

/// How much one that forgets remembers.
pub(crate) const LITTLE: usize = 1000;

impl Store {
    fn id(&self, id: Id) -> Id {
        let length = match self.flaw {
            Flaw::TakesDigestsForOne => 1,
            Flaw::CutsIds => 31,
            Flaw::EndsIdsAtZero => id.iter().position(|byte| *byte == 0).unwrap_or(32),
            _ => 32,
        };
        let mut cut = [0; 32];
        cut[..length].copy_from_slice(&id[..length]);
        cut
    }

    pub(crate) fn until(&self, until: Timestamp) -> Timestamp {
        let seconds = until.as_unix();
        let seconds = match self.flaw {
            Flaw::CutsTimesTo32Bits => i64::from(u32::try_from(seconds & 0x7fff_ffff).unwrap()),
            Flaw::CutsTimesToMinutes => seconds - seconds % 60,
            _ => seconds,
        };
        Timestamp::from_unix(seconds).unwrap()
    }

    fn has_ended(&self, until: Timestamp) -> bool {
        self.has(Flaw::ForgetsWhatHasEnded) && until.as_unix() < 1_900_000_000
    }
}

#[async_trait]
impl TokenStore for Store {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        assert!(!self.has(Flaw::PanicsInACall), "as it should");
        if let Some(wrong) = self.reach(&[(Flaw::FirstWhenDown, || Claim::First)]).await? {
            return Ok(wrong);
        }
        let (id, until) = (self.id(*proof.as_bytes()), self.until(until));
        let shared = if self.has(Flaw::KeepsClaimsToItself) { &self.own_claims } else { &self.data.claims };
        if self.has(Flaw::LooksThenClaims) && lock(shared).contains_key(&id) {
            return Ok(Claim::Replayed);
        }
        self.pause_if(Flaw::LooksThenClaims);
        if self.has(Flaw::MixesProofsAndTokens) {
            lock(&self.data.tokens).entry(id).or_insert((None, until));
        }
        let mut claims = lock(shared);
        if let Some(held) = claims.get_mut(&id).filter(|held| !self.has_ended(**held)) {
            match self.flaw {
                Flaw::LooksThenClaims => return Ok(Claim::First),
                Flaw::ReplaysExtend => *held = (*held).max(until),
                Flaw::ReplaysShorten => *held = (*held).min(until),
                _ => {}
            }
            return Ok(Claim::Replayed);
        }
        if self.has(Flaw::ForgetsClaimsUnderLoad) && claims.len() >= LITTLE {
            claims.clear();
        }
        claims.insert(id, until);
        Ok(Claim::First)
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::StoredWhenDown, || Insert::Done)]).await? {
            return Ok(wrong);
        }
        let (id, until) = (self.id(*token.as_bytes()), self.until(record.until()));
        let document = kept(self, record.to_document()?);
        if self.has(Flaw::LooksThenStores) && lock(&self.data.tokens).contains_key(&id) {
            return Ok(Insert::Exists);
        }
        self.pause_if(Flaw::LooksThenStores);
        let mut tokens = lock(&self.data.tokens);
        let overwrites = match tokens.get(&id) {
            None => true,
            Some((Some(held), _)) if self.has(Flaw::OverwritesTheUnreadable) => {
                TokenRecord::from_document(held).is_err()
            }
            Some((Some(_), _)) => matches!(self.flaw, Flaw::OverwritesTokens | Flaw::LooksThenStores),
            Some((None, _)) => matches!(self.flaw, Flaw::OverwritesRevocations | Flaw::LooksThenStores),
        };
        if !overwrites {
            return Ok(Insert::Exists);
        }
        if self.has(Flaw::ForgetsTokensUnderLoad) && tokens.len() >= LITTLE {
            tokens.clear();
        }
        tokens.insert(id, (Some(document), until));
        Ok(Insert::Done)
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::AbsentWhenDown, || TokenState::Absent)]).await? {
            return Ok(wrong);
        }
        let id = self.id(*token.as_bytes());
        if let Some(read) = lock(&self.read_tokens).get(&id) {
            return Ok(read.clone());
        }
        let held = lock(&self.data.tokens).get(&id).cloned();
        let state = match held.filter(|(_, until)| !self.has_ended(*until)) {
            None => TokenState::Absent,
            Some((None, _)) => TokenState::Revoked,
            Some((Some(document), _)) => match read(self, &document, TokenRecord::from_document)? {
                None => TokenState::Absent,
                Some(record) => TokenState::Live(Arc::new(record)),
            },
        };
        let remembers = match state {
            TokenState::Absent => self.has(Flaw::RemembersAbsence),
            _ => self.has(Flaw::RemembersState),
        };
        if remembers {
            lock(&self.read_tokens).insert(id, state.clone());
        }
        Ok(state)
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        if self.reach(&[(Flaw::RevokedWhenDown, || ())]).await?.is_some() || self.has(Flaw::RevokesNothing) {
            return Ok(());
        }
        let (id, until) = (self.id(*token.as_bytes()), self.until(until));
        let looked = lock(&self.data.tokens).get(&id).cloned();
        self.pause_if(Flaw::LooksThenRevokes);
        let mut tokens = lock(&self.data.tokens);
        let held = if self.has(Flaw::LooksThenRevokes) { looked } else { tokens.get(&id).cloned() };
        let later = match held {
            None if self.has(Flaw::LeavesNoTombstone) => return Ok(()),
            None => until,
            Some((_, _)) if self.has(Flaw::RevokeShortens) => until,
            Some((Some(_), _)) if self.has(Flaw::RevokeForgetsTheRecord) => until,
            Some((_, held)) => until.max(held),
        };
        if self.has(Flaw::ForgetsTokensUnderLoad) && tokens.len() >= LITTLE {
            tokens.clear();
        }
        tokens.insert(id, (None, later));
        Ok(())
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::PrunedWhenDown, || 0)]).await? {
            return Ok(wrong);
        }
        let goes = |until: Timestamp| match self.flaw {
            Flaw::ExpiresByItself => false,
            Flaw::PrunesLiveRows => true,
            Flaw::PrunesInTheLastSecond => until <= before,
            _ => until < before,
        };
        let mut left = if self.has(Flaw::PrunesWithoutBound) { usize::MAX } else { limit as usize };
        if self.has(Flaw::PrunesHalf) {
            left = left.min(5);
        }
        let claims = choose(&lock(&self.data.claims), &mut left, |until| goes(*until));
        let tokens = choose(&lock(&self.data.tokens), &mut left, |(_, until)| goes(*until));
        let sees = matches!(self.flaw, Flaw::PrunesWhatItSaw | Flaw::CountsWhatItSaw);
        if sees {
            std::thread::yield_now();
        }
        let mut went = 0;
        for id in &claims {
            went += u32::from(remove(&mut lock(&self.data.claims), id, |until| sees || goes(*until)));
        }
        for id in &tokens {
            let still = |(_, until): &(_, Timestamp)| self.has(Flaw::PrunesWhatItSaw) || goes(*until);
            went += u32::from(remove(&mut lock(&self.data.tokens), id, still));
        }
        Ok(match self.flaw {
            Flaw::CountsWhatItSaw => (claims.len() + tokens.len()) as u32,
            Flaw::CountsOneTooMany if went > 1 => went - 1,
            _ => went.min(limit),
        })
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

type Table<V> = std::collections::HashMap<Id, V>;

fn choose<V>(table: &Table<V>, left: &mut usize, goes: impl Fn(&V) -> bool) -> Vec<Id> {
    let chosen: Vec<Id> =
        table.iter().filter(|(_, held)| goes(held)).map(|(id, _)| *id).take(*left).collect();
    *left -= chosen.len();
    chosen
}

/// Removes it if it still may go, under the lock that the caller holds.
fn remove<V>(table: &mut Table<V>, id: &Id, goes: impl Fn(&V) -> bool) -> bool {
    table.get(id).is_some_and(goes) && table.remove(id).is_some()
}
