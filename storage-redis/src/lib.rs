//! Redis storage for [Grantor](grantor): one server, Sentinel or Cluster, shared by all processes of an issuer.
//!
//! [`RedisStore`] implements [`ClientStore`](grantor::store::ClientStore),
//! [`ClientRegistry`](grantor::store::ClientRegistry), [`KeyStore`](grantor::store::KeyStore),
//! [`TokenStore`](grantor::store::TokenStore), [`TrustStore`](grantor::store::TrustStore),
//! [`TrustRegistry`](grantor::store::TrustRegistry), [`InitialAccessStore`](grantor::store::InitialAccessStore) and
//! [`CredentialUsage`](grantor::store::CredentialUsage). It may be all of the [`Stores`](grantor::Stores), or keep the tokens
//! beside all else in a database:
//! `Stores::from(postgres).with_tokens(redis)`. [`RedisStore::rate_limiter`] gives a [`RateLimiter`](grantor::RateLimiter)
//! over the same connections.
//!
//! ```no_run
//! use grantor::Stores;
//! use grantor_storage_redis::{RedisStore, redis};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = redis::Client::open("redis://:password@redis.internal:6379")?;
//! let store = RedisStore::single(client).prefix("auth.example.com").build()?;
//! store.check().await?; // only to learn at once what is wrong
//! let stores = Stores::from(store);
//! # Ok(())
//! # }
//! ```
//!
//! It needs Redis 6 or newer (or Valkey) and speaks RESP3. It is tested on 7.0. The `Client` is that of the [`redis`]
//! crate which this one brings along, or of the same major version; the feature `tls` is for `rediss://` by rustls, whose
//! cryptography provider the program installs at its start.
//!
//! # What a crash or a fail-over loses
//!
//! The promises of the storage traits hold with `appendonly yes`, `appendfsync always`, `no-appendfsync-on-rewrite no`,
//! `maxmemory-policy noeviction` and no fail-over. The settings of a server are read over each new connection, before
//! the first command goes there; a server that is set up for a loss is refused, each call is
//! [`unavailable`](grantor::store::StoreError::unavailable) and its source names the setting and the remedy, until it
//! is set right or the loss is [accepted](RedisStoreBuilder::accept_loss). What is changed while a connection lasts is
//! seen with the next one.
//!
//! | Setting | Redis is killed | Its machine crashes | Fail-over | To be accepted |
//! |---|---|---|---|---|
//! | `appendonly yes`, `appendfsync always` | nothing | nothing | there is none | |
//! | `appendfsync everysec` | nothing | the last second, two on a slow disk | there is none | [`Loss::LastSecond`] |
//! | `appendfsync no`; `no-appendfsync-on-rewrite yes` while it rewrites | nothing | what is not yet on the disk, about 30 s on Linux | there is none | [`Loss::Unflushed`] |
//! | `appendonly no` | all since the last snapshot, or all | the same | there is none | [`Loss::SinceSnapshot`] |
//! | Sentinel, Cluster with replicas, managed services with them | as its other settings | as its other settings | what the old primary acknowledged and the new one had not got; in a partition all that the old one accepts until it notices | [`Loss::FailOver`] and that of the other settings |
//! | any `maxmemory-policy` but `noeviction` | | | | never: it drops claims whenever memory is short |
//!
//! A lost claim is an assertion that can be spent once more until it expires. A lost revocation is a token that lives
//! again until it expires. A lost opaque token is inactive. A lost change of a client, a trusted issuer, an initial access
//! token or the keys is one that was never made, and a lost use of an initial access token is one that it has once more: keep
//! these in a database where you accept a loss here. What is accepted shows in the start-up
//! summary.
//!
//! What narrows a fail-over's loss and does not close it:
//!
//! - [`wait_for_replicas`](RedisStoreBuilder::wait_for_replicas) fails a write that too few replicas have (`WAIT`);
//! - `min-replicas-to-write 1` and `min-replicas-max-lag 10` at the servers let a primary that was cut off from its
//!   replicas refuse writes after that many seconds, which ends what a partition can lose;
//! - in a Cluster a low `cluster-node-timeout` lets the minority side stop sooner.
//!
//! Managed services often hide `CONFIG`, and most have replicas and no append-only file. What can be read is checked;
//! for the rest the host gives its word: [`vouch_for_settings`](RedisStoreBuilder::vouch_for_settings).
//!
//! What else loses, whatever the settings are:
//!
//! - **The clock of the server.** Redis forgets by its own clock. Where that is more than 15 minutes ahead of Grantor's,
//!   a claim or a revocation is forgotten that much before its `until` (but never within 15 minutes of the call); where
//!   it jumps forward, so is what then seems to have ended. Keep it by NTP, and let it slew.
//! - **A backup that is restored** brings back the state of its time: proofs that were spent since then can be spent
//!   again, and tokens that were revoked since then live again, each until it expires. Before Grantor works with it
//!   again, let as much time pass as tokens and assertions last.
//! - **A slot migration that is given up** (`CLUSTER SETSLOT … STABLE` or `NODE` back to the old server). What was written
//!   on the importing server meanwhile stays there and nobody asks it: such a claim can be spent once more. Bring a
//!   migration to its end.
//!
//! # Outages
//!
//! A store can be made before its server is there; each call tries anew, many at once share one attempt, and each is
//! over after the sum of [`connect_timeout`](RedisStoreBuilder::connect_timeout) and
//! [`response_timeout`](RedisStoreBuilder::response_timeout) (deleting a client, which takes two commands, after twice
//! that). A call that is dropped earlier goes on without its caller:
//! so a dead connection is given up in that time even where every caller gives up sooner. After a restart, a fail-over
//! or a full memory the same store works again, without a restart of its own.
//!
//! **No command is sent a second time.** Where the connection is lost after a command was sent, the call is an error, and
//! the command may have been done: the claim may be spent, as core takes it anyway. The only commands that are sent
//! again are those of which the server says that it has not done them: a script that it does not know, and a slot that
//! another server of the Cluster has. That is why the store drives plain connections and not the `ConnectionManager` or
//! `ClusterConnection` of the redis crate.
//!
//! # Keys
//!
//! For the prefix `grantor`; `1` is the version of this layout, and `{…}` chooses the Cluster slot.
//!
//! | Key | Holds | Goes |
//! |---|---|---|
//! | `grantor:1:proof:{43 characters}` | `1`: the proof is spent | 15 minutes past its `until`, and past the claim |
//! | `grantor:1:token:{43 characters}` | `L` and the record, or `R` for revoked | 15 minutes past the latest `until`, and past the last write |
//! | `grantor:1:uses:{43 characters}` | hash: credential to the second of its last use | with its client, and 401 days past the last `touch` of the client; of each credential past its use |
//! | `grantor:1:failures:{43 characters}`, `grantor:1:attempts:{…}` | `1`: what is left of its life is what a source has used up | once all of that is there again: for as long as [`Budget::every`](grantor::Budget::every) times what it used up |
//! | `{grantor:1:clients}:records` | hash: id to revision, space, record | never |
//! | `{grantor:1:clients}:ids` | sorted set of the ids, for listing in byte order | never |
//! | `{grantor:1:issuers}:records` | hash: name of a trusted issuer to revision, space, record | never |
//! | `{grantor:1:issuers}:ids` | sorted set of the names, for listing in byte order | never |
//! | `{grantor:1:initial_access}:records` | hash: id of an initial access token to how often it was used, space, record | never |
//! | `{grantor:1:initial_access}:ids` | sorted set of the ids, for listing in byte order | never |
//! | `{grantor:1:keys}` | revision, space, key set | never |
//!
//! The 43 characters are a digest of 32 bytes in base64url, for `uses` the SHA-256 of the client's id, for `failures` and
//! `attempts`, which a [`RedisRateLimiter`] writes, the [source](grantor::Attempt::source). Each write is one
//! script on one slot, done whole or not at all, and each call one round trip; a read asks with it whether the server
//! still is the primary. Redis removes by itself what has ended, so
//! [`prune`](grantor::store::TokenStore::prune) always returns 0.
//!
//! **All clients are in one slot**, and so on one server of a Cluster: one script writes record and index, so no crash
//! can leave a client that is found and not listed, or listed and not found, and nothing has to be repaired. It costs
//! that this one server answers all look-ups of clients (some 100 000 a second; a cache in front takes most of them)
//! and holds all records (some 100 MB for 100 000 clients). Who has more keeps clients in a database. All trusted issuers
//! are in one slot too, another one, and so are all initial access tokens.
//!
//! **The last uses of credentials** are in a slot for each client. So
//! [`touch`](grantor::store::CredentialUsage::touch) is one script for each client of its batch, 16 at a time, and one
//! that fails may be done in part: telling of it again does no harm. Deleting a client is two scripts, first the client
//! and then its uses; where the second fails they go by themselves in time, and so do those that were on their way
//! meanwhile. None of this waits for replicas: it is information, and nothing that is granted hangs on it.
//!
//! A claim takes about 170 bytes of memory, a revocation 200, an opaque token 200 and its record, a client's last use of
//! its one credential 190 (measured on Redis 7.0 with 100 000 and 200 000 of them). For 100 claims a second, each with an
//! `until` 5 minutes ahead, that is 120 000 entries and 20 MB. A full Redis refuses, and forgets nothing.
//!
//! A user of its own needs `~grantor:1:*` and `~{grantor:1:*` and the commands `HELLO INFO ROLE CONFIG|GET EVAL EVALSHA
//! TIME GET SET DEL EXPIRE PTTL HGET HGETALL HSET HDEL HEXISTS HMGET ZADD ZREM ZRANGEBYLEX`; in a Cluster
//! `CLUSTER|SLOTS ASKING` too, and `WAIT` for [`wait_for_replicas`](RedisStoreBuilder::wait_for_replicas).

mod address;
mod builder;
mod check;
mod clients;
mod cluster;
mod initial_access;
mod key_set;
mod layout;
mod link;
mod loss;
mod node;
mod problem;
mod rate_limiter;
mod records;
mod scripts;
mod sentinel;
mod servers;
mod store;
mod stored;
mod tls;
mod tokens;
mod trust;
mod usage;

pub use builder::{ConfigError, RedisStoreBuilder};
pub use check::CheckError;
pub use loss::Loss;
pub use rate_limiter::RedisRateLimiter;
/// The release of redis whose clients this takes.
pub use redis;
pub use store::RedisStore;
