//! Where clients, keys and tokens are kept, as `--storage` says.

mod host_keys;
mod postgres;
mod redis;

use std::sync::Arc;

use grantor::store::{
    Client, ClientRegistry, CredentialUsage, InitialAccessStore, KeySet, KeyStore, PrivateKey, TokenStore,
    TrustRegistry, TrustStore, TrustedIssuer,
};
use grantor::{HostKeys, Stores};
use grantor_storage_memory::{ClientCache, MemoryStore};
use grantor_storage_postgres::{ClientChange, PostgresStore};
use grantor_storage_redis::RedisStore;

pub(crate) use host_keys::{add as add_host_key, use_last as use_last_host_key};

use crate::clients::ConfiguredClients;
use crate::config::{Config, Mistake};
use crate::failure::Failure;
use crate::flags::{Flags, Storage};
use crate::trust::ConfiguredTrust;

/// The stores of one server, and the keys of the host by which secrets and signing keys in them are kept.
pub(crate) struct Backends {
    pub(crate) host_keys: HostKeys,
    kept: Kept,
}

enum Kept {
    Memory(MemoryStore),
    Postgres(PostgresStore),
    Redis(RedisStore),
    Both(PostgresStore, RedisStore),
}

/// Why a backend is not ready.
pub(crate) enum NotReady {
    /// It is away, and may come.
    Away(Failure),
    /// It has to be mended by somebody.
    Wrong(Failure),
}

impl Backends {
    /// Reads what they need. Talks to nobody yet.
    pub(crate) fn open(flags: &Flags, config: &Config) -> Result<Self, Failure> {
        let kept = match flags.storage {
            Storage::Memory => {
                not_for_memory(flags)?;
                return Ok(Self { host_keys: HostKeys::ephemeral(), kept: Kept::Memory(MemoryStore::new()) });
            }
            Storage::Postgres => Kept::Postgres(postgres::open(flags)?),
            Storage::Redis => Kept::Redis(redis::open(flags, config)?),
            Storage::PostgresAndRedis => Kept::Both(postgres::open(flags)?, redis::open(flags, config)?),
        };
        Ok(Self { host_keys: host_keys::read(flags)?, kept })
    }

    /// The memory store, where that is all there is.
    pub(crate) const fn memory(&self) -> Option<&MemoryStore> {
        match &self.kept {
            Kept::Memory(memory) => Some(memory),
            Kept::Postgres(_) | Kept::Redis(_) | Kept::Both(..) => None,
        }
    }

    /// Redis, where it is a part of the storage.
    pub(crate) const fn redis(&self) -> Option<&RedisStore> {
        match &self.kept {
            Kept::Redis(redis) | Kept::Both(_, redis) => Some(redis),
            Kept::Memory(_) | Kept::Postgres(_) => None,
        }
    }

    /// What the commands administer clients by. Memory ends with the process, so what is made there is only to be shown.
    pub(crate) fn administered(&self) -> Stores {
        match &self.kept {
            Kept::Memory(memory) => Stores::from(memory.clone()),
            Kept::Postgres(postgres) | Kept::Both(postgres, _) => Stores::from(postgres.clone()),
            Kept::Redis(redis) => Stores::from(redis.clone()),
        }
    }

    /// Where trusted issuers are administered, for the commands. Of those of memory no server knows.
    pub(crate) fn trust_registry(&self) -> Option<Arc<dyn TrustRegistry>> {
        match &self.kept {
            Kept::Memory(_) => None,
            Kept::Postgres(postgres) | Kept::Both(postgres, _) => Some(Arc::new(postgres.clone())),
            Kept::Redis(redis) => Some(Arc::new(redis.clone())),
        }
    }

    /// Where it stands when credentials were last used. What a server on memory remembers, no command sees.
    pub(crate) fn usage(&self) -> Option<Arc<dyn CredentialUsage>> {
        match &self.kept {
            Kept::Memory(_) => None,
            Kept::Postgres(postgres) | Kept::Both(postgres, _) => Some(Arc::new(postgres.clone())),
            Kept::Redis(redis) => Some(Arc::new(redis.clone())),
        }
    }

    /// Where initial access tokens are kept. Memory begins without any, and no command sees into it.
    pub(crate) fn initial_access(&self) -> Option<Arc<dyn InitialAccessStore>> {
        match &self.kept {
            Kept::Memory(_) => None,
            Kept::Postgres(postgres) | Kept::Both(postgres, _) => Some(Arc::new(postgres.clone())),
            Kept::Redis(redis) => Some(Arc::new(redis.clone())),
        }
    }

    /// The signing keys as they stand in the store. In memory a command finds none.
    pub(crate) async fn key_set(&self) -> Result<KeySet, Failure> {
        let keys: &dyn KeyStore = match &self.kept {
            Kept::Memory(memory) => memory,
            Kept::Postgres(postgres) | Kept::Both(postgres, _) => postgres,
            Kept::Redis(redis) => redis,
        };
        let (set, _) =
            keys.load().await.map_err(|error| Failure::because("the signing keys cannot be read", error))?;
        Ok(set)
    }

    /// Whether the host's keys are those of the servers of this store: another file would make secrets that no server
    /// can check.
    pub(crate) async fn check_host_keys(&self) -> Result<(), Failure> {
        let set = self.key_set().await?;
        // Of one that was retired nobody needs the private half any more.
        let used = set.keys().iter().filter(|key| key.retired().is_none());
        let mut sealed = used.filter_map(|key| {
            if let PrivateKey::Sealed(sealed) = key.private() { Some(sealed.host_key()) } else { None }
        });
        match sealed.find(|id| self.host_keys.ids().all(|own| own != *id)) {
            Some(missing) => Err(host_keys::not_of_this_store(missing)),
            None => Ok(()),
        }
    }

