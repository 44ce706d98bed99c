//! `clients list` and `clients show`: what is registered, without a secret in it.

use grantor::store::{Client, CompatibilitySwitch, Credential, CredentialKind, GrantType};
use grantor::{ClientId, Clock, CredentialId, PublicKey, ResourceUri, SystemClock, Timestamp};
use serde_json::{Value, json};

use super::desk::{Desk, unknown};
use super::workload_table::{document as workload_document, workload, workloads};
use crate::config::short_grant;
use crate::failure::Failure;
use crate::paste::{pretty, say, table};
use crate::when::{ago, at};

impl Desk {
    pub(super) async fn list(&self, as_json: bool) -> Result<(), Failure> {
        let clients = self.clients().await?;
        if as_json {
            return say(&pretty(&Value::Array(clients.iter().map(document).collect())));
        }
        if clients.is_empty() {
            let none = match self.registry {
                None => {
                    "No clients: memory storage keeps none, and no configuration file (--config) declares any.\n"
                }
                Some(_) => "No clients yet: `clients create` registers one.\n",
            };
            return say(none);
        }
        let head = ["ID", "NAME", "AUTH", "ENABLED", "CREDENTIALS", "SCOPE"].map(str::to_owned).to_vec();
        say(&table(&std::iter::once(head).chain(clients.iter().map(row)).collect::<Vec<_>>()))
    }

    pub(super) async fn show(&self, id: &str, as_json: bool) -> Result<(), Failure> {
        let configured = self.configured()?.into_iter().find(|client| client.id().as_str() == id);
        let client = match (configured, &self.registry, ClientId::new(id)) {
            (Some(client), ..) => client,
            (None, Some(registry), Ok(id)) => {
                let found = registry
                    .find(&id)
                    .await
                    .map_err(|error| Failure::because("the client cannot be read", error))?;
                found.ok_or_else(|| unknown(id.as_str()))?.record().clone()
            }
            (None, Some(_), Err(_)) => return Err(unknown(id)),
            (None, None, _) => {
                let known = "memory storage knows only those of the configuration file (--config); see `clients list`";
                return Err(Failure::Runtime(format!("there is no client `{}`: {known}", id.escape_debug())));
            }
        };
        let uses = self.uses(&client).await?;
        say(&if as_json { pretty(&shown(&client, &uses)) } else { page(&client, &uses) })
    }

    pub(super) async fn uses(&self, client: &Client) -> Result<Uses, Failure> {
        let Some(usage) = self.backends.usage() else { return Ok(Uses(None)) };
        let uses = usage.last_used(client.id()).await;
        uses.map(|uses| Uses(Some(uses)))
            .map_err(|error| Failure::because("when its credentials were used cannot be read", error))
    }
}

/// When the credentials of a client were last used, where that is recorded.
pub(super) struct Uses(Option<Vec<(CredentialId, Timestamp)>>);

impl Uses {
    pub(super) fn of(&self, held: &Credential) -> Option<Timestamp> {
        let mut uses = self.0.iter().flatten();
        uses.find_map(|(id, used_at)| (id == held.id()).then_some(*used_at))
    }

    pub(super) fn in_words(&self, held: &Credential, now: Timestamp) -> String {
        match (self.of(held), &self.0) {
            (Some(used_at), _) => ago(used_at, now),
            (None, Some(_)) => "never seen".to_owned(),
            (None, None) => "not recorded by this store".to_owned(),
        }
    }
}

fn row(client: &Client) -> Vec<String> {
    vec![
        client.id().as_str().to_owned(),
        client.name().unwrap_or("-").to_owned(),
        client.auth_method().as_str().to_owned(),
        yes_no(client.is_enabled()).to_owned(),
        client.credentials().len().to_string(),
        client.scope().as_str().to_owned(),
    ]
}

