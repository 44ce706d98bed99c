//! The command line and its twins in the environment. Flags win over the environment, and that over the file.

mod assertion;
mod client;
mod clients;
mod federate;
mod initial_access;
mod keys;
mod trust;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use assertion::NewAssertion;
pub(crate) use client::{ClientChanges, ClientFilter, Method, NewClient};
pub(crate) use clients::ClientsCommand;
pub(crate) use federate::{FederateCommand, NewWorkload};
pub(crate) use initial_access::{InitialAccessCommand, NewInitialAccess};
pub(crate) use keys::KeysCommand;
pub(crate) use trust::TrustCommand;

/// The reference server of Grantor: an OAuth 2.0 authorization server for machines.
///
/// Without flags it listens on 127.0.0.1:8080, keeps everything in memory, registers demo clients and prints
/// commands that can be pasted.
#[derive(Debug, Parser)]
#[command(name = "grantor-server", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Flags {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "GRANTOR_LISTEN", value_name = "ADDRESS", global = true, value_parser = listen)]
    pub(crate) listen: Option<SocketAddr>,

    /// The issuer, an https URL [default: http:// and the address, on loopback only]
    #[arg(long, env = "GRANTOR_ISSUER", value_name = "URL", global = true)]
    pub(crate) issuer: Option<String>,

    /// Where clients, keys and tokens are kept: memory, postgres, redis, or postgres+redis (tokens in Redis)
    #[arg(long, env = "GRANTOR_STORAGE", default_value = "memory", global = true, value_parser = storage)]
    pub(crate) storage: Storage,

    /// The database, for the storage postgres, such as postgres://grantor@localhost/grantor
    #[arg(long, env = "GRANTOR_DATABASE_URL", value_name = "URL", global = true, hide_env_values = true)]
    pub(crate) database_url: Option<StoreUrl>,

    /// Redis, for the storage redis, such as redis://localhost:6379; of a Cluster several with commas between
    #[arg(long, env = "GRANTOR_REDIS_URL", value_name = "URL", global = true, hide_env_values = true)]
    pub(crate) redis_url: Option<StoreUrl>,

    /// The host's keys, a file made by `grantor-server host-key`, for every storage but memory
    #[arg(long, env = "GRANTOR_HOST_KEYS", value_name = "FILE", global = true)]
    pub(crate) host_keys: Option<PathBuf>,

    /// Which web framework serves: axum or actix
    #[arg(long, env = "GRANTOR_ADAPTER", default_value = "axum", global = true, value_parser = adapter)]
    pub(crate) adapter: Adapter,

    /// Who fails to authenticate again and again is slowed down: failures or off
    #[arg(long, env = "GRANTOR_RATE_LIMIT", default_value = "failures", global = true, value_parser = rate_limit)]
    pub(crate) rate_limit: RateLimit,

    /// The configuration, a TOML file: resources, clients, endpoint paths
    #[arg(long, env = "GRANTOR_CONFIG", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Lets whoever has it register clients (RFC 7591), 32 characters at least. Without it, and without a block `registration` in the
    /// configuration, nobody can
    #[arg(
        long,
        env = "GRANTOR_INITIAL_ACCESS_TOKEN",
        value_name = "TOKEN",
        global = true,
        hide_env_values = true
    )]
    pub(crate) initial_access_token: Option<SecretFlag>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What the program ends with, for scripts.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 it failed or what is named is unknown, 2 a mistake in flags or configuration: nothing was done.";

/// The administrator's commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Creates, shows and changes clients, also while servers run
    #[command(subcommand, after_help = EXIT_CODES)]
    Clients(ClientsCommand),
    /// Issues, lists and deletes tokens by which clients register themselves (RFC 7591), also while servers run
    #[command(subcommand, after_help = EXIT_CODES)]
    InitialAccess(InitialAccessCommand),
    /// Adds, shows and removes issuers whose assertions are grants, also while servers run
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Lists, rotates, imports and exports signing keys, also while servers run
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Makes a host key, by which secrets and signing keys are kept in a database
    ///
    /// FILE is made if it does not exist; in one that has keys the new one comes last, for every server to have it before
    /// anything is made with it.
    HostKey {
        /// The file of --host-keys
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Makes none, and puts the last one first: what is made from then on is made with it
        #[arg(long)]
        use_last: bool,
    },
    /// Makes one client assertion, for client_secret_jwt or private_key_jwt
    ///
    /// It is for one request to the server of --issuer, and prints to standard output, for example for
    /// curl --data-urlencode "client_assertion=$(grantor-server assertion …)".
    Assertion(NewAssertion),
}

/// For whom a command prints.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Output {
    /// As JSON, for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

/// A secret that was given as a flag or by the environment.
#[derive(Clone)]
pub(crate) struct SecretFlag(String);

impl SecretFlag {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretFlag {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for SecretFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretFlag(..)")
    }
}

/// The URL of a store, which may hold a password.
#[derive(Clone)]
pub(crate) struct StoreUrl(String);

impl StoreUrl {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for StoreUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreUrl(..)")
    }
}

/// Where things are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Storage {
    Memory,
    Postgres,
    Redis,
    PostgresAndRedis,
}

/// Which web framework serves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Adapter {
    Axum,
    Actix,
}

/// Whether guessing is braked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RateLimit {
    Failures,
    Off,
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| LISTEN_REMEDY.to_owned())
}

pub(crate) const LISTEN_REMEDY: &str =
    "write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080";

fn storage(text: &str) -> Result<Storage, String> {
    match text {
        "memory" => Ok(Storage::Memory),
        "postgres" => Ok(Storage::Postgres),
        "redis" => Ok(Storage::Redis),
        "postgres+redis" => Ok(Storage::PostgresAndRedis),
        _ => Err("write memory, postgres, redis or postgres+redis".to_owned()),
    }
}

fn adapter(text: &str) -> Result<Adapter, String> {
    match text {
        "axum" => Ok(Adapter::Axum),
        "actix" => Ok(Adapter::Actix),
        _ => Err("write axum or actix".to_owned()),
    }
}

fn rate_limit(text: &str) -> Result<RateLimit, String> {
    match text {
        "failures" => Ok(RateLimit::Failures),
        "off" => Ok(RateLimit::Off),
        _ => Err("write failures or off; how many stands under [rate_limit] of --config".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn s10_every_flag_has_its_twin_in_the_environment() {
        Flags::command().debug_assert();
        let own = Flags::command();
        let flags: Vec<_> =
            own.get_arguments().filter_map(|flag| Some((flag.get_long()?, flag.get_env()))).collect();
        assert_eq!(flags.len(), 10);
        for (name, twin) in flags {
            let expected = format!("GRANTOR_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(twin.and_then(|twin| twin.to_str()), Some(expected.as_str()));
        }
    }
}
