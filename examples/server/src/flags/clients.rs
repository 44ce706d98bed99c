//! The commands about clients.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::client::overlap;
use super::{ClientChanges, ClientFilter, FederateCommand, NewClient, Output};

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientsCommand {
    /// Makes a client and its secret, which is shown once. On memory storage: prints the TOML to paste
    Create {
        #[command(flatten)]
        wanted: Box<NewClient>,
        #[command(flatten)]
        output: Output,
    },
    /// Lists the clients, those of the configuration file included, in the order of their ids
    List {
        #[command(flatten)]
        filter: ClientFilter,
        #[command(flatten)]
        output: Output,
    },
    /// Shows one client, how it registered and its credentials, without secrets
    Show(Named),
    /// Changes what is named of a client, and nothing else
    Update {
        #[command(flatten)]
        client: Named,
        #[command(flatten)]
        changes: ClientChanges,
    },
    /// The workloads of a client: what it proves itself by instead of a secret
    #[command(subcommand)]
    Federate(FederateCommand),
    /// Gives a client a new secret, and ends the old one after a while
    RotateSecret {
        #[command(flatten)]
        client: Named,
        /// How long the old secret works on, such as 0s, 1h or 7d
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = overlap)]
        overlap: Duration,
    },
    /// Gives a client that registered itself a new registration access token (RFC 7592), for one that was lost. The old one is dead
    NewRegistrationToken(Named),
    /// Ends all tokens that a client has. It can get new ones
    RevokeTokens(Named),
    /// Ends all tokens of a client, and gives it no more
    Disable(Named),
    /// Lets a disabled client get tokens again. Those of before stay ended
    Enable(Named),
    /// Seals all secrets that are kept sealed under the newest host key, and says what an older one is still needed for
    Reseal,
    /// Deletes a client for good, with all that it has. Asks on a terminal
    Delete {
        #[command(flatten)]
        client: Named,
        /// Does not ask. Without it nothing is deleted where nobody can be asked
        #[arg(long)]
        yes: bool,
    },
}

/// The client that a command is about.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// Its id
    // Registration and `create` make ids that begin with a letter; others may begin with anything.
    #[arg(allow_hyphen_values = true)]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) output: Output,
}