fn page(client: &Client, uses: &Uses) -> String {
    let now = SystemClock::new().now();
    let list = |uris: &[ResourceUri]| uris.iter().map(ResourceUri::as_str).collect::<Vec<_>>().join(" ");
    let facts = [
        ("id", client.id().as_str().to_owned()),
        ("name", client.name().unwrap_or("-").to_owned()),
        ("auth", client.auth_method().as_str().to_owned()),
        ("enabled", yes_no(client.is_enabled()).to_owned()),
        ("created", client.created_at().map_or_else(|| "-".to_owned(), |moment| moment.to_string())),
        ("grants", client.grant_types().map(short_grant).collect::<Vec<_>>().join(" ")),
        ("scope", client.scope().as_str().to_owned()),
        ("default scope", client.default_scope().as_str().to_owned()),
        ("resources", client.resources().map_or_else(|| "all".to_owned(), list)),
        ("serves", list(client.serves())),
        ("introspector", yes_no(client.is_introspector()).to_owned()),
        ("introspection alg", client.introspection_signed_response_alg().unwrap_or("-").to_owned()),
        ("token epoch", client.token_epoch().to_string()),
        ("compatibility", switches(client).join(" ")),
        ("jwks_uri", client.credentials().iter().find_map(jwks_uri).unwrap_or("-").to_owned()),
    ];
    let facts = facts.map(|(name, fact)| vec![name.to_owned(), fact]);
    let head = ["CREDENTIAL", "KIND", "ALG", "KID", "LABEL", "FROM", "UNTIL", "LAST USED"]
        .map(str::to_owned)
        .to_vec();
    let credential = |held: &Credential| {
        let (kind, alg, key) = about(held);
        vec![
            held.id().as_str().to_owned(),
            kind.to_owned(),
            alg.unwrap_or("-").to_owned(),
            key.and_then(PublicKey::kid).unwrap_or("-").to_owned(),
            held.label().unwrap_or("-").to_owned(),
            held.not_before().map_or_else(|| "-".to_owned(), |from| at(from, now)),
            held.expires_at().map_or_else(|| "-".to_owned(), |until| at(until, now)),
            uses.in_words(held, now),
        ]
    };
    let credentials: Vec<_> =
        std::iter::once(head).chain(client.credentials().iter().map(credential)).collect();
    let coarse = if uses.0.is_some() { "\nA use is noted once an hour at most.\n" } else { "" };
    let workloads = match workloads(client, uses) {
        none if none.is_empty() => none,
        some => format!("\n{some}"),
    };
    format!("{}\n{}{workloads}{coarse}", table(&facts), table(&credentials))
}

/// One client, with what the list does not ask for.
fn shown(client: &Client, uses: &Uses) -> Value {
    let mut document = document(client);
    let members = document.get_mut("credentials").and_then(Value::as_array_mut).into_iter().flatten();
    for (member, held) in members.zip(client.credentials()) {
        if let (Some(member), Some(_)) = (member.as_object_mut(), &uses.0) {
            let used_at = uses.of(held).map(|used_at| used_at.to_string());
            member.insert("last_used_at".to_owned(), used_at.into());
        }
    }
    document
}

fn document(client: &Client) -> Value {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    let uris = |uris: &[ResourceUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>();
    let credential = |held: &Credential| {
        let (kind, alg, key) = about(held);
        json!({
            "id": held.id().as_str(),
            "kind": kind,
            "alg": alg,
            "kid": key.and_then(PublicKey::kid),
            "thumbprint": key.map(PublicKey::thumbprint),
            "jwks_uri": jwks_uri(held),
            "workload": workload(held).map(workload_document),
            "label": held.label(),
            "not_before": moment(held.not_before()),
            "expires_at": moment(held.expires_at()),
        })
    };
    json!({
        "id": client.id().as_str(),
        "name": client.name(),
        "auth": client.auth_method().as_str(),
        "enabled": client.is_enabled(),
        "created_at": moment(client.created_at()),
        "grant_types": client.grant_types().map(GrantType::as_str).collect::<Vec<_>>(),
        "scope": client.scope().as_str(),
        "default_scope": client.default_scope().as_str(),
        "resources": client.resources().map(uris),
        "serves": uris(client.serves()),
        "introspector": client.is_introspector(),
        "introspection_signed_response_alg": client.introspection_signed_response_alg(),
        "token_epoch": client.token_epoch(),
        "compatibility": switches(client),
        "credentials": client.credentials().iter().map(credential).collect::<Vec<_>>(),
    })
}

/// What a credential is, with its algorithm where it is for one, and its key where it has a public one.
type About<'a> = (&'static str, Option<&'static str>, Option<&'a PublicKey>);

fn about(credential: &Credential) -> About<'_> {
    match credential.kind() {
        CredentialKind::Digest(_) => ("secret", None, None),
        CredentialKind::SealedSecret(secret) => ("secret", Some(secret.algorithm().as_str()), None),
        CredentialKind::Key(key) => ("key", Some(key.algorithm().as_str()), Some(key)),
        CredentialKind::KeySet(_) => ("jwks_uri", None, None),
        CredentialKind::Imported(_) => ("argon2id", None, None),
        CredentialKind::Workload(_) => ("workload", None, None),
        CredentialKind::Unknown(_) | _ => ("unknown", None, None),
    }
}

/// Where its keys are, if it is a place of keys.
fn jwks_uri(credential: &Credential) -> Option<&str> {
    if let CredentialKind::KeySet(url) = credential.kind() { Some(url.as_str()) } else { None }
}

fn switches(client: &Client) -> Vec<&str> {
    client.compatibility().map(CompatibilitySwitch::as_str).collect()
}

const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
