//! Which credentials are in use, noted in passing: the request pays for a look into memory, and the store hears of it later.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Inner;
use crate::event::{Event, RequestTrail};
use crate::store::{Client, CredentialUse};
use crate::types::{ClientId, CredentialId, Timestamp};

/// A use within that time of one that was noted is not noted.
const COARSE: Duration = Duration::from_secs(3600);
/// How long before its end a credential that is in use is warned of.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);
/// As many locks, so that requests seldom meet at one.
const SHARDS: usize = 16;
/// How many clients each holds at most. More, within one hour, are not noted.
const CLIENTS_A_SHARD: usize = 16 * 1024;
/// How many seconds pass between two looks for those that may be forgotten.
const SWEEP_EVERY: u64 = 60;
/// How many uses the store is told of at a time.
const TOLD_AT_ONCE: usize = 1000;

/// The credentials that were used lately.
#[derive(Debug)]
pub(crate) struct UsageNotes {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// Whether there is a store to be told.
    is_kept: bool,
}

#[derive(Debug, Default)]
struct Shard {
    noted: HashMap<ClientId, Vec<(CredentialId, Timestamp)>>,
    untold: Vec<CredentialUse>,
    swept_at: Option<Timestamp>,
}

impl UsageNotes {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new(), is_kept }
    }

    /// Whether this use is the first one for an hour.
    fn note(&self, client: &ClientId, credential: &CredentialId, now: Timestamp) -> bool {
        let Some(mut shard) = self.shard(client) else { return false };
        let is_first = shard.note(client, credential, now);
        if is_first && self.is_kept {
            shard.tell(CredentialUse::new(client.clone(), credential.clone(), now));
        }
        is_first
    }

    /// What the store has not been told, and is told now.
    pub(super) fn untold(&self) -> Vec<CredentialUse> {
        let mut uses = Vec::new();
        for shard in &self.shards {
            let untold = &mut lock(shard).untold;
            let most = untold.len().min(TOLD_AT_ONCE - uses.len());
            uses.extend(untold.drain(..most));
        }
        // Each credential once, by its latest use.
        uses.sort_by(|one, other| {
            let names = one.client.cmp(&other.client).then_with(|| one.credential.cmp(&other.credential));
            names.then(other.at.cmp(&one.at))
        });
        uses.dedup_by(|later, kept| later.client == kept.client && later.credential == kept.credential);
        uses
    }

    /// The store could not be told these.
    pub(super) fn take_back(&self, uses: Vec<CredentialUse>) {
        for one in uses {
            if let Some(mut shard) = self.shard(&one.client) {
                shard.tell(one);
            }
        }
    }

    fn shard(&self, client: &ClientId) -> Option<MutexGuard<'_, Shard>> {
        let at = self.hasher.hash_one(client) % SHARDS as u64;
        self.shards.get(usize::try_from(at).ok()?).map(lock)
    }
}

impl Shard {
    fn note(&mut self, client: &ClientId, credential: &CredentialId, now: Timestamp) -> bool {
        if let Some(notes) = self.noted.get_mut(client) {
            match notes.iter_mut().find(|(noted, _)| noted == credential) {
                Some((_, at)) if is_recent(*at, now) => return false,
                Some((_, at)) => *at = now,
                None => {
                    notes.retain(|(_, at)| is_recent(*at, now));
                    notes.push((credential.clone(), now));
                }
            }
            return true;
        }
        if self.noted.len() >= CLIENTS_A_SHARD {
            // Looking through all of them is not for every request.
            if self.swept_at.is_none_or(|at| now.as_unix().abs_diff(at.as_unix()) >= SWEEP_EVERY) {
                self.noted.retain(|_, notes| notes.iter().any(|(_, at)| is_recent(*at, now)));
                self.swept_at = Some(now);
            }
            if self.noted.len() >= CLIENTS_A_SHARD {
                return false;
            }
        }
        self.noted.insert(client.clone(), vec![(credential.clone(), now)]);
        true
    }

    /// Bounded, for a store that is away for long.
    fn tell(&mut self, used: CredentialUse) {
        if self.untold.len() < CLIENTS_A_SHARD {
            self.untold.push(used);
        }
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.as_unix().abs_diff(at.as_unix()) < COARSE.as_secs()
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// A client has proved itself, and no replay did.
    pub(super) fn note_use(self: &Arc<Self>, client: &Client, trail: &RequestTrail, now: Timestamp) {
        self.note_first_use(client);
        let Some(credential) = &trail.credential else { return };
        if !self.usage.note(client.id(), credential, now) {
            return;
        }
        self.report(&Event::CredentialUsed { client_id: client.id(), credential });
        let held = client.credentials().iter().find(|held| held.id() == credential);
        let ends = held.and_then(crate::store::Credential::expires_at);
        if let Some(expires_at) = ends.filter(|end| *end <= now.plus(ENDS_SOON)) {
            self.report(&Event::CredentialExpiring { client_id: client.id(), credential, expires_at });
        }
    }
}
