//! A cache in front of any client store.
//!
//! Of our own and not a library's. A read that began before a change must not land after it, a caller that leaves must
//! not leave the others hanging, and time comes through [`Clock`]. moka 0.12 lets that read land (tried), has a clock
//! of its own and adds 23 crates. `futures_util::future::Shared` loses a waiter where the future wakes itself and the
//! caller that polled it leaves (rust-lang/futures-rs#2706).

mod bounded;
mod builder;
mod flight;
mod registry;
mod shard;

use std::array;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use grantor::store::{Client, ClientStore, StoreError, Versioned};
use grantor::{ClientId, Clock, Timestamp, async_trait};

pub use builder::{ClientCacheBuilder, TimeToLiveRefused};

use flight::{Flight, Passenger, Read};
use shard::{Life, Shard};

const SHARDS: usize = 16;

/// Ids of which the store said that there is no such client. More would only help a flood.
const MOST_UNKNOWN: usize = 1024;

/// Keeps the clients that were read from another store for a few seconds, so that a token request costs no read.
///
/// A clone is a further handle on the same cache. It implements
/// [`ClientRegistry`](grantor::store::ClientRegistry) where the store behind it does.
///
/// ```
/// use grantor::Stores;
/// use grantor_storage_memory::{ClientCache, MemoryStore};
///
/// # let postgres = MemoryStore::new();
/// let stores = Stores::from(postgres.clone()).with_clients(ClientCache::new(postgres));
/// # drop(stores);
/// ```
///
/// # What is cached, and for how long
///
/// A client that was found, up to 10 000 of them, and apart from those up to 1 024 ids of which the store said that
/// there is no such client: a flood of invented ids costs the known clients nothing. **What a find answers was read
/// no longer than the time to live before that find began**: 5 s unless [`ClientCacheBuilder::time_to_live`] says
/// otherwise. Whole seconds are counted from before the read, so an entry may go up to a second sooner.
///
/// Any number of finds of one id that is not cached are one read of the store. A failure of the store reaches all
/// who waited for that read, is never cached, and never makes an old entry last longer.
///
/// # What a change costs
///
/// A change made **through this cache**, or through a clone, is seen by every find that begins after it returned,
/// also where an older read is still on its way. It is the same with [`ClientCache::forget`], for a host that hears
/// of changes otherwise. A change made past it, in another process or by SQL, is seen within the time to live: core
/// judges whether a client is enabled on the record that this answers, so **a client that was disabled elsewhere
/// still gets tokens for that long**. The start-up summary says so.
///
/// # The clock
///
/// Time is the server's [`Clock`], as everywhere, and not a monotonic one: that of Linux stands still while a
/// machine is suspended, and would show a client of before. A clock that is set back keeps nothing alive for ever:
/// an entry counts only from the moment of its read on, by the clock, until its end, so what seems to come from the
/// future is read anew. At the worst an entry that nobody read anew meanwhile is used for one time to live more.
pub struct ClientCache<S>(Arc<Parts<S>>);

struct Parts<S> {
    store: S,
    shards: [RwLock<Shard>; SHARDS],
    /// Chooses the shard. Keyed at random, so that nobody can choose ids that all fall into one.
    choice: RandomState,
    life: Life,
    clock: Arc<dyn Clock>,
}

impl<S: ClientStore> ClientCache<S> {
    /// In front of `store`: at most 10 000 clients, each for 5 s, by the machine's clock.
    pub fn new(store: S) -> Self {
        Self::from_builder(Self::builder(store))
    }

    /// To choose the bound, the time to live or the clock.
    pub fn builder(store: S) -> ClientCacheBuilder<S> {
        ClientCacheBuilder::new(store)
    }

