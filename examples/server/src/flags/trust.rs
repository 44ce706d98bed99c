//! What the commands about trusted issuers are told.

use clap::Subcommand;

use crate::config::TrustEntry;

/// What can be done with issuers whose assertions are grants.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Accepts the assertions of an issuer as grants (RFC 7523 §2.1). On memory storage: prints the TOML to paste
    Add(Box<TrustEntry>),
    /// Lists the trusted issuers, those of the configuration file included
    List {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Shows one trusted issuer
    Show {
        /// Its `iss`
        issuer: String,
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Accepts no more assertions of an issuer. Tokens that were issued for them live on
    Disable {
        /// Its `iss`
        issuer: String,
    },
    /// Accepts the assertions of a disabled issuer again
    Enable {
        /// Its `iss`
        issuer: String,
    },
    /// Removes an issuer for good. Tokens that were issued for its assertions live on
    Remove {
        /// Its `iss`
        issuer: String,
        /// Without it nothing is removed
        #[arg(long)]
        yes: bool,
    },
}
