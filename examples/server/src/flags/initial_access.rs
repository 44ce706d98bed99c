//! What the commands about initial access tokens are told.

use clap::{Args, Subcommand};

use super::client::Method;
use super::{Output, client};

/// What can be done with initial access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum InitialAccessCommand {
    /// Issues a token, which is shown once. Whoever has it registers clients, at servers with a block `registration` in their configuration
    Create {
        #[command(flatten)]
        wanted: NewInitialAccess,
        #[command(flatten)]
        output: Output,
    },
    /// Lists the tokens: whose they are, how often each was used, and what clients may be that register with it
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Deletes a token. Clients that registered with it stay
    Delete {
        /// Its id, as the list names it
        #[arg(allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        output: Output,
    },
}

/// The token to issue.
#[derive(Args, Debug)]
pub(crate) struct NewInitialAccess {
    /// A word for the list, such as who gets it
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// How many clients may be registered with it [default: any number]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) uses: Option<u32>,
    /// How long it may be used, such as 1h or 30d, ten years at most [default: without an end]
    #[arg(long, value_name = "TIME", value_parser = client::end)]
    pub(crate) expires: Option<std::time::Duration>,
    /// The widest scope that clients may register, separated by spaces [default: all that registration is open to]
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// A way in which clients may prove themselves; may be repeated [default: all that registration is open to]
    #[arg(long = "auth", value_name = "METHOD", value_enum, num_args = 1..)]
    pub(crate) auth_methods: Vec<Method>,
}
