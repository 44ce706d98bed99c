//! The backends, each with data of its own.

use std::env;
use std::sync::Arc;

use grantor::Stores;
use grantor::store::{ClientRegistry, KeyStore, TokenStore};
use grantor_storage_memory::{ClientCache, MemoryStore};
use grantor_storage_postgres::{PostgresStore, pool_options};
use grantor_storage_redis::RedisStore;
use tokio::sync::OnceCell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Postgres,
    CachedPostgres,
    Redis,
    RedisCluster,
    PostgresAndRedis,
}

/// Handles on one set of data.
pub(crate) struct Backend {
    pub(crate) registry: Arc<dyn ClientRegistry>,
    pub(crate) keys: Arc<dyn KeyStore>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) stores: Stores,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Memory,
        Self::Postgres,
        Self::CachedPostgres,
        Self::Redis,
        Self::RedisCluster,
        Self::PostgresAndRedis,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Postgres => "postgres",
            Self::CachedPostgres => "postgres, client cache",
            Self::Redis => "redis",
            Self::RedisCluster => "redis cluster",
            Self::PostgresAndRedis => "postgres+redis, client cache",
        }
    }

    /// Whether it is one backend and not a mixture.
    pub(crate) const fn is_single(self) -> bool {
        matches!(self, Self::Memory | Self::Postgres | Self::Redis | Self::RedisCluster)
    }

    pub(crate) fn is_there(self) -> bool {
        let needs: &[&str] = match self {
            Self::Memory => &[],
            Self::Postgres | Self::CachedPostgres => &["GRANTOR_TEST_POSTGRES"],
            Self::Redis => &["GRANTOR_TEST_REDIS"],
            Self::RedisCluster => &["GRANTOR_TEST_REDIS_CLUSTER"],
            Self::PostgresAndRedis => &["GRANTOR_TEST_POSTGRES", "GRANTOR_TEST_REDIS"],
        };
        needs.iter().all(|variable| env::var_os(variable).is_some())
    }

    /// With so many connections, where it has more than one.
    pub(crate) async fn open(self, connections: usize) -> Backend {
        match self {
            Self::Memory => {
                // One for all, since there is no other handle on it.
                static MEMORY: OnceCell<MemoryStore> = OnceCell::const_new();
                backend(MEMORY.get_or_init(async || MemoryStore::new()).await.clone())
            }
            Self::Postgres => backend(postgres(connections).await),
            Self::CachedPostgres => {
                let postgres = postgres(connections).await;
                let cache = ClientCache::new(postgres.clone());
                let stores = Stores::from(postgres.clone()).with_clients(cache);
                Backend { stores, ..backend(postgres) }
            }
            Self::Redis => backend(redis("GRANTOR_TEST_REDIS").await),
            Self::RedisCluster => backend(redis("GRANTOR_TEST_REDIS_CLUSTER").await),
            Self::PostgresAndRedis => {
                let postgres = postgres(connections).await;
                let cache = ClientCache::new(postgres.clone());
                let redis = redis("GRANTOR_TEST_REDIS").await;
                let stores = Stores::from(postgres.clone()).with_clients(cache).with_tokens(redis);
                Backend { stores, ..backend(postgres) }
            }
        }
    }
}

fn backend<S: ClientRegistry + KeyStore + TokenStore + Clone + Into<Stores>>(store: S) -> Backend {
    Backend {
        registry: Arc::new(store.clone()),
        keys: Arc::new(store.clone()),
        tokens: Arc::new(store.clone()),
        stores: store.into(),
    }
}

async fn postgres(connections: usize) -> PostgresStore {
    let url = env::var("GRANTOR_TEST_POSTGRES").unwrap();
    let pool =
        pool_options().max_connections(u32::try_from(connections).unwrap()).connect_lazy(&url).unwrap();
    let schema = format!("bench_{}", std::process::id());
    let store = PostgresStore::builder(pool).schema(schema).unwrap().build();
    store.migrate().await.unwrap();
    store
}

async fn redis(variable: &str) -> RedisStore {
    let urls = env::var(variable).unwrap();
    let clients: Vec<_> = urls.split(',').map(|url| redis::Client::open(url).unwrap()).collect();
    let builder = match clients.as_slice() {
        [only] => RedisStore::single(only.clone()),
        several => RedisStore::cluster(several.to_vec()),
    };
    let store = builder.prefix(format!("bench-{}", std::process::id())).build().unwrap();
    store.check().await.unwrap();
    store
}
