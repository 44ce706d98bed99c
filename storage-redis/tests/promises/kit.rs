//! The whole kit, on one server and on a Cluster.

use std::env;

use grantor::async_trait;
use grantor::store::{AuthMethod, Client, ClientRegistry, Insert, Revision, TrustRegistry, TrustedIssuer};
use grantor::{ClientId, RateLimits, SystemEntropy};
use grantor_conformance::{Fixture, Planted};
use grantor_storage_redis::{RedisRateLimiter, RedisStore};
use redis::Client as RedisClient;

use crate::fixture::{PATIENCE, nobody_listens, own_prefix, patient, run};
use crate::trust::issuer;

/// The keys of one prefix on the servers of `.ci/servers`.
pub(crate) struct Shared {
    servers: Vec<RedisClient>,
    cluster: bool,
    prefix: String,
}

fn servers(variable: &str) -> Vec<RedisClient> {
    let urls =
        env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: `bash .ci/test` sets it"));
    urls.split(',').map(|url| RedisClient::open(url).unwrap()).collect()
}

pub(crate) async fn single() -> Shared {
    Shared { servers: servers("GRANTOR_TEST_REDIS"), cluster: false, prefix: own_prefix() }
}

pub(crate) async fn cluster() -> Shared {
    Shared { servers: servers("GRANTOR_TEST_REDIS_CLUSTER"), cluster: true, prefix: own_prefix() }
}

impl Shared {
    fn at(&self, servers: Vec<RedisClient>) -> RedisStore {
        let builder = if self.cluster {
            RedisStore::cluster(servers)
        } else {
            RedisStore::single(servers.into_iter().next().unwrap())
        };
        patient(builder).prefix(&self.prefix).build().unwrap()
    }

    /// Lists an id, and says how its record is written.
    async fn record(&self, kind: &str, id: &str, document: &str) -> redis::Cmd {
        let table = format!("{{{}:1:{kind}}}", self.prefix);
        self.command(redis::cmd("ZADD").arg(format!("{table}:ids")).arg(0).arg(id)).await;
        let records = format!("{table}:records");
        redis::cmd("HSET").arg(records).arg(id).arg(format!("7 {document}")).clone()
    }

    /// Runs a command where its key is: a server of a Cluster that has it not says so.
    async fn command(&self, command: &redis::Cmd) {
        for server in &self.servers {
            match run::<redis::Value>(server, command).await {
                Ok(_) => return,
                Err(error) => assert_eq!(error.code(), Some("MOVED"), "{error}"),
            }
        }
        panic!("no server has the key");
    }
}

#[async_trait]
impl Fixture for Shared {
    type Store = RedisStore;

    async fn open(&self) -> RedisStore {
        self.at(self.servers.clone())
    }

    async fn cut_off(&self) -> Option<RedisStore> {
        Some(self.at(vec![nobody_listens()]))
    }

    async fn plant(&self, document: Planted<'_>) -> bool {
        let Self { prefix, .. } = self;
        let command = match document {
            Planted::Client { id, document } => self.record("clients", id.as_str(), document).await,
            Planted::TrustedIssuer { issuer, document } => {
                self.record("issuers", issuer.as_str(), document).await
            }
            Planted::InitialAccess { id, document } => {
                self.record("initial_access", id.as_str(), document).await
            }
            Planted::Keys { document } => {
                let key = format!("{{{prefix}:1:keys}}");
                redis::cmd("SET").arg(key).arg(format!("7 {document}")).clone()
            }
            Planted::Token { id, document, until } => {
                let digest = data_encoding::BASE64URL_NOPAD.encode(id.as_bytes());
                let key = format!("{prefix}:1:token:{{{digest}}}");
                let end = until.as_unix() + 900;
                redis::cmd("SET").arg(key).arg(format!("L{document}")).arg("EXAT").arg(end).clone()
            }
            _ => panic!("a kind of document that these tests do not know"),
        };
        self.command(&command).await;
        true
    }
}

