//! One issuer: a store, and what each of its server processes and each command is started with.

use std::process::Output;

use grantor_storage_postgres::sqlx::{Connection, Executor, PgConnection};

use super::servers::Servers;
use super::signer::Signer;
use crate::keys::RESOURCE;
use crate::program::{Program, config, file, printed, run};

pub(crate) const ISSUER: &str = "https://auth.example.com";
/// Stands in each URL, and must stand nowhere else. Redis demands it of the user `grantor`.
pub(crate) const PASSWORD: &str = "throw-away";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Redis,
    Both,
    Cluster,
}

pub(crate) struct Issuer {
    pub(crate) servers: Servers,
    /// The flags that say where the store is, the host's keys included.
    store: Vec<String>,
    config: String,
}

impl Issuer {
    /// Over a new and empty store.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with_config(kind, RESOURCE)
    }

    pub(crate) fn with_config(kind: Kind, text: &str) -> Self {
        let (parts, storage): (&[&str], _) = match kind {
            Kind::Postgres => (&["postgres"], "postgres"),
            Kind::Redis => (&["redis"], "redis"),
            Kind::Both => (&["postgres", "redis"], "postgres+redis"),
            Kind::Cluster => (&["cluster"], "redis"),
        };
        let servers = Servers::start(parts);
        let mut store = vec!["--storage".to_owned(), storage.to_owned()];
        store.extend(["--host-keys".to_owned(), new_host_keys()]);
        if matches!(kind, Kind::Postgres | Kind::Both) {
            store.extend(["--database-url".to_owned(), postgres_url(&servers)]);
        }
        if kind != Kind::Postgres {
            store.extend(["--redis-url".to_owned(), redis_url(&servers, kind)]);
        }
        Self { servers, store, config: config(text) }
    }

    /// The same store, with other keys of the host.
    pub(crate) fn change_host_keys(&mut self) {
        let at = self.store.iter().position(|flag| flag == "--host-keys").expect("there");
        self.store[at + 1] = new_host_keys();
    }

    pub(crate) fn host_keys(&self) -> &str {
        let at = self.store.iter().position(|flag| flag == "--host-keys").expect("there");
        &self.store[at + 1]
    }

    /// What a server process is started with.
    pub(crate) fn flags(&self) -> Vec<&str> {
        let own = ["--issuer", ISSUER, "--config", &self.config];
        self.store.iter().map(String::as_str).chain(own).collect()
    }

    /// One more server process. Tests of what the stores promise show assertions twice all the time, and must not be braked.
    pub(crate) fn server(&self) -> Program {
        self.server_with(&[])
    }

    pub(crate) fn server_with(&self, environment: &[(&str, &str)]) -> Program {
        Program::start(&self.flags(), &[environment, &[("GRANTOR_RATE_LIMIT", "off")]].concat())
    }

    /// A command of the administrator, which succeeds: what it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        printed(&self.with_store(arguments), &[])
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run(&self.with_store(arguments), &[])
    }

    fn with_store<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        arguments.iter().copied().chain(self.store.iter().map(String::as_str)).collect()
    }

    pub(crate) fn config(&self) -> &str {
        &self.config
    }

    /// A new client that signs, made by a command.
    pub(crate) fn client_with_key(&self, id: &str) -> Signer {
        let key = file("folder", "").with_file_name("client.key");
        let key = key.to_str().expect("UTF-8");
        let create = ["clients", "create", "--id", id, "--auth", "private_key_jwt", "--scope", "read"];
        self.command(&[&create[..], &["--key-out", key]].concat());
        Signer::read(id, key)
    }

    pub(crate) fn postgres_url(&self) -> String {
        postgres_url(&self.servers)
    }

    /// A connection of the test's own.
    pub(crate) async fn postgres(&self) -> PgConnection {
        PgConnection::connect(&postgres_url(&self.servers)).await.expect("a connection")
    }

    /// Makes `synchronous_commit` `off` for whoever connects to PostgreSQL from now on.
    pub(crate) async fn commit_lazily(&self) {
        let mut connection = self.postgres().await;
        for lazy in ["ALTER SYSTEM SET synchronous_commit = off", "ALTER SYSTEM SET wal_writer_delay = '10s'"]
        {
            connection.execute(lazy).await.expect(lazy);
        }
        connection.execute("SELECT pg_reload_conf()").await.expect("reloaded");
    }
}

fn new_host_keys() -> String {
    let path = file("folder", "").with_file_name("host.keys");
    let path = path.to_str().expect("UTF-8");
    printed(&["host-key", path], &[]);
    path.to_owned()
}

fn postgres_url(servers: &Servers) -> String {
    servers.url("POSTGRES").replace("grantor@", &format!("grantor:{PASSWORD}@"))
}

fn redis_url(servers: &Servers, kind: Kind) -> String {
    let name = if kind == Kind::Cluster { "REDIS_CLUSTER" } else { "REDIS" };
    servers.url(name).replace("redis://", &format!("redis://grantor:{PASSWORD}@"))
}
