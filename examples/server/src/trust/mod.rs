//! Trusted issuers: those of the configuration file in front of a store, and the administrator's commands.

mod add;
mod change;
mod configured;
mod show;

pub(crate) use configured::ConfiguredTrust;

use grantor::IssuerName;
use grantor::store::TrustRegistry;

use crate::clients::Desk;
use crate::config::Mistake;
use crate::failure::Failure;
use crate::flags::{Flags, TrustCommand};

/// One of the commands. It works on the store that the running servers share, and needs none of them.
pub(crate) async fn run(flags: &Flags, command: &TrustCommand) -> Result<(), Failure> {
    let desk = Desk::open(flags).await?;
    match command {
        TrustCommand::Add(wanted) => desk.add_trust(wanted).await,
        TrustCommand::List { json } => desk.list_trust(*json).await,
        TrustCommand::Show { issuer, json } => desk.show_trust(issuer, *json).await,
        TrustCommand::Disable { issuer } => desk.set_trust(issuer, false).await,
        TrustCommand::Enable { issuer } => desk.set_trust(issuer, true).await,
        TrustCommand::Remove { issuer, yes } => desk.remove_trust(issuer, *yes).await,
    }
}

fn named(issuer: &str) -> Result<IssuerName, Failure> {
    IssuerName::new(issuer).map_err(|_| unknown(issuer))
}

fn unknown(issuer: &str) -> Failure {
    Failure::Runtime(format!("no issuer `{}` is trusted; see `trust list`", issuer.escape_debug()))
}

impl Desk {
    /// The store, for a command that changes this issuer: one of the file is changed there.
    fn trust_for(&self, issuer: &IssuerName) -> Result<&dyn TrustRegistry, Failure> {
        if self.config.trusts(issuer) {
            let path = self.config.path().unwrap_or(std::path::Path::new("the configuration")).display();
            return Err(Failure::Runtime(format!("the issuer `{issuer}` stands in {path}: change it there")));
        }
        self.trust.as_deref().ok_or_else(|| {
            let wrong = format!("memory storage keeps no issuer `{issuer}` that a command could change");
            let remedy = "change it in the configuration file, or write --storage postgres or redis";
            Mistake::new("--storage (GRANTOR_STORAGE)", wrong, remedy).into()
        })
    }
}
