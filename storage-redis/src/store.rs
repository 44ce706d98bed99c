//! The store.

use std::fmt;
use std::sync::Arc;

use grantor::Stores;

use crate::layout::Layout;
use crate::servers::Access;
use crate::{CheckError, RedisStoreBuilder};

/// Clients, trusted issuers, initial access tokens, keys, spent proofs, tokens, revocations and the last uses of credentials
/// in Redis, shared by all processes of an issuer.
///
/// A clone is a further handle on the same connections. Made by [`RedisStore::single`], [`RedisStore::sentinel`] or
/// [`RedisStore::cluster`].
#[derive(Clone)]
pub struct RedisStore(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) access: Access,
    pub(crate) layout: Layout,
    pub(crate) caveats: Vec<String>,
}

impl RedisStore {
    /// One server, or a managed service behind one address.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use grantor_storage_redis::RedisStore;
    ///
    /// let client = redis::Client::open("redis://:password@redis.internal:6379")?;
    /// let store = RedisStore::single(client).prefix("auth.example.com").build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn single(client: redis::Client) -> RedisStoreBuilder {
        RedisStoreBuilder::single(client)
    }

    /// The primary `master` that the `sentinels` name, looked up again whenever the connection to it is lost.
    ///
    /// `server` says how to connect to it: user, password, database and TLS are taken from it, and its address is
    /// not used. Needs `.accept_loss(Loss::FailOver)`.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use grantor_storage_redis::{Loss, RedisStore};
    ///
    /// let sentinels = ["redis://sentinel-1:26379", "redis://sentinel-2:26379", "redis://sentinel-3:26379"]
    ///     .into_iter()
    ///     .map(redis::Client::open)
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// let server = redis::Client::open("redis://:password@address-from-the-sentinels")?;
    /// let store = RedisStore::sentinel(sentinels, "mymaster", server).accept_loss(Loss::FailOver).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sentinel(
        sentinels: impl IntoIterator<Item = redis::Client>,
        master: impl Into<String>,
        server: redis::Client,
    ) -> RedisStoreBuilder {
        RedisStoreBuilder::sentinel(sentinels.into_iter().collect(), master.into(), server)
    }

    /// A Redis Cluster. Any of its servers will do as `seeds`, several so that one may be down; to servers that are
    /// no seeds it connects as to the first seed. Where it has replicas it needs `.accept_loss(Loss::FailOver)`.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use grantor_storage_redis::{Loss, RedisStore};
    ///
    /// let seeds = ["redis://:password@redis-1:6379", "redis://:password@redis-2:6379"]
    ///     .into_iter()
    ///     .map(redis::Client::open)
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// let store = RedisStore::cluster(seeds).accept_loss(Loss::FailOver).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cluster(seeds: impl IntoIterator<Item = redis::Client>) -> RedisStoreBuilder {
        RedisStoreBuilder::cluster(seeds.into_iter().collect())
    }

    /// Connects and checks the settings of every primary, for a host that would rather not start than start without
    /// its store. Nobody needs to call it: no command ever goes to a server that was not checked.
    ///
    /// # Errors
    ///
    /// [`CheckError::Away`] where a server cannot be reached or is not ready, which may pass by itself, and
    /// [`CheckError::Setting`] where somebody has to mend it.
    pub async fn check(&self) -> Result<(), CheckError> {
        self.parts().access.check().await.map_err(CheckError::from)
    }

    pub(crate) fn from_parts(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }
}

/// Clients, trusted issuers, initial access tokens, keys, tokens and the last uses of credentials all in this store.
impl From<RedisStore> for Stores {
    fn from(store: RedisStore) -> Self {
        Self::new(store.clone(), store.clone(), store.clone())
            .with_usage(store.clone())
            .with_trust(store.clone())
            .with_registry(store.clone())
            .with_initial_access(store)
    }
}

/// Shows the prefix alone: addresses come with passwords.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.parts().layout.prefix()).finish_non_exhaustive()
    }
}
