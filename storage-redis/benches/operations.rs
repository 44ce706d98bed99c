//! How long each operation takes, and what a claim costs in memory, on the servers of `.ci/servers`:
//! `cargo bench -p grantor-storage-redis`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::env;
use std::time::Duration;

use grantor::store::{
    AuthMethod, Client, ClientRegistry, ClientStore, KeySet, KeyStore, Revision, TokenRecord, TokenStore,
};
use grantor::{ClientId, Entropy, Jti, ProofId, ResourceUri, SystemEntropy, Timestamp, TokenId};
use grantor_storage_redis::RedisStore;
use tokio::time::Instant;

const CALLS: usize = 2000;
const AT_ONCE: usize = 64;

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemEntropy::new().fill(&mut bytes).unwrap();
    bytes
}

fn later() -> Timestamp {
    Timestamp::from_unix(2_000_000_000).unwrap()
}

fn clients(variable: &str) -> Option<Vec<redis::Client>> {
    let urls = env::var(variable).ok()?;
    Some(urls.split(',').map(|url| redis::Client::open(url).unwrap()).collect())
}

/// One call after the other, and many at once.
async fn measure(name: &str, call: impl AsyncFn(usize)) {
    let mut took = Vec::with_capacity(CALLS);
    for number in 0..CALLS {
        let begun = Instant::now();
        call(number).await;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    let (p50, p99) = (took[CALLS / 2], took[CALLS * 99 / 100]);
    println!("  {name:16} p50 {p50:>10.1?}   p99 {p99:>10.1?}");
}

async fn at_once(store: &RedisStore) {
    let begun = Instant::now();
    let running: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..CALLS / 4 {
                    let _first = store.claim(&ProofId::from_bytes(random()), later()).await.unwrap();
                }
            })
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    let a_second = (AT_ONCE * CALLS / 4) as f64 / begun.elapsed().as_secs_f64();
    println!("  claims a second, {AT_ONCE} at a time: {a_second:.0}");
}

async fn operations(name: &str, store: RedisStore) {
    println!("{name}");
    store.check().await.unwrap();
    let audience = ResourceUri::new("https://api.example.com").unwrap();
    let client_id = ClientId::new("client").unwrap();
    let jti = Jti::new("8a4c6f0e-5f0c-4f5e-9a53-0b0a3d0b8f57").unwrap();
    let record = TokenRecord::builder(client_id.clone(), audience, jti, Timestamp::EPOCH, later()).build();
    let client = Client::builder(client_id.clone(), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
    let tokens: Vec<_> = (0..CALLS).map(|_| TokenId::from_bytes(random())).collect();
    let id = |number: usize| ClientId::new(format!("{number}")).unwrap();
    let numbered = |number| Client::builder(id(number), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();

    measure("claim", async |_| {
        let _first = store.claim(&ProofId::from_bytes(random()), later()).await.unwrap();
    })
    .await;
    measure("insert token", async |number| {
        let _done = TokenStore::insert(&store, &tokens[number], &record).await.unwrap();
    })
    .await;
    measure("find token", async |number| {
        let _live = TokenStore::find(&store, &tokens[number]).await.unwrap();
    })
    .await;
    measure("revoke token", async |number| store.revoke(&tokens[number], later()).await.unwrap()).await;
    measure("insert client", async |number| {
        let _done = ClientRegistry::insert(&store, Revision::new(1), &numbered(number)).await.unwrap();
    })
    .await;
    measure("find client", async |number| {
        ClientStore::find(&store, &id(number)).await.unwrap();
    })
    .await;
    measure("update client", async |number| {
        let _done = store.update(Revision::new(1), &numbered(number)).await.unwrap();
    })
    .await;
    measure("delete client", async |number| {
        let _done = store.delete(&id(number)).await.unwrap();
    })
    .await;
    measure("load keys", async |_| {
        store.load().await.unwrap();
    })
    .await;
    measure("replace keys", async |number| {
        let _won = store.replace(Revision::new(number as u64), &KeySet::default()).await.unwrap();
    })
    .await;
    let _there = ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap();
    at_once(&store).await;
}

async fn used_memory(server: &redis::Client) -> f64 {
    let mut connection = server.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO").arg("memory").query_async(&mut connection).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:")).unwrap();
    line.parse().unwrap()
}

/// What claims take, on a server that is otherwise idle.
async fn memory(server: &redis::Client, store: &RedisStore) {
    const MANY: usize = 100_000;
    let before = used_memory(server).await;
    let running: Vec<_> = (0..100)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..MANY / 100 {
                    let _first = store.claim(&ProofId::from_bytes(random()), later()).await.unwrap();
                }
            })
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    let each = (used_memory(server).await - before) / MANY as f64;
    println!("  memory for a claim: {each:.0} bytes, and its share of the tables");
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let prefix = format!("bench-{}", data_encoding::HEXLOWER.encode(&random()[..8]));
    let patient = Duration::from_secs(10);
    if let Some(servers) = clients("GRANTOR_TEST_REDIS") {
        let builder = RedisStore::single(servers[0].clone()).prefix(&prefix).response_timeout(patient);
        let store = builder.build().unwrap();
        operations("one server, appendfsync always", store.clone()).await;
        memory(&servers[0], &store).await;
    }
    if let Some(servers) = clients("GRANTOR_TEST_REDIS_CLUSTER") {
        let store = RedisStore::cluster(servers).prefix(&prefix).response_timeout(patient).build().unwrap();
        operations("Cluster of three, appendfsync always", store).await;
    }
}
