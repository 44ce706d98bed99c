//! A redis-server of one's own, killed when it is dropped.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use grantor_storage_redis::RedisStore;
use redis::{Client, Value};
use tokio::time::{Instant, interval};

use crate::fixture::{client, free_port, own_prefix, run};

/// As Grantor's promises demand it.
const AS_DEMANDED: [&str; 8] =
    ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", ""];

pub(crate) struct Server {
    pub(crate) port: u16,
    folder: PathBuf,
    options: Vec<String>,
    process: Option<Child>,
}

impl Server {
    /// As demanded, but for these options, which are read last.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let mut server = Self::prepared(options);
        server.restart().await;
        server
    }

    /// Not running yet.
    pub(crate) fn prepared(options: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("grantor-{}", own_prefix()));
        fs::create_dir(&folder).unwrap();
        let options = AS_DEMANDED.iter().chain(options).map(|option| (*option).to_owned()).collect();
        Self { port: free_port(), folder, options, process: None }
    }

    /// Started again on its port and data, and up.
    pub(crate) async fn restart(&mut self) {
        self.launch();
        let server = self.client();
        until("redis-server answers", async || {
            run::<Value>(&server, &redis::cmd("ECHO")).await.is_ok_or_error()
        })
        .await;
    }

    /// Started, up soon.
    pub(crate) fn launch(&mut self) {
        self.kill();
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--dir"])
            .arg(&self.folder)
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn();
        self.process = Some(process.expect("redis-server cannot be started: `bash .ci/test` installs it"));
    }

    /// Other options from the next start on.
    pub(crate) fn set_options(&mut self, options: &[&str]) {
        self.options = AS_DEMANDED.iter().chain(options).map(|option| (*option).to_owned()).collect();
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _gone = process.kill();
            let _gone = process.wait();
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let process = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    pub(crate) fn client(&self) -> Client {
        client(self.port)
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::single(self.client()).build().unwrap()
    }

    pub(crate) async fn config(&self, name: &str, value: &str) {
        run::<()>(&self.client(), redis::cmd("CONFIG").arg("SET").arg(name).arg(value)).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

trait IsUp {
    fn is_ok_or_error(&self) -> bool;
}

/// A server that answers an error is up.
impl IsUp for redis::RedisResult<Value> {
    fn is_ok_or_error(&self) -> bool {
        self.as_ref().err().is_none_or(|error| !error.is_io_error())
    }
}

/// Waits for a condition, for 20 s at most. Yields how long it took.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) -> Duration {
    let begun = Instant::now();
    let mut again = interval(Duration::from_millis(20));
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "not within 20 s: {what}");
        again.tick().await;
    }
    begun.elapsed()
}
