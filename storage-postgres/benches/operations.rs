//! `cargo bench -p grantor-storage-postgres`: each operation on the server of `GRANTOR_TEST_POSTGRES`, in a schema of
//! its own. Latency is of one call after the other; throughput of 8 at a time for each thread.
//!
//! Writes wait for the disk, so they measure that too: compare with what `pg_test_fsync` says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)] // a benchmark reads the clock: that is what it is for

use std::env;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use grantor::store::{
    AuthMethod, Client, ClientRegistry, ClientStore, KeyStore, Revision, TokenRecord, TokenStore,
};
use grantor::{ClientId, Jti, ProofId, ResourceUri, Timestamp, TokenId};
use grantor_storage_postgres::sqlx::{self, AssertSqlSafe};
use grantor_storage_postgres::{PostgresStore, pool_options};
use tokio::runtime::{Builder, Runtime};

const CALLS: usize = 2000;
const AT_ONCE: usize = 8;

type Call = Pin<Box<dyn Future<Output = ()> + Send>>;
type Operation = Arc<dyn Fn(PostgresStore, u64) -> Call + Send + Sync>;

fn operation<F: Future<Output = ()> + Send + 'static>(
    name: &'static str,
    call: impl Fn(PostgresStore, u64) -> F + Send + Sync + 'static,
) -> (&'static str, Operation) {
    (name, Arc::new(move |store, number| Box::pin(call(store, number))))
}

fn operations() -> Vec<(&'static str, Operation)> {
    vec![
        operation("claim", |store, number| async move {
            let _first = store.claim(&ProofId::from_bytes(bytes(number)), until()).await.unwrap();
        }),
        operation("claim, replayed", |store, _| async move {
            let _replayed = store.claim(&ProofId::from_bytes(bytes(1)), until()).await.unwrap();
        }),
        operation("find a client", |store, _| async move {
            assert!(ClientStore::find(&store, &client("bench").id().clone()).await.unwrap().is_some());
        }),
        operation("load keys", |store, _| async move {
            let _keys = store.load().await.unwrap();
        }),
        operation("find an absent token", |store, number| async move {
            let _absent =
                TokenStore::find(&store, &TokenId::from_bytes(bytes(u64::MAX - number))).await.unwrap();
        }),
        operation("insert a token", |store, number| async move {
            let _done =
                TokenStore::insert(&store, &TokenId::from_bytes(bytes(number)), &record()).await.unwrap();
        }),
        operation("find a token", |store, number| async move {
            let _live = TokenStore::find(&store, &TokenId::from_bytes(bytes(number % 1000))).await.unwrap();
        }),
        operation("revoke", |store, number| async move {
            store.revoke(&TokenId::from_bytes(bytes(number)), until()).await.unwrap();
        }),
        operation("insert a client", |store, number| async move {
            let new = client(&format!("new {number}"));
            let _done = ClientRegistry::insert(&store, Revision::new(1), &new).await.unwrap();
        }),
    ]
}

fn bytes(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    // As scattered as digests are.
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn until() -> Timestamp {
    Timestamp::from_unix(2_000_000_000).unwrap()
}

fn client(id: &str) -> Client {
    Client::builder(ClientId::new(id).unwrap(), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap()
}

fn record() -> TokenRecord {
    let audience = ResourceUri::new("https://api.example.com").unwrap();
    let client = ClientId::new("bench").unwrap();
    TokenRecord::builder(client, audience, Jti::new("jti").unwrap(), until(), until()).build()
}

/// Microseconds of each call, one after the other.
async fn latencies(store: &PostgresStore, call: &Operation, numbers: &AtomicU64) -> Vec<f64> {
    let mut spent = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        call(store.clone(), number).await;
        spent.push(start.elapsed().as_secs_f64() * 1e6);
    }
    spent.sort_unstable_by(f64::total_cmp);
    spent
}

/// Calls a second.
async fn throughput(
    store: &PostgresStore,
    call: &Operation,
    numbers: &Arc<AtomicU64>,
    at_once: usize,
) -> f64 {
    let start = Instant::now();
    let running: Vec<_> = (0..at_once)
        .map(|_| (store.clone(), Arc::clone(call), Arc::clone(numbers)))
        .map(|(store, call, numbers)| {
            tokio::spawn(async move {
                for _ in 0..CALLS / 2 {
                    call(store.clone(), numbers.fetch_add(1, Ordering::Relaxed)).await;
                }
            })
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    (at_once * (CALLS / 2)) as f64 / start.elapsed().as_secs_f64()
}

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
}

fn store(url: &str, schema: &str, at_once: usize) -> PostgresStore {
    let pool = pool_options().max_connections(u32::try_from(at_once).unwrap()).connect_lazy(url).unwrap();
    PostgresStore::builder(pool).schema(schema).unwrap().build()
}

fn main() {
    let url = env::var("GRANTOR_TEST_POSTGRES").expect("GRANTOR_TEST_POSTGRES names a server");
    let schema = format!("bench_{}", std::process::id());
    runtime(1).block_on(async {
        let store = store(&url, &schema, 1);
        store.migrate().await.unwrap();
        let _done = ClientRegistry::insert(&store, Revision::new(1), &client("bench")).await.unwrap();
        store.claim(&ProofId::from_bytes(bytes(1)), until()).await.map(drop).unwrap();
    });
    println!("{:22} {:>9} {:>9} {:>14} {:>14}", "", "p50 µs", "p99 µs", "1 thread, /s", "2 threads, /s");
    for (name, call) in operations() {
        let numbers = Arc::new(AtomicU64::new(2));
        let spent = runtime(1).block_on(async { latencies(&store(&url, &schema, 1), &call, &numbers).await });
        let rates = [1, 2].map(|threads| {
            runtime(threads).block_on(async {
                let at_once = threads * AT_ONCE;
                throughput(&store(&url, &schema, at_once), &call, &numbers, at_once).await
            })
        });
        let (half, most) = (spent[CALLS / 2], spent[CALLS * 99 / 100]);
        println!("{name:22} {half:9.0} {most:9.0} {:14.0} {:14.0}", rates[0], rates[1]);
    }
    runtime(1).block_on(async {
        let pool = pool_options().connect_lazy(&url).unwrap();
        let size =
            format!("SELECT pg_total_relation_size('{schema}.claims') / count(*) FROM {schema}.claims");
        let row: (i64,) = sqlx::query_as(AssertSqlSafe(size)).fetch_one(&pool).await.unwrap();
        println!("a claim takes {} bytes with its indexes", row.0);
        let drop = format!("DROP SCHEMA {schema} CASCADE");
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&pool).await.unwrap();
    });
}