    /// The same for the commands, of what they use: clients have to be disabled while the Redis beside is down.
    pub(crate) async fn prepare_registry(&self) -> Result<(), NotReady> {
        match &self.kept {
            Kept::Both(postgres, _) => postgres::prepare(postgres).await,
            Kept::Memory(_) | Kept::Postgres(_) | Kept::Redis(_) => self.prepare().await,
        }
    }

    /// Brings the tables up to date and checks the settings.
    pub(crate) async fn prepare(&self) -> Result<(), NotReady> {
        match &self.kept {
            Kept::Memory(_) => Ok(()),
            Kept::Postgres(postgres) => postgres::prepare(postgres).await,
            Kept::Redis(redis) => redis::prepare(redis).await,
            Kept::Both(postgres, redis) => {
                postgres::prepare(postgres).await?;
                redis::prepare(redis).await
            }
        }
    }

    /// For a server: what is configured stands in front, and is read-only. Clients in PostgreSQL are cached for a few seconds; a
    /// change through the cache, as by registration, is seen at once, and one that another process makes is heard of.
    /// With `initial_access`, initial access tokens of the store are taken.
    pub(crate) fn stores(
        &self,
        clients: Vec<Client>,
        trust: Vec<TrustedIssuer>,
        initial_access: bool,
    ) -> Stores {
        let cached = |postgres: &PostgresStore| {
            let cache = ClientCache::new(postgres.clone());
            listen(postgres.clone(), cache.clone());
            cache
        };
        let stores = match &self.kept {
            Kept::Memory(memory) => behind(clients, trust, memory.clone(), memory),
            Kept::Postgres(postgres) => behind(clients, trust, cached(postgres), postgres),
            Kept::Redis(redis) => behind(clients, trust, redis.clone(), redis),
            Kept::Both(postgres, redis) => {
                behind(clients, trust, cached(postgres), postgres).with_tokens(redis.clone())
            }
        };
        match self.initial_access().filter(|_| initial_access) {
            Some(tokens) => stores.with_initial_access(tokens),
            None => stores,
        }
    }
}

/// A store behind what is configured. `clients` are its own, or a cache of them.
fn behind<S>(
    configured: Vec<Client>,
    trusted: Vec<TrustedIssuer>,
    clients: impl ClientRegistry + Clone,
    kept: &S,
) -> Stores
where
    S: KeyStore + TokenStore + CredentialUsage + TrustStore + Clone,
{
    Stores::new(ConfiguredClients::new(configured, clients.clone()), kept.clone(), kept.clone())
        .with_registry(clients)
        .with_usage(kept.clone())
        .with_trust(ConfiguredTrust::new(trusted, kept.clone()))
}

fn listen(postgres: PostgresStore, cache: ClientCache<PostgresStore>) {
    tokio::spawn(async move {
        let forget = |change| {
            if let ClientChange::Client(id) = change { cache.forget(&id) } else { cache.forget_all() }
        };
        postgres.listen(forget).await;
    });
}

/// Whoever names a database wants it used: on memory everything would be gone with the process.
fn not_for_memory(flags: &Flags) -> Result<(), Mistake> {
    let given = [
        ("--database-url (GRANTOR_DATABASE_URL)", flags.database_url.is_some()),
        ("--redis-url (GRANTOR_REDIS_URL)", flags.redis_url.is_some()),
        ("--host-keys (GRANTOR_HOST_KEYS)", flags.host_keys.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => {
            let remedy = "write --storage postgres, redis or postgres+redis, or take it out";
            Err(Mistake::new(flag, "given, but the storage is memory", remedy))
        }
        None => Ok(()),
    }
}

/// A flag that this storage cannot do without.
fn missing(flag: &str, remedy: &str) -> Failure {
    Mistake::new(flag, "missing", remedy).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor::http::Request;
    use grantor::store::AuthMethod;
    use grantor::{AuthorizationServer, ClientId, Resource};

    /// Whatever the store announces, and however late: nothing is announced here.
    #[tokio::test]
    async fn s6_what_this_process_changes_its_own_cache_forgets() {
        let memory = MemoryStore::new();
        let stores = behind(Vec::new(), Vec::new(), ClientCache::new(memory.clone()), &memory);
        let server = AuthorizationServer::builder("https://auth.example.com", stores, HostKeys::ephemeral())
            .resource(Resource::new("https://api.example.com"))
            .build()
            .await
            .expect("server");
        let (id, clients) = (ClientId::new("shop").expect("id"), server.clients().expect("clients"));
        let draft = Client::builder(id.clone(), AuthMethod::CLIENT_SECRET_POST);
        let secret = clients.create(draft).await.expect("created").secret.expect("secret");
        let form = format!("grant_type=client_credentials&client_id=shop&client_secret={}", secret.expose());
        let asked = async || {
            let request = Request::builder("POST", "/oauth2/token")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.clone());
            server.token(request.build()).await.status()
        };
        assert_eq!(asked().await, 200);
        clients.disable(&id).await.expect("disabled");
        assert_eq!(asked().await, 401);
        clients.enable(&id).await.expect("enabled");
        assert_eq!(asked().await, 200);
        clients.delete(&id).await.expect("deleted");
        assert_eq!(asked().await, 401);
    }
}
