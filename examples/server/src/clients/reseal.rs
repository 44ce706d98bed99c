//! `clients reseal`: what is kept sealed goes under the newest host key, and what the others are still needed for is told.

use std::collections::BTreeMap;

use grantor::store::{Client, Credential, CredentialKind, PrivateKey};
use grantor::{Clock, HostKeyId, SystemClock, SystemEntropy, Timestamp};

use super::change::Changing;
use super::desk::Desk;
use crate::config::Mistake;
use crate::failure::Failure;
use crate::paste::{say, shell_word, table};
use crate::when::at;

/// So many clients are named for each host key.
const NAMED: usize = 10;

/// What stands in the store under one host key.
#[derive(Default)]
struct Needed {
    credentials: usize,
    /// When the last of those ends that have an end.
    until: Option<Timestamp>,
    /// How many have none, and whose they are.
    endless: usize,
    clients: Vec<String>,
    signing_keys: usize,
}

impl Desk {
    pub(super) async fn reseal(&self) -> Result<(), Failure> {
        if !self.keeps {
            let wrong = "memory storage keeps no secret that could be sealed anew";
            return Err(Mistake::new(
                "--storage (GRANTOR_STORAGE)",
                wrong,
                "write --storage postgres or redis",
            )
            .into());
        }
        let (mut resealed, mut failed) = (0_usize, 0_usize);
        for client in self.stored().await? {
            let done = match self.resealed(&client) {
                Ok(None) => continue,
                // The record may have become another meanwhile.
                Ok(Some(_)) => {
                    let anew = |client: &Client| match self.resealed(client) {
                        Ok(resealed) => Ok(resealed.as_ref().unwrap_or(client).to_builder()),
                        Err(failure) => Err(Changing::Refused(failure)),
                    };
                    self.clients.try_update(client.id(), anew).await.map(drop).map_err(Failure::from)
                }
                Err(failure) => Err(failure),
            };
            match done {
                Ok(()) => resealed += 1,
                Err(failure) => {
                    failed += 1;
                    tracing::error!(client_id = client.id().as_str(), "{failure}");
                }
            }
        }
        say(&format!("{}\n{}", done(resealed), self.host_keys_needed().await?))?;
        match failed {
            0 => Ok(()),
            _ => Err(Failure::Runtime(format!(
                "{failed} of the clients stay as they were; the log above says why"
            ))),
        }
    }

    fn resealed(&self, client: &Client) -> Result<Option<Client>, Failure> {
        let resealed = self.host_keys.reseal(client, &SystemEntropy::new());
        resealed.map_err(|error| Failure::because("its secrets cannot be sealed anew", error))
    }

    /// For each host key, what needs it and until when.
    async fn host_keys_needed(&self) -> Result<String, Failure> {
        let now = SystemClock::new().now();
        let mut needed: BTreeMap<HostKeyId, Needed> = BTreeMap::new();
        for client in self.stored().await? {
            for held in
                client.credentials().iter().filter(|held| held.expires_at().is_none_or(|end| now < end))
            {
                if let Some(host_key) = host_key(held) {
                    needed.entry(host_key.clone()).or_default().note(&client, held);
                }
            }
        }
        for key in self.backends.key_set().await?.keys().iter().filter(|key| key.retired().is_none()) {
            if let PrivateKey::Sealed(sealed) = key.private() {
                needed.entry(sealed.host_key().clone()).or_default().signing_keys += 1;
            }
        }
        let mut rows = vec![["HOST KEY", "NEEDED BY", "UNTIL"].map(str::to_owned).to_vec()];
        let mut hints = String::new();
        for (nth, id) in self.host_keys.ids().enumerate() {
            let own = needed.remove(id).unwrap_or_default();
            rows.push(own.row(id.as_str(), nth == 0, now));
            if nth > 0 {
                hints.push_str(&own.hint(id));
            }
        }
        for (id, lacking) in needed {
            rows.push(lacking.row(&format!("{id}, not in the file"), false, now));
        }
        let hints = if hints.is_empty() { hints } else { format!("\n{hints}") };
        Ok(format!("{}{hints}", table(&rows)))
    }
}

fn done(resealed: usize) -> String {
    match resealed {
        0 => "No secret had to be sealed anew: all that are kept sealed are under the newest host key.\n"
            .to_owned(),
        1 => "The secrets of 1 client are sealed under the newest host key now.\n".to_owned(),
        _ => format!("The secrets of {resealed} clients are sealed under the newest host key now.\n"),
    }
}

/// By which it can be used, if it takes one.
fn host_key(held: &Credential) -> Option<&HostKeyId> {
    match held.kind() {
        CredentialKind::Digest(digest) => Some(digest.pepper()),
        CredentialKind::SealedSecret(secret) => Some(secret.host_key()),
        CredentialKind::Imported(_) | CredentialKind::Key(_) | CredentialKind::KeySet(_) => None,
        CredentialKind::Workload(_) | CredentialKind::Unknown(_) | _ => None,
    }
}

impl Needed {
    fn note(&mut self, client: &Client, held: &Credential) {
        self.credentials += 1;
        self.until = self.until.max(held.expires_at());
        if held.expires_at().is_none() {
            self.endless += 1;
            let id = client.id().as_str();
            if self.clients.last().is_none_or(|last| last != id) {
                self.clients.push(id.to_owned());
            }
        }
    }

    fn row(&self, id: &str, is_newest: bool, now: Timestamp) -> Vec<String> {
        let count = |number: usize, what: &str| match number {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{number} {what}s")),
        };
        let by = [count(self.credentials, "secret"), count(self.signing_keys, "signing key")];
        let by = by.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let by = if by.is_empty() { "nothing".to_owned() } else { by };
        let until = match (self.until, is_newest) {
            (_, true) => "it is the newest: everything new is made with it".to_owned(),
            _ if self.endless > 0 => {
                format!("{} without an end", count(self.endless, "secret").unwrap_or_default())
            }
            (Some(end), false) => at(end, now),
            (None, false) if self.signing_keys > 0 => {
                "a server seals them anew, an hour after its start".to_owned()
            }
            (None, false) => {
                "an old one may be taken out of the file; a new one waits for `--use-last`".to_owned()
            }
        };
        vec![id.to_owned(), by, until]
    }

    /// What ends the need for an old one.
    fn hint(&self, id: &HostKeyId) -> String {
        if self.clients.is_empty() {
            return String::new();
        }
        let more = self.clients.len().saturating_sub(NAMED);
        let named = self.clients.iter().take(NAMED);
        let mut hint = format!("Secrets made with {id} that have no end; a new one gives them one:\n");
        named.for_each(|client| {
            hint.push_str(&format!("    grantor-server clients rotate-secret {}\n", shell_word(client)));
        });
        if more > 0 {
            hint.push_str(&format!("    and {more} clients more\n"));
        }
        hint
    }
}
