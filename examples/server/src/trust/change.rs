//! `trust disable`, `enable` and `remove`, while servers run.

use grantor::store::{Delete, TrustRegistry, TrustStore, Update};

use super::{named, unknown};
use crate::clients::Desk;
use crate::config::Mistake;
use crate::failure::Failure;
use crate::paste::say;

/// How often a change is made anew because somebody else changed the issuer meanwhile.
const ATTEMPTS: usize = 8;
const LIVE_ON: &str =
    "Tokens that were issued for its assertions live on; `clients revoke-tokens` ends those of a client.";

impl Desk {
    pub(super) async fn set_trust(&self, issuer: &str, enabled: bool) -> Result<(), Failure> {
        let name = named(issuer)?;
        let trust = self.trust_for(&name)?;
        for _ in 0..ATTEMPTS {
            let found = TrustStore::find(trust, &name)
                .await
                .map_err(|error| Failure::because("the issuer cannot be read", error))?;
            let Some(found) = found else { return Err(unknown(issuer)) };
            let changed = found.record().to_builder().enabled(enabled).build();
            let changed = changed.map_err(|rule| Failure::because("the issuer would be wrong", rule))?;
            let update = TrustRegistry::update(trust, found.revision(), &changed).await;
            match update.map_err(|error| Failure::because("it may not have been changed", error))? {
                Update::Done if enabled => return say(&format!("{name} is enabled.\n")),
                Update::Done => return say(&format!("{name} is disabled. {LIVE_ON}\n")),
                Update::Missing => return Err(unknown(issuer)),
                Update::Conflict => {}
            }
        }
        Err(Failure::Runtime(format!(
            "somebody else changes `{name}` all the time: nothing was changed, try again"
        )))
    }

    pub(super) async fn remove_trust(&self, issuer: &str, yes: bool) -> Result<(), Failure> {
        let name = named(issuer)?;
        let trust = self.trust_for(&name)?;
        if !yes {
            let wrong = format!("without it `{name}` is not removed, since that cannot be undone");
            return Err(Mistake::new("--yes", wrong, "add it, or use `trust disable`").into());
        }
        let deleted = TrustRegistry::delete(trust, &name).await;
        match deleted.map_err(|error| Failure::because("it may not have been removed", error))? {
            Delete::Done => say(&format!("{name} is trusted no more. {LIVE_ON}\n")),
            Delete::Missing => Err(unknown(issuer)),
        }
    }
}
