//! `clients federate add`, `list` and `remove`, while servers run.

use std::path::absolute;

use grantor::store::{AuthMethod, Client, Credential};
use grantor::{ClientId, CredentialId, Entropy, SystemEntropy};
use serde_json::{Value, json};

use super::change::{Changing, named};
use super::desk::{Desk, unknown};
use super::workload_table::{document, workload, workloads};
use crate::config::{Stated, WorkloadEntry};
use crate::failure::Failure;
use crate::flags::{Flags, NewWorkload};
use crate::paste::{pretty, say, shell_word};

impl Desk {
    pub(super) async fn add_workload(&self, wanted: &NewWorkload, flags: &Flags) -> Result<(), Failure> {
        let name = format!("{}-{}", wanted.workload.profile.name(), random()?);
        let id = CredentialId::new(name).map_err(|error| Failure::because("no id could be made", error))?;
        let credential = wanted.workload.credential(id.clone(), &Stated::by_flags(&self.config))?;
        let client = ClientId::new(wanted.id.as_str()).map_err(|_| unknown(&wanted.id))?;
        if !self.keeps {
            self.config.check_can_be(&client, &wanted.workload)?;
            return say(&paste(&client, &wanted.workload)?);
        }
        let client = self.changeable(client.as_str())?;
        self.clients
            .try_update(&client, |client| {
                check_method(client).map_err(Changing::Refused)?;
                let added = workload(&credential);
                if let Some(same) = client.credentials().iter().find(|held| workload(held) == added) {
                    let wrong = format!("`{}` has this very workload already: `{}`", client.id(), same.id());
                    return Err(Changing::Refused(Failure::Runtime(wrong)));
                }
                Ok(client.to_builder().credential(credential.clone()))
            })
            .await?;
        let issuer = flags.issuer.as_ref().or(self.config.document.issuer.as_ref());
        let audience = wanted.workload.audience.as_ref().or(issuer);
        let audience = audience.map_or("the issuer identifier of this server", String::as_str);
        let server = issuer.map_or("URL", String::as_str);
        say(&format!(
            "The workload {id} can be {client} from now on.\n\n# It asks for a token that names {audience} as its `aud`, and sends it \
             with its client_id:\n#\n#     curl {}/oauth2/token -d grant_type=client_credentials -d client_id={} \\\n#       \
             -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\\n#       \
             --data-urlencode client_assertion@FILE\n#\n# Where it is refused, the log of the server names the claim that \
             differs.\n",
            server.trim_end_matches('/'),
            shell_word(client.as_str()),
        ))
    }

    pub(super) async fn list_workloads(&self, id: &str, as_json: bool) -> Result<(), Failure> {
        let client = self.client(&named(id)?).await?.ok_or_else(|| unknown(id))?;
        let uses = self.uses(&client).await?;
        if as_json {
            let members = client.credentials().iter().filter_map(|held| {
                let used_at = uses.of(held).map(|used_at| used_at.to_string());
                Some(json!({
                    "id": held.id().as_str(),
                    "label": held.label(),
                    "workload": document(workload(held)?),
                    "last_used_at": used_at,
                }))
            });
            return say(&pretty(&Value::Array(members.collect())));
        }
        match workloads(&client, &uses) {
            none if none.is_empty() => {
                check_method(&client)?;
                say(&format!("No workloads yet: `clients federate add {}` registers one.\n", shell_word(id)))
            }
            some => say(&some),
        }
    }

    pub(super) async fn remove_workload(&self, id: &str, credential: &str) -> Result<(), Failure> {
        self.clients
            .try_update(&self.changeable(id)?, |client| {
                let is_it = |held: &&Credential| held.id().as_str() == credential && workload(held).is_some();
                let Some(gone) = client.credentials().iter().find(is_it) else {
                    let (shown, list) = (credential.escape_debug(), shell_word(id));
                    let wrong =
                        format!("`{id}` has no workload `{shown}`; see `clients federate list {list}`");
                    return Err(Changing::Refused(Failure::Runtime(wrong)));
                };
                let kept = client.credentials().iter().filter(|held| held.id() != gone.id()).cloned();
                Ok(client.to_builder().credentials(kept))
            })
            .await?;
        say(&format!(
            "The workload {credential} is {id} no more. Tokens that it has live on; `clients revoke-tokens {}` ends them.\n",
            shell_word(id)
        ))
    }
}

/// A client has one method, and only one looks at workloads.
fn check_method(client: &Client) -> Result<(), Failure> {
    if *client.auth_method() == AuthMethod::WORKLOAD_JWT {
        return Ok(());
    }
    let (id, method) = (client.id(), client.auth_method().as_str());
    Err(Failure::Runtime(format!(
        "`{id}` authenticates by {method}, and a workload needs a client of its own: make one by `clients create --auth \
         workload_jwt`"
    )))
}

fn paste(client: &ClientId, wanted: &WorkloadEntry) -> Result<String, Failure> {
    let mut wanted = wanted.clone();
    if let Some(path) = &mut wanted.jwks_file {
        // Beside the configuration file the same words would name another one.
        let whole = absolute(&*path).map_err(|error| Failure::because("the file of --jwks", error))?;
        *path = whole.to_string_lossy().into_owned();
    }
    Ok(format!(
        "# Memory storage keeps no client, so paste this into the configuration file (--config FILE), right behind the\n\
         # [[clients]] block of {client}:\n\n{}",
        wanted.block(client)
    ))
}

/// Enough that no name comes back: the log tells of credentials by their names.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 4];
    SystemEntropy::new().fill(&mut bytes).map_err(|error| Failure::because("no id could be made", error))?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}
