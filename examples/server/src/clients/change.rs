//! `clients update`, `rotate-secret`, `revoke-tokens`, `disable` and the like, while servers run.

use std::time::Duration;

use grantor::store::{AuthMethod, Client, ClientBuilder, Credential, CredentialKind};
use grantor::{ClientId, ClientSecret, ClientsError, Clock, SystemClock};
use serde_json::json;

use super::desk::{Desk, unknown};
use super::document::document;
use super::proof::secret_line;
use crate::config::{Mistake, Stated};
use crate::failure::Failure;
use crate::flags::ClientChanges;
use crate::paste::{pretty, say, say_once, shell_word};
use crate::when::at;

impl Desk {
    /// What is named, and nothing else.
    pub(super) async fn update(
        &self,
        id: &str,
        wanted: &ClientChanges,
        as_json: bool,
    ) -> Result<(), Failure> {
        let id = self.changeable(id)?;
        let stated = Stated::by_flags(&self.config);
        let scope = wanted.scope.as_deref().map(|text| stated.scope("scope", text)).transpose()?;
        let default_scope = wanted.default_scope.as_deref();
        let default_scope = default_scope.map(|text| stated.scope("default_scope", text)).transpose()?;
        let resources = stated.uris("resources", &wanted.resources)?;
        let keys = Self::new_keys(wanted, &stated)?;
        let changed = self.clients.try_update(&id, |client| {
            let mut changed = client.to_builder();
            if let Some(name) = &wanted.name {
                changed = changed.name(name);
            }
            if let Some(scope) = &scope {
                changed = changed.scope(scope.clone());
            }
            if default_scope.is_some() || wanted.no_default_scope {
                changed = changed.default_scope(default_scope.clone());
            }
            if !resources.is_empty() || wanted.all_resources {
                changed = changed.resources(Some(resources.clone()).filter(|listed| !listed.is_empty()));
            }
            if !wanted.grants.is_empty() {
                changed = changed.grant_types(wanted.grants.iter().cloned());
            }
            match &keys {
                Some(keys) => with_keys(client, changed, keys),
                None => Ok(changed),
            }
        });
        let changed = changed.await.map_err(|failure| match failure {
            Changing::Refused(failure) => failure,
            Changing::Failed(ClientsError::Invalid(rule)) => {
                stated.broken("it would break a rule", rule).into()
            }
            Changing::Failed(error) => error.into(),
        })?;
        if as_json {
            return say(&pretty(&document(changed.record())));
        }
        say(&format!("{id} is changed: see `grantor-server clients show {}`.\n", shell_word(id.as_str())))
    }

    /// Those that take the place of all that it has.
    fn new_keys(wanted: &ClientChanges, stated: &Stated<'_>) -> Result<Option<Vec<Credential>>, Failure> {
        let credentials = match (&wanted.jwks, &wanted.jwks_uri) {
            (None, None) => return Ok(None),
            (Some(file), _) => {
                stated.public_keys("jwks", file)?.into_iter().map(Credential::key).collect::<Result<_, _>>()
            }
            (None, Some(url)) => {
                Credential::key_set(stated.key_set_url("jwks_uri", url)?).map(|credential| vec![credential])
            }
        };
        credentials.map(Some).map_err(|rule| stated.broken("its keys break a rule", rule).into())
    }

    /// The new secret works at once, the old ones for `overlap` more. Those that have ended are removed.
    pub(super) async fn rotate_secret(
        &self,
        id: &str,
        overlap: Duration,
        as_json: bool,
    ) -> Result<(), Failure> {
        let id = self.changeable(id)?;
        let rotated = match self.clients.rotate_secret(&id, overlap).await {
            Ok(rotated) => rotated,
            Err(ClientsError::Unconfirmed { secret: Some(secret), source }) => {
                let told = match as_json {
                    true => pretty(&json!({
                        "id": id.as_str(), "client_secret": secret.expose(), "unconfirmed": true
                    })),
                    false => format!(
                        "# If {id} has a new secret now, this is it:\n\n{}\n",
                        secret_line(&id, &secret)
                    ),
                };
                say_once(&told)?;
                return Err(Failure::because("it may not have been changed", source));
            }
            Err(error) => return Err(error.into()),
        };
        let (secret, ends): (&ClientSecret, _) = (&rotated.secret, rotated.others_until);
        if as_json {
            return say_once(&pretty(&json!({
                "id": id.as_str(),
                "client_secret": secret.expose(),
                "credential": secret.credential_id().as_str(),
                "older_secrets_end_at": ends.to_string(),
            })));
        }
        let until = match overlap.is_zero() {
            true => format!("# Every older secret of {id} has ended."),
            false => format!(
                "# The older secrets of {id} end {} at the latest.\n# Whether one is still in use: `grantor-server clients show {}`, \
                 under LAST USED.",
                at(ends, SystemClock::new().now()),
                shell_word(id.as_str())
            ),
        };
        let line = secret_line(&id, secret);
        say_once(&format!("{until}\n# This is the new one, shown this once and kept nowhere:\n\n{line}\n"))
    }