    fn from_builder(builder: ClientCacheBuilder<S>) -> Self {
        let ClientCacheBuilder { store, most, time_to_live, clock } = builder;
        let shard = |_| RwLock::new(Shard::new(most.div_ceil(SHARDS), MOST_UNKNOWN / SHARDS));
        let shards = array::from_fn(shard);
        Self(Arc::new(Parts { store, shards, choice: RandomState::new(), life: Life(time_to_live), clock }))
    }

    /// Drops what is cached of this client. A find that begins afterwards reads the store.
    ///
    /// For a host that learns of changes elsewhere, for example by PostgreSQL's `NOTIFY`.
    pub fn forget(&self, id: &ClientId) {
        self.0.forget(id);
    }

    /// Drops everything, for example when changes may have been missed because a connection was lost.
    pub fn forget_all(&self) {
        for shard in &self.0.shards {
            write(shard).forget_all();
        }
    }
}

#[async_trait]
impl<S: ClientStore> ClientStore for ClientCache<S> {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        match self.0.cached(id) {
            Some(client) => Ok(client),
            None => self.0.board(id).await.map_err(flight::failed),
        }
    }

    fn caveats(&self) -> Vec<String> {
        let seconds = self.0.life.0.as_secs();
        let ours =
            format!("clients are cached for {seconds} s: a change made in another process is seen that late");
        self.0.store.caveats().into_iter().chain([ours]).collect()
    }
}

impl<S> Parts<S> {
    fn shard(&self, id: &ClientId) -> &RwLock<Shard> {
        let [first, ..] = &self.shards;
        let number = self.choice.hash_one(id) % SHARDS as u64;
        usize::try_from(number).ok().and_then(|number| self.shards.get(number)).unwrap_or(first)
    }

    /// What is cached of this client and still counts. `Some(None)`: there is no such client.
    fn cached(&self, id: &ClientId) -> Option<Option<Versioned<Client>>> {
        let now = self.clock.now();
        read(self.shard(id)).cached(id, self.life, now)
    }

    fn forget(&self, id: &ClientId) {
        write(self.shard(id)).forget(id);
    }
}

impl<S: ClientStore> Parts<S> {
    /// The read of this client that is on its way, or else a new one.
    fn board(self: &Arc<Self>, id: &ClientId) -> Passenger {
        let now = self.clock.now();
        let mut shard = write(self.shard(id));
        let (life, clients) = (self.life, Arc::clone(self));
        shard.board(id, life, now, |number| Flight::new(clients.load(id.clone(), number, now)))
    }

    /// Reads the client and caches it, unless it was forgotten meanwhile.
    async fn load(self: Arc<Self>, id: ClientId, number: u64, began: Timestamp) -> Read {
        let landing = Landing { shard: self.shard(&id), id: &id, number };
        let read = self.store.find(&id).await.map_err(Arc::new);
        if let Ok(client) = &read {
            landing.land(client, began);
        }
        read
    }
}

/// However a load ends, by an error, a panic or because all who waited have left, nobody joins it any more.
struct Landing<'a> {
    shard: &'a RwLock<Shard>,
    id: &'a ClientId,
    number: u64,
}

impl Landing<'_> {
    fn land(&self, client: &Option<Versioned<Client>>, began: Timestamp) {
        write(self.shard).land(self.id, self.number, client.clone(), began);
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        write(self.shard).end(self.id, self.number);
    }
}

/// Nothing can panic half way through a change, so what a poisoned lock guards is whole.
fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

/// Shows how much is in it, and none of it.
impl<S: fmt::Debug> fmt::Debug for ClientCache<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held =
            |kind: fn(&Shard) -> usize| self.0.shards.iter().map(|shard| kind(&read(shard))).sum::<usize>();
        f.debug_struct("ClientCache")
            .field("store", &self.0.store)
            .field("time_to_live", &self.0.life.0)
            .field("clients", &held(Shard::known))
            .field("unknown", &held(Shard::unknown))
            .field("reads", &held(Shard::reads))
            .finish()
    }
}

impl<S> Clone for ClientCache<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
