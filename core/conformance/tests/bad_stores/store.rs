//! A store of documents that keeps every promise, but for the one flaw that it is told to have.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use grantor::store::{KeySet, Revision, StoreError, TokenState};
use grantor::{CredentialId, Timestamp, async_trait};
use grantor_conformance::{Fixture, Planted};

use crate::flaw::Flaw;

pub(crate) type Id = [u8; 32];

/// The last use of each credential, by client and credential.
pub(crate) type Uses = BTreeMap<(String, String), Timestamp>;

/// Document and revision, by id.
pub(crate) type Table = BTreeMap<String, (String, u64)>;

/// What was read under an id.
pub(crate) type Remembered = HashMap<String, Option<(String, u64)>>;

/// What all handles share.
#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) clients: Mutex<Table>,
    pub(crate) issuers: Mutex<Table>,
    /// With the count of uses in the place of a revision.
    pub(crate) initial_access: Mutex<Table>,
    /// How often those were used that were deleted.
    pub(crate) kept_counts: Mutex<HashMap<String, u64>>,
    pub(crate) keys: Mutex<Option<(String, u64)>>,
    pub(crate) claims: Mutex<HashMap<Id, Timestamp>>,
    /// A document, or none once it is revoked, and until when it is kept.
    pub(crate) tokens: Mutex<HashMap<Id, (Option<String>, Timestamp)>>,
    pub(crate) uses: Mutex<Uses>,
    /// The uses that somebody is about to write.
    pub(crate) held_uses: Mutex<HashSet<(String, String)>>,
}

/// A handle, with what one with a flaw remembers for itself.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) data: Arc<Data>,
    pub(crate) flaw: Flaw,
    pub(crate) down: bool,
    pub(crate) own_claims: Mutex<HashMap<Id, Timestamp>>,
    pub(crate) read_tokens: Mutex<HashMap<Id, TokenState>>,
    pub(crate) read_keys: Mutex<Option<(KeySet, Revision)>>,
    pub(crate) read_clients: Mutex<Remembered>,
    pub(crate) read_issuers: Mutex<Remembered>,
    pub(crate) read_initial_access: Mutex<Remembered>,
    pub(crate) own_counts: Mutex<HashMap<String, u64>>,
    pub(crate) own_uses: Mutex<Uses>,
    pub(crate) read_uses: Mutex<HashMap<String, Vec<(CredentialId, Timestamp)>>>,
}

impl Store {
    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// Lets others in between a look and a write, as a round trip does.
    pub(crate) fn pause_if(&self, flaw: Flaw) {
        if self.has(flaw) {
            thread::yield_now();
        }
    }

    /// What a call gives while the data cannot be reached: an error, or what the flaw takes it for.
    pub(crate) async fn reach<T>(&self, taken_for: &[(Flaw, Outcome<T>)]) -> Result<Option<T>, StoreError> {
        if !self.down {
            return Ok(None);
        }
        if let Some((_, outcome)) = taken_for.iter().find(|(flaw, _)| self.has(*flaw)) {
            return Ok(Some(outcome()));
        }
        match self.flaw {
            Flaw::HangsWhenDown => pending().await,
            Flaw::CorruptWhenDown => Err(StoreError::corrupt("down")),
            _ => Err(StoreError::unavailable("down")),
        }
    }
}

/// What a call says.
type Outcome<T> = fn() -> T;

pub(crate) fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A fresh store with this flaw.
pub(crate) struct Fresh(pub(crate) Flaw, Arc<Data>);

impl Fresh {
    pub(crate) fn with(flaw: Flaw) -> Self {
        Self(flaw, Arc::default())
    }

    pub(crate) fn handle(&self, down: bool) -> Store {
        Store {
            data: Arc::clone(&self.1),
            flaw: self.0,
            down,
            own_claims: Mutex::default(),
            read_tokens: Mutex::default(),
            read_keys: Mutex::default(),
            read_clients: Mutex::default(),
            read_issuers: Mutex::default(),
            read_initial_access: Mutex::default(),
            own_counts: Mutex::default(),
            own_uses: Mutex::default(),
            read_uses: Mutex::default(),
        }
    }
}

#[async_trait]
impl Fixture for Fresh {
    type Store = Store;

    async fn open(&self) -> Store {
        assert!(!(self.0 == Flaw::PanicsInAThread && thread::current().name().is_none()), "as it should");
        self.handle(false)
    }

    async fn cut_off(&self) -> Option<Store> {
        Some(self.handle(true))
    }

    async fn plant(&self, document: Planted<'_>) -> bool {
        match document {
            Planted::Client { id, document } => {
                lock(&self.1.clients).insert(id.as_str().to_owned(), (document.to_owned(), 7));
            }
            Planted::TrustedIssuer { issuer, document } => {
                lock(&self.1.issuers).insert(issuer.as_str().to_owned(), (document.to_owned(), 7));
            }
            Planted::InitialAccess { id, document } => {
                lock(&self.1.initial_access).insert(id.as_str().to_owned(), (document.to_owned(), 7));
            }
            Planted::Keys { document } => *lock(&self.1.keys) = Some((document.to_owned(), 7)),
            Planted::Token { id, document, until } => {
                lock(&self.1.tokens).insert(*id.as_bytes(), (Some(document.to_owned()), until));
            }
            _ => return false,
        }
        true
    }
}
