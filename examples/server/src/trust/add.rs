//! `trust add`: into the store, or, on memory storage, which keeps nothing, as what to paste.

use std::path::absolute;

use grantor::store::{GrantType, Insert, Revision, TrustRegistry, TrustedIssuer};
use grantor::{ClientId, Clock, IssuerName, SystemClock, SystemEntropy};

use crate::clients::Desk;
use crate::config::{Mistake, Stated, TrustEntry};
use crate::failure::Failure;
use crate::paste::{say, shell_word};

impl Desk {
    pub(super) async fn add_trust(&self, wanted: &TrustEntry) -> Result<(), Failure> {
        let issuer = wanted.record(&Stated::by_flags(&self.config))?;
        let name = issuer.issuer();
        if self.config.trusts(name) {
            return Err(taken(name, ", in the configuration file"));
        }
        self.check_is_no_client(name).await?;
        let warning = self.stand_in_warning(&issuer).await?;
        let Some(trust) = &self.trust else { return say(&format!("{}{warning}", paste(wanted)?)) };
        let issuer = issuer.to_builder().created_at(SystemClock::new().now()).build();
        let issuer = issuer.map_err(|rule| Failure::because("the issuer would be wrong", rule))?;
        let first = Revision::first(&SystemEntropy::new())
            .map_err(|error| Failure::because("no revision could be made", error))?;
        let inserted = TrustRegistry::insert(&**trust, first, &issuer).await;
        match inserted.map_err(|error| Failure::because("it is not certain that it was stored", error))? {
            Insert::Done => say(&format!("{}{warning}", said(&issuer))),
            Insert::Exists => Err(taken(issuer.issuer(), "")),
        }
    }

    /// A client is its own issuer: whose assertion it is has to be beyond doubt.
    async fn check_is_no_client(&self, issuer: &IssuerName) -> Result<(), Failure> {
        let Ok(id) = ClientId::new(issuer.as_str()) else { return Ok(()) };
        match self.client(&id).await? {
            None => Ok(()),
            Some(_) => Err(Failure::Runtime(format!(
                "`{issuer}` is the id of a client, which is its own issuer already: register the client for it by `clients \
                 create --grant jwt-bearer`, or delete it first"
            ))),
        }
    }

    /// What is missing at the client that tokens are for where none authenticates.
    async fn stand_in_warning(&self, issuer: &TrustedIssuer) -> Result<String, Failure> {
        let Some(id) = issuer.client() else { return Ok(String::new()) };
        match self.client(id).await? {
            Some(client) if client.may_use(&GrantType::JWT_BEARER) => Ok(String::new()),
            Some(_) => Ok(format!(
                "\n# {id} is not registered for this grant, so nobody gets a token yet: a client is by --grant jwt-bearer when it \
                 is made,\n# or grant_types = [\"jwt-bearer\"] in its block.\n"
            )),
            None if self.trust.is_none() => {
                Ok(format!("\n# {id} has to stand in the same file, with grant_types = [\"jwt-bearer\"].\n"))
            }
            None => {
                let remedy = format!(
                    "make it first: grantor-server clients create --id {} --grant jwt-bearer --scope …",
                    shell_word(id.as_str())
                );
                Err(Mistake::new("--client", format!("there is no client `{id}`"), remedy).into())
            }
        }
    }
}

fn taken(issuer: &IssuerName, place: &str) -> Failure {
    Failure::Runtime(format!("`{issuer}` is trusted already{place}: `trust show` tells what for"))
}

fn said(issuer: &TrustedIssuer) -> String {
    let none = " Without --scope its assertions get nothing, but for a --resource that has no scopes.";
    let hint = if issuer.scope().is_empty() { none } else { "" };
    let who = match issuer.client() {
        Some(client) => format!("Who sends one needs no client authentication, and gets tokens of {client}."),
        None => {
            "Who sends one authenticates as a client that is registered for the grant (--grant jwt-bearer)."
                .to_owned()
        }
    };
    format!("Assertions of {} are grants from now on.{hint}\n{who}\n", issuer.issuer())
}

fn paste(wanted: &TrustEntry) -> Result<String, Failure> {
    let mut wanted = wanted.clone();
    if let Some(path) = &mut wanted.jwks_file {
        // Beside the configuration file the same words would name another one.
        let whole = absolute(&*path).map_err(|error| Failure::because("the file of --jwks", error))?;
        *path = whole.to_string_lossy().into_owned();
    }
    Ok(format!(
        "# Memory storage keeps no issuer, so paste this into the configuration file (--config FILE):\n\n{}",
        wanted.block()
    ))
}
