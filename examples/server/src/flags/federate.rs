//! What the commands about the workloads of a client are told.

use clap::{Args, Subcommand};

use crate::config::WorkloadEntry;

/// What can be done with the workloads of a client.
#[derive(Debug, Subcommand)]
pub(crate) enum FederateCommand {
    /// Lets a workload be the client, by the tokens that its platform makes. On memory storage: prints the TOML to paste
    Add(Box<NewWorkload>),
    /// Lists the workloads of a client: whose tokens, what they have to say and when they were last used
    List {
        /// The client's id
        id: String,
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Takes a workload from a client. Tokens that it got before live on
    Remove {
        /// The client's id
        id: String,
        /// The workload, as the list names it
        credential: String,
    },
}

/// The workload to register.
#[derive(Args, Debug)]
pub(crate) struct NewWorkload {
    /// The client's id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) workload: WorkloadEntry,
}
