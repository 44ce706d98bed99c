//! Which credentials are in use, noted in passing: the request pays for a look into memory, and the store hears of it later.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
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
/// How many uses the store is told of at a time.
const TOLD_AT_ONCE: usize = 1000;

/// The credentials that were used lately.
#[derive(Debug)]
pub(crate) struct UsageNotes {
    shards: [Mutex<HashMap<ClientId, Vec<Note>>>; SHARDS],
    hasher: RandomState,
}

#[derive(Debug)]
struct Note {
    credential: CredentialId,
    used_at: Timestamp,
    is_told: bool,
}

impl Note {
    fn is_recent(&self, now: Timestamp) -> bool {
        now.as_unix().abs_diff(self.used_at.as_unix()) < COARSE.as_secs()
    }
}

impl UsageNotes {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    /// Whether this use is the first one for an hour.
    fn note(&self, client: &ClientId, credential: &CredentialId, now: Timestamp) -> bool {
        let Some(mut shard) = self.shard(client) else { return false };
        let is_full = shard.len() >= CLIENTS_A_SHARD;
        if let Some(notes) = shard.get_mut(client) {
            match notes.iter_mut().find(|note| note.credential == *credential) {
                Some(note) if note.is_recent(now) => return false,
                Some(note) => (note.used_at, note.is_told) = (now, false),
                None => {
                    notes.retain(|note| note.is_recent(now));
                    notes.push(Note { credential: credential.clone(), used_at: now, is_told: false });
                }
            }
            return true;
        }
        if is_full {
            shard.retain(|_, notes| notes.iter().any(|note| note.is_recent(now)));
            if shard.len() >= CLIENTS_A_SHARD {
                return false;
            }
        }
        let note = Note { credential: credential.clone(), used_at: now, is_told: false };
        shard.insert(client.clone(), vec![note]);
        true
    }

    /// What the store has not been told, and is told now.
    pub(super) fn untold(&self) -> Vec<CredentialUse> {
        let mut uses = Vec::new();
        for shard in &self.shards {
            for (client, notes) in lock(shard).iter_mut() {
                for note in notes.iter_mut().filter(|note| !note.is_told) {
                    if uses.len() >= TOLD_AT_ONCE {
                        return uses;
                    }
                    note.is_told = true;
                    uses.push(CredentialUse::new(client.clone(), note.credential.clone(), note.used_at));
                }
            }
        }
        uses
    }

    /// The store could not be told these.
    pub(super) fn take_back(&self, uses: &[CredentialUse]) {
        for one in uses {
            let Some(mut shard) = self.shard(&one.client) else { continue };
            let notes = shard.get_mut(&one.client).into_iter().flatten();
            for note in notes.filter(|note| note.credential == one.credential) {
                note.is_told = false;
            }
        }
    }

    fn shard(&self, client: &ClientId) -> Option<MutexGuard<'_, HashMap<ClientId, Vec<Note>>>> {
        let at = self.hasher.hash_one(client) % SHARDS as u64;
        self.shards.get(usize::try_from(at).ok()?).map(lock)
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// A client has proved itself, and no replay did.
    pub(super) fn note_use(&self, client: &Client, trail: &RequestTrail, now: Timestamp) {
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
