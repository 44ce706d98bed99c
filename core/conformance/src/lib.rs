//! Tests that prove that a store of [Grantor](grantor) keeps its promises.
//!
//! Clients, trusted issuers, initial access tokens, keys, spent proofs and revocations are security state: a store that forgets one, reads a
//! stale one, or takes an outage for an answer honours what must not be honoured, and no test of the happy path shows it.
//! Each promise of [`grantor::store`] is one function here, which says in [`Broken`] what was promised, what it saw and why
//! that matters. The backends of Grantor pass the same functions.
//!
//! # A store of your own
//!
//! Say how to make a fresh store and further handles on it, and one line makes a test of each promise:
//!
//! ```
//! use grantor::async_trait;
//! use grantor_conformance::{Fixture, Planted};
//! # use grantor_storage_memory::MemoryStore as OurStore;
//!
//! struct Fresh(OurStore);
//!
//! #[async_trait]
//! impl Fixture for Fresh {
//!     type Store = OurStore;
//!
//!     async fn open(&self) -> OurStore {
//!         self.0.clone() // for a database, another pool on the same schema
//!     }
//!
//!     async fn cut_off(&self) -> Option<OurStore> {
//!         None // for a database, a pool that is closed
//!     }
//!
//!     async fn plant(&self, _: Planted<'_>) -> bool {
//!         false // for a store of documents, write this one where `find` or `load` looks
//!     }
//! }
//!
//! async fn fresh() -> impl Fixture<Store = OurStore> {
//!     Fresh(OurStore::new()) // for a database, with a schema of its own
//! }
//!
//! grantor_conformance::client_registry!(fresh);
//! grantor_conformance::key_store!(fresh);
//! grantor_conformance::token_store!(fresh);
//! grantor_conformance::credential_usage!(fresh);
//! grantor_conformance::trust_registry!(fresh);
//! grantor_conformance::initial_access_store!(fresh);
//! # fn main() {}
//! ```
//!
//! A store of some of these ports leaves the lines of the others out. Where a server is needed, say so before the name,
//! and it goes to each test: `token_store!(#[ignore = "needs a database"] fresh);`. The lines stand in a module named for
//! the port, and take a name in reach or a path from `crate`.
//!
//! # A read-only store over a table that you have
//!
//! A token request needs no more than [`ClientStore`](grantor::store::ClientStore). Bring it with the clients that it
//! should show:
//!
//! ```
//! # use grantor::store::{AuthMethod, Client, ClientRegistry, Revision};
//! # use grantor::{ClientId, Scope};
//! # use grantor_storage_memory::MemoryStore as OurClients;
//! async fn ours() -> (OurClients, Vec<Client>) {
//!     let shown = Client::builder(ClientId::new("billing").unwrap(), AuthMethod::CLIENT_SECRET_BASIC)
//!         .scope(Scope::parse("read").unwrap())
//!         .build()
//!         .unwrap();
//!     let store = OurClients::new(); // over a table with that client in it
//!     # let _done = ClientRegistry::insert(&store, Revision::new(1), &shown).await;
//!     (store, vec![shown])
//! }
//!
//! grantor_conformance::client_store!(ours);
//! # fn main() {}
//! ```
//!
//! and call [`client_store::an_outage_is_an_error`] on a store whose database is out of reach. Issuers that such a store
//! shows are tested alike, by [`trust_store!`].
//!
//! # What each group proves
//!
//! | group | proves |
//! |---|---|
//! | [`client_store`](mod@client_store) | ids compare byte for byte, records come back whole, nobody else is found |
//! | [`client_registry`](mod@client_registry) | inserts never overwrite, no update is lost, delete is final, one snapshot, whole and ordered listings, documents of other releases |
//! | [`key_store`](mod@key_store) | of any number of writers one wins, also the first time; nothing unreadable passes for an empty set |
//! | [`token_store`](mod@token_store) | one claim is first, nothing is forgotten before its time, revocations are seen at once and stay, pruning takes what has ended and counts it |
//! | [`trust_store`](mod@trust_store) | the same as `client_store` for issuers whose assertions are grants |
//! | [`trust_registry`](mod@trust_registry) | the same as `client_registry` for them |
//! | [`initial_access_store`](mod@initial_access_store) | each token is used as often as it may be and no more, however many use it at once; delete ends it and forgets its count |
//! | [`credential_usage`](mod@credential_usage) | the latest use of each credential stays, in whatever order and however many tell at once; no client sees another's |
//! | [`rate_limiter`](mod@rate_limiter) | each failure counts once, in all processes; another client and another network are not limited with it; nobody waits for longer than one more takes |
//!
//! All but `client_store` and `trust_store` also prove that an outage is an error, within 30 s.
//!
//! Races run on 24 threads, each with a runtime and a handle of its own, that start together, many times over: a look
//! followed by a write is found out almost surely where there is a round trip between the two, and often, not always,
//! where there are but a few instructions, as in memory. Races of one process take turns, so up to 30 handles are open
//! at a time for each test that runs. A function that you call yourself wants a multi-thread runtime of tokio.
//!
//! # A rate limiter of your own
//!
//! One that limits by [`RateLimits`](grantor::RateLimits), as those of the backends do, is tested by
//! `rate_limiter!(fresh)` where `fresh` is an `async fn(RateLimits) -> impl Fixture` and `Store` is the limiter.
//!
//! # An adapter of your own
//!
//! [`vectors`] holds it to the answers that the adapters of Grantor give, to the byte.
//!
//! # What it does not prove
//!
//! Durability: that what was written survives a crash or a fail-over is a matter of how a server is set up, and of
//! tests that kill one. Nor what happens when time passes: but for two checks of rate limiters the kit never waits. It tests removal through
//! [`prune`](grantor::store::TokenStore::prune) alone, with times in the year 2100; a store that expires entries by
//! itself may return 0 and keep them, and must show in tests of its own how long it does.

pub mod client_registry;
pub mod client_store;
pub mod credential_usage;
pub mod initial_access_store;
pub mod key_store;
pub mod rate_limiter;
pub mod token_store;
pub mod trust_registry;
pub mod trust_store;
pub mod vectors;

mod broken;
mod fixture;
mod hostile;
mod ids;
mod outage;
mod race;
mod records;
mod registry;
mod run;
mod tests_of;

pub use broken::Broken;
pub use fixture::{Fixture, Planted};
#[doc(hidden)]
pub use run::run;
