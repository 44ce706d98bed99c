//! Names of one's own, ids, records, and raw commands.

use std::net::TcpListener;
use std::time::Duration;

use grantor::{ClientId, Entropy, ProofId, SystemEntropy, Timestamp, TokenId};
use grantor_storage_redis::RedisStoreBuilder;
use redis::{Client, Cmd, FromRedisValue, RedisResult};

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemEntropy::new().fill(&mut bytes).unwrap();
    bytes
}

/// A key prefix that no other test has.
pub(crate) fn own_prefix() -> String {
    format!("test-{}", data_encoding::HEXLOWER.encode(&random()[..8]))
}

pub(crate) fn proof() -> ProofId {
    ProofId::from_bytes(random())
}

pub(crate) fn token() -> TokenId {
    TokenId::from_bytes(random())
}

pub(crate) fn id(text: &str) -> ClientId {
    ClientId::new(text).unwrap()
}

/// The year 2033, later than any clock that these tests meet.
pub(crate) fn later() -> Timestamp {
    Timestamp::from_unix(2_000_000_000).unwrap()
}

/// A port that was free a moment ago. Below those that the system gives away by itself.
pub(crate) fn free_port() -> u16 {
    loop {
        let [high, low, ..] = random();
        let port = 10_000 + u16::from_be_bytes([high, low]) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

pub(crate) fn nobody_listens() -> Client {
    client(free_port())
}

pub(crate) fn client(port: u16) -> Client {
    Client::open(("127.0.0.1", port)).unwrap()
}

/// For a machine that has much else to do: what is slow is no failure, and what is down is told at once all the same.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn patient(builder: RedisStoreBuilder) -> RedisStoreBuilder {
    builder.connect_timeout(PATIENCE).response_timeout(PATIENCE)
}

/// A raw command over a connection of its own.
pub(crate) async fn run<T: FromRedisValue>(server: &Client, command: &Cmd) -> RedisResult<T> {
    command.query_async(&mut server.get_multiplexed_async_connection().await?).await
}
