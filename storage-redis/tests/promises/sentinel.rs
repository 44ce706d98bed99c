//! The primary that Sentinels name, and its fail-over.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use grantor::store::{Claim, TokenStore};
use grantor_storage_redis::{Loss, RedisStore};
use redis::Client;

use crate::fixture::{client, free_port, later, nobody_listens, own_prefix, proof, run};
use crate::server::{Server, until};
use crate::settings::told;

/// One Sentinel, which is enough to fail over by itself.
struct Sentinel {
    port: u16,
    file: std::path::PathBuf,
    process: Child,
}

impl Sentinel {
    fn watch(primary: u16) -> Self {
        let file = std::env::temp_dir().join(format!("grantor-{}.conf", own_prefix()));
        let settings = format!(
            "sentinel monitor mymaster 127.0.0.1 {primary} 1\nsentinel down-after-milliseconds mymaster 500\n\
             sentinel failover-timeout mymaster 3000\n"
        );
        fs::write(&file, settings).unwrap();
        let port = free_port();
        let process = Command::new("redis-server")
            .arg(&file)
            .args(["--sentinel", "--port", &port.to_string(), "--bind", "127.0.0.1"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { port, file, process }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
        let _gone = fs::remove_file(&self.file);
    }
}

fn store(sentinels: impl IntoIterator<Item = Client>, master: &str) -> RedisStore {
    let server = Client::open("redis://address-from-the-sentinels").unwrap();
    RedisStore::sentinel(sentinels, master, server).accept_loss(Loss::FailOver).build().unwrap()
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn the_store_follows_a_fail_over_and_comes_back() {
    let mut primary = Server::start(&[]).await;
    let replica = Server::start(&[
        "--replicaof",
        &format!("127.0.0.1 {}", primary.port),
        "--repl-diskless-sync-delay",
        "0",
    ])
    .await;
    let sentinel = Sentinel::watch(primary.port);
    // One Sentinel of several may be down.
    let store = store([nobody_listens(), client(sentinel.port)], "mymaster");
    until("the Sentinel answers", async || store.check().await.is_ok()).await;
    let spent = proof();
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
    let watcher = client(sentinel.port);
    until("the replica has it, and the Sentinel knows the replica", async || {
        let keys: i64 = run(&replica.client(), &redis::cmd("DBSIZE")).await.unwrap_or(0);
        let known: Vec<redis::Value> =
            run(&watcher, redis::cmd("SENTINEL").arg("REPLICAS").arg("mymaster")).await.unwrap_or_default();
        keys == 1 && known.len() == 1
    })
    .await;

    primary.kill();
    told(&store.claim(&proof(), later()).await.unwrap_err());
    until("the replica is promoted", async || {
        let role: Result<Vec<redis::Value>, _> = run(&replica.client(), &redis::cmd("ROLE")).await;
        role.is_ok_and(|role| role[0] == redis::Value::BulkString(b"master".to_vec()))
    })
    .await;
    let took = until("the same store works", async || store.claim(&proof(), later()).await.is_ok()).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::Replayed);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn what_is_wrong_is_told_to_the_point() {
    let primary = Server::start(&["--appendfsync", "everysec"]).await;
    let sentinel = Sentinel::watch(primary.port);
    let unknown = store([client(sentinel.port)], "another");
    until("the Sentinel answers", async || {
        told(&unknown.check().await.unwrap_err()).contains("names a primary `another`")
    })
    .await;
    let lossy = store([nobody_listens(), client(sentinel.port), nobody_listens()], "mymaster");
    let said = told(&lossy.claim(&proof(), later()).await.unwrap_err());
    assert!(said.contains("appendfsync `everysec`"), "{said}");
    told(&store([nobody_listens()], "mymaster").claim(&proof(), later()).await.unwrap_err());
}