/// A store that holds these clients, and the clients.
async fn shown(shared: Shared) -> (RedisStore, Vec<Client>) {
    let store = shared.open().await;
    let mut clients = Vec::new();
    for id in ["billing", "BILLING", " ", "{}*?[a]", "~", "a{b}c"] {
        let client = Client::builder(ClientId::new(id).unwrap(), AuthMethod::CLIENT_SECRET_BASIC)
            .name(id)
            .build()
            .unwrap();
        let first = Revision::first(&SystemEntropy::new()).unwrap();
        assert_eq!(ClientRegistry::insert(&store, first, &client).await.unwrap(), Insert::Done);
        clients.push(client);
    }
    (store, clients)
}

async fn shown_by_single() -> (RedisStore, Vec<Client>) {
    shown(single().await).await
}

async fn shown_by_cluster() -> (RedisStore, Vec<Client>) {
    shown(cluster().await).await
}

/// The same for issuers.
async fn trusted(shared: Shared) -> (RedisStore, Vec<TrustedIssuer>) {
    let store = shared.open().await;
    let issuers = ["https://a.example", "https://a.example/", "https://A.example", "{}*?[a]", "~", "a{b}c"];
    let issuers = issuers.map(issuer);
    for issuer in &issuers {
        let first = Revision::first(&SystemEntropy::new()).unwrap();
        assert_eq!(TrustRegistry::insert(&store, first, issuer).await.unwrap(), Insert::Done);
    }
    (store, issuers.into())
}

async fn trusted_by_single() -> (RedisStore, Vec<TrustedIssuer>) {
    trusted(single().await).await
}

async fn trusted_by_cluster() -> (RedisStore, Vec<TrustedIssuer>) {
    trusted(cluster().await).await
}

/// Rate limiters over handles of this one's.
struct Limiters(Shared, RateLimits);

#[async_trait]
impl Fixture for Limiters {
    type Store = RedisRateLimiter;

    async fn open(&self) -> RedisRateLimiter {
        self.0.open().await.rate_limiter(self.1).give_up_after(PATIENCE)
    }

    async fn cut_off(&self) -> Option<RedisRateLimiter> {
        Some(self.0.cut_off().await?.rate_limiter(self.1).give_up_after(PATIENCE))
    }

    async fn plant(&self, _document: Planted<'_>) -> bool {
        false
    }
}

async fn limiters_of_single(limits: RateLimits) -> Limiters {
    Limiters(single().await, limits)
}

async fn limiters_of_cluster(limits: RateLimits) -> Limiters {
    Limiters(cluster().await, limits)
}

mod on_one_server {
    use super::{limiters_of_single, shown_by_single, single, trusted_by_single};

    grantor_conformance::token_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        single
    );
    grantor_conformance::key_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        single
    );
    grantor_conformance::credential_usage!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        single
    );
    grantor_conformance::client_registry!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        single
    );
    grantor_conformance::client_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        shown_by_single
    );
    grantor_conformance::trust_registry!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        single
    );
    grantor_conformance::initial_access_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        single
    );
    grantor_conformance::trust_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        trusted_by_single
    );
    grantor_conformance::rate_limiter!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        limiters_of_single
    );
}

mod on_a_cluster {
    use super::{cluster, limiters_of_cluster, shown_by_cluster, trusted_by_cluster};

    grantor_conformance::token_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        cluster
    );
    grantor_conformance::key_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        cluster
    );
    grantor_conformance::credential_usage!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        cluster
    );
    grantor_conformance::client_registry!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        cluster
    );
    grantor_conformance::client_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        shown_by_cluster
    );
    grantor_conformance::trust_registry!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        cluster
    );
    grantor_conformance::initial_access_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        cluster
    );
    grantor_conformance::trust_store!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        trusted_by_cluster
    );
    grantor_conformance::rate_limiter!(
        #[ignore = "needs Redis: bash .ci/test starts one"]
        limiters_of_cluster
    );
}
