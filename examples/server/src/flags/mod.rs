//! The command line and its twins in the environment. Flags win over the environment, and that over the file.

mod assertion;
mod client;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use assertion::NewAssertion;
pub(crate) use client::{Method, NewClient};

/// The reference server of Grantor: an OAuth 2.0 authorization server for machines.
///
/// Without flags it listens on 127.0.0.1:8080, keeps everything in memory, registers demo clients and prints
/// commands that can be pasted.
#[derive(Debug, Parser)]
#[command(name = "grantor-server", version, max_term_width = 100)]
pub(crate) struct Flags {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "GRANTOR_LISTEN", value_name = "ADDRESS", global = true, value_parser = listen)]
    pub(crate) listen: Option<SocketAddr>,

    /// The issuer, an https URL [default: http:// and the address, on loopback only]
    #[arg(long, env = "GRANTOR_ISSUER", value_name = "URL", global = true)]
    pub(crate) issuer: Option<String>,

    /// Where clients, keys and tokens are kept: memory
    #[arg(long, env = "GRANTOR_STORAGE", default_value = "memory", global = true, value_parser = storage)]
    pub(crate) storage: Storage,

    /// Which web framework serves: axum
    #[arg(long, env = "GRANTOR_ADAPTER", default_value = "axum", global = true, value_parser = adapter)]
    pub(crate) adapter: Adapter,

    /// The configuration, a TOML file: resources, clients, endpoint paths
    #[arg(long, env = "GRANTOR_CONFIG", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The administrator's commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Creates and shows clients
    #[command(subcommand)]
    Clients(ClientsCommand),
    /// Makes one client assertion, for client_secret_jwt or private_key_jwt
    ///
    /// It is for one request to the server of --issuer, and prints to standard output, for example for
    /// curl --data-urlencode "client_assertion=$(grantor-server assertion …)".
    Assertion(NewAssertion),
}

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientsCommand {
    /// Makes a client and its secret. On memory storage: prints the TOML to paste, and the secret, once
    Create(NewClient),
    /// Lists the clients. On memory storage: those of the configuration file
    List {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Shows one client and its credentials, without secrets
    Show {
        /// Its id
        id: String,
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
}

/// Where things are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Storage {
    Memory,
}

/// Which web framework serves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Adapter {
    Axum,
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| LISTEN_REMEDY.to_owned())
}

pub(crate) const LISTEN_REMEDY: &str =
    "write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080";

fn storage(text: &str) -> Result<Storage, String> {
    match text {
        "memory" => Ok(Storage::Memory),
        _ => Err("this build has the storage `memory` and no other".to_owned()),
    }
}

fn adapter(text: &str) -> Result<Adapter, String> {
    match text {
        "axum" => Ok(Adapter::Axum),
        _ => Err("this build has the adapter `axum` and no other".to_owned()),
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
        assert_eq!(flags.len(), 5);
        for (name, twin) in flags {
            let expected = format!("GRANTOR_{}", name.to_uppercase());
            assert_eq!(twin.and_then(|twin| twin.to_str()), Some(expected.as_str()));
        }
    }
}