    /// For one that was lost.
    pub(super) async fn new_registration_token(&self, id: &str, as_json: bool) -> Result<(), Failure> {
        let id = self.changeable(id)?;
        let token = match self.clients.rotate_registration_token(&id).await {
            Ok(token) => token,
            Err(ClientsError::Unconfirmed { source, .. }) => {
                return Err(Failure::because("the old token may be dead: run this again", source));
            }
            Err(error) => return Err(error.into()),
        };
        if as_json {
            let told = json!({ "id": id.as_str(), "registration_access_token": token.expose() });
            return say_once(&pretty(&told));
        }
        say_once(&format!(
            "# The older registration access token of {id} is dead. This is the new one, shown this once and kept nowhere;\n# \
             whoever has it changes and deletes the client:\n\n{}\n",
            token.expose()
        ))
    }

    /// Ends what it has by then.
    pub(super) async fn revoke_tokens(&self, id: &str, as_json: bool) -> Result<(), Failure> {
        let id = self.changeable(id)?;
        let changed = self.clients.revoke_tokens(&id).await?;
        let said = format!(
            "All tokens that {id} has are ended: introspection and checks in the server's process refuse them. An API that\n\
             verifies a JWT by its signature alone takes it until it expires. {id} can get new ones; `clients disable` ends that too.\n"
        );
        say(&told(changed.record(), as_json, said))
    }

    /// Disabling ends all tokens at introspection and in-process checks, and enabling does not bring them back.
    pub(super) async fn set_enabled(&self, id: &str, enabled: bool, as_json: bool) -> Result<(), Failure> {
        let id = self.changeable(id)?;
        let changed = match enabled {
            true => self.clients.enable(&id).await?,
            false => self.clients.disable(&id).await?,
        };
        let said = format!("{id} is {}.\n", if enabled { "enabled" } else { "disabled" });
        say(&told(changed.record(), as_json, said))
    }

    /// For good: another client of that id would be a new one.
    pub(super) async fn delete(&self, id: &str, yes: bool, as_json: bool) -> Result<(), Failure> {
        let id = self.changeable(id)?;
        if !yes {
            // Whoever mistyped it learns that before he is asked.
            self.clients.get(&id).await?.ok_or_else(|| unknown(id.as_str()))?;
            super::confirm::confirm_on_terminal(id.as_str())?;
        }
        match self.clients.delete(&id).await {
            Ok(()) if as_json => say(&pretty(&json!({ "id": id.as_str(), "deleted": true }))),
            Ok(()) => say(&format!("{id} is deleted.\n")),
            Err(ClientsError::Unconfirmed { source, .. }) => {
                Err(Failure::because("it may not have been deleted", source))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Why a change was not made: for a reason of ours, or of core's.
pub(super) enum Changing {
    Refused(Failure),
    Failed(ClientsError),
}

impl From<ClientsError> for Changing {
    fn from(error: ClientsError) -> Self {
        Self::Failed(error)
    }
}

impl From<Changing> for Failure {
    fn from(changing: Changing) -> Self {
        match changing {
            Changing::Refused(failure) => failure,
            Changing::Failed(error) => error.into(),
        }
    }
}

/// In the words of the commands.
impl From<ClientsError> for Failure {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::Unknown(id) => unknown(id.as_str()),
            ClientsError::Invalid(rule) => Self::because("the client would be wrong", rule),
            ClientsError::Store(error) => Self::because("the clients cannot be read", error),
            ClientsError::Unconfirmed { source, .. } => Self::because("it may not have been changed", source),
            ClientsError::Entropy(error) => Self::because("there is no randomness", error),
            other @ (ClientsError::Exists(_)
            | ClientsError::IsTrustedIssuer(_)
            | ClientsError::NoSecret { .. }
            | ClientsError::NotRegistered(_)
            | ClientsError::Busy(_)
            | _) => Self::Runtime(other.to_string()),
        }
    }
}

pub(super) fn named(id: &str) -> Result<ClientId, Failure> {
    ClientId::new(id).map_err(|_| unknown(id))
}

/// The record for scripts, a sentence for people.
fn told(client: &Client, as_json: bool, said: String) -> String {
    if as_json { pretty(&document(client)) } else { said }
}

/// With these keys instead of those that it has. Whatever else it has stays.
fn with_keys(
    client: &Client,
    changed: ClientBuilder,
    keys: &[Credential],
) -> Result<ClientBuilder, Changing> {
    if *client.auth_method() != AuthMethod::PRIVATE_KEY_JWT {
        let (id, method) = (client.id(), client.auth_method().as_str());
        let wrong = format!("`{id}` authenticates by {method} and has no keys of its own");
        let remedy = "take it out, or make a client for private_key_jwt";
        return Err(Changing::Refused(Mistake::new("--jwks, --jwks-uri", wrong, remedy).into()));
    }
    let is_key =
        |held: &&Credential| matches!(held.kind(), CredentialKind::Key(_) | CredentialKind::KeySet(_));
    let others = client.credentials().iter().filter(|held| !is_key(held));
    Ok(changed.credentials(others.chain(keys).cloned()))
}
