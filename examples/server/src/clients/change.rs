//! `clients rotate-secret`, `revoke-tokens`, `disable`, `enable` and `delete`, while servers run.

use std::time::Duration;

use grantor::store::{Client, ClientRegistry, Credential, CredentialKind, Delete, Update};
use grantor::{ClientId, Clock, SystemClock, Timestamp};

use super::desk::{Desk, unknown};
use super::new_proof::NewProof;
use crate::config::Mistake;
use crate::failure::Failure;
use crate::paste::{say, say_once, shell_word};
use crate::when::at;

/// How often a change is made anew because somebody else changed the client meanwhile.
const ATTEMPTS: usize = 8;

impl Desk {
    /// The new secret works at once, the old ones for `overlap` more. Those that have ended are removed.
    pub(super) async fn rotate_secret(&self, id: &str, overlap: Duration) -> Result<(), Failure> {
        let now = SystemClock::new().now();
        let id = named(id)?;
        let mut made = None;
        let changed = self
            .change(&id, |client| {
                let (proof, credential) = NewProof::next_secret(client, &self.host_keys)?;
                made = Some(proof);
                let ends = now.plus(overlap);
                let kept = client.credentials().iter().filter(|held| !has_ended(held, now));
                let kept = kept.cloned().map(|held| if is_secret(&held) { ending(held, ends) } else { held });
                Ok(client
                    .to_builder()
                    .credentials(kept.chain([credential]))
                    .build()
                    .map(|client| (client, ends)))
            })
            .await;
        let Some(proof) = made else { return changed.map(drop) };
        let ends = match changed {
            Ok(ends) => ends,
            Err(failure) => {
                say_once(&format!("# If {id} has a new secret now, this is it:\n\n{}\n", proof.line()))?;
                return Err(failure);
            }
        };
        let until = match overlap.is_zero() {
            true => format!("# Every older secret of {id} has ended."),
            false => format!(
                "# The older secrets of {id} work until {} at most.\n# Whether it is still in use: `grantor-server clients show {}`, \
                 under LAST USED.",
                at(ends, now),
                shell_word(id.as_str())
            ),
        };
        say_once(&format!(
            "{until}\n# This is the new one, shown this once and kept nowhere:\n\n{}\n",
            proof.line()
        ))
    }

    /// Ends what it has by then. A token that is being made meanwhile has one of the two epochs, and nothing between them.
    pub(super) async fn revoke_tokens(&self, id: &str) -> Result<(), Failure> {
        let id = named(id)?;
        self.change(&id, |client| {
            let raised = client.to_builder().token_epoch(client.token_epoch() + 1);
            Ok(raised.build().map(|client| (client, ())))
        })
        .await?;
        say(&format!(
            "All tokens that {id} has are ended: introspection and checks in the server's process refuse them. An API that\n\
             verifies a JWT by its signature alone takes it until it expires. {id} can get new ones; `clients disable` ends that too.\n"
        ))
    }

    /// Disabling ends all tokens at introspection and in-process checks, and enabling does not bring them back.
    pub(super) async fn set_enabled(&self, id: &str, enabled: bool) -> Result<(), Failure> {
        let id = named(id)?;
        self.change(&id, |client| {
            let epoch = client.token_epoch() + u64::from(!enabled && client.is_enabled());
            Ok(client.to_builder().enabled(enabled).token_epoch(epoch).build().map(|client| (client, ())))
        })
        .await?;
        say(&format!("{id} is {}.\n", if enabled { "enabled" } else { "disabled" }))
    }

    /// For good: another client of that id would be a new one.
    pub(super) async fn delete(&self, id: &str, yes: bool) -> Result<(), Failure> {
        let id = named(id)?;
        let registry = self.registry_for(id.as_str())?;
        if !yes {
            let wrong = format!("without it `{id}` is not deleted, since that cannot be undone");
            return Err(Mistake::new("--yes", wrong, "add it, or use `clients disable`").into());
        }
        match registry
            .delete(&id)
            .await
            .map_err(|error| Failure::because("it may not have been deleted", error))?
        {
            Delete::Done => say(&format!("{id} is deleted.\n")),
            Delete::Missing => Err(unknown(id.as_str())),
        }
    }

    /// Changes the record as it is now, however often others change it meanwhile.
    pub(super) async fn change<T>(
        &self,
        id: &ClientId,
        make: impl FnMut(&Client) -> Result<Result<(Client, T), grantor::InvalidValue>, Failure>,
    ) -> Result<T, Failure> {
        Self::change_in(self.registry_for(id.as_str())?, id, make).await
    }

    pub(super) async fn change_in<T>(
        registry: &dyn ClientRegistry,
        id: &ClientId,
        mut make: impl FnMut(&Client) -> Result<Result<(Client, T), grantor::InvalidValue>, Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..ATTEMPTS {
            let found = registry
                .find(id)
                .await
                .map_err(|error| Failure::because("the client cannot be read", error))?;
            let Some(found) = found else { return Err(unknown(id.as_str())) };
            let (client, made) =
                make(found.record())?.map_err(|rule| Failure::because("the client would be wrong", rule))?;
            let update = registry.update(found.revision(), &client).await;
            match update.map_err(|error| Failure::because("it may not have been changed", error))? {
                Update::Done => return Ok(made),
                Update::Missing => return Err(unknown(id.as_str())),
                Update::Conflict => {}
            }
        }
        Err(Failure::Runtime(format!(
            "somebody else changes `{id}` all the time: nothing was changed, try again"
        )))
    }
}

pub(super) fn named(id: &str) -> Result<ClientId, Failure> {
    ClientId::new(id).map_err(|_| unknown(id))
}

const fn is_secret(credential: &Credential) -> bool {
    matches!(
        credential.kind(),
        CredentialKind::Digest(_) | CredentialKind::SealedSecret(_) | CredentialKind::Imported(_)
    )
}

fn has_ended(credential: &Credential, now: Timestamp) -> bool {
    credential.expires_at().is_some_and(|end| end <= now)
}

/// No later than it would have ended anyway.
fn ending(credential: Credential, ends: Timestamp) -> Credential {
    let ends = credential.expires_at().map_or(ends, |own| own.min(ends));
    credential.valid_until(ends)
}
