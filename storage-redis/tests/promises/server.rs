//! A redis-server of one's own, killed when it is dropped.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use grantor_storage_redis::RedisStore;
use redis::Client;
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
    /// As demanded, but for these options, which are read last. On another port where one was taken meanwhile.
    pub(crate) async fn start(options: &[&str]) -> Self {
        for _ in 0..5 {
            let mut server = Self::prepared(options);
            server.launch();
            if server.is_up().await {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// Not running yet.
    pub(crate) fn prepared(options: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("grantor-{}", own_prefix()));
        fs::create_dir(&folder).unwrap();
        let mut server = Self { port: free_port(), folder, options: Vec::new(), process: None };
        server.set_options(options);
        server
    }

    /// Started again on its port and data, and up.
    pub(crate) async fn restart(&mut self) {
        self.launch();
        assert!(self.is_up().await, "redis-server does not start again");
    }

    /// Whether it is this server that answers on the port. False once it has given up.
    async fn is_up(&mut self) -> bool {
        let process = self.process.as_mut().unwrap();
        let (id, client) = (format!("process_id:{}\r", process.id()), client(self.port));
        let mut again = interval(Duration::from_millis(20));
        let begun = Instant::now();
        loop {
            // Whoever has a password or hides INFO is not mistaken for another one.
            match run::<String>(&client, &redis::cmd("INFO")).await {
                Ok(info) if info.contains(&id) => return true,
                Err(error) if !error.is_io_error() && !error.to_string().contains("LOADING") => return true,
                _ => {}
            }
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "redis-server is not up within 20 s");
            again.tick().await;
        }
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
