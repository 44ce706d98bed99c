//! `clients show`: one client, without a secret in it.

use grantor::store::{Client, ClientRegistration, Credential};
use grantor::{ClientId, Clock, CredentialId, PublicKey, ResourceUri, SystemClock, Timestamp};
use serde_json::Value;

use super::desk::{Desk, unknown};
use super::document::{about, document, jwks_uri, methods_of, switches};
use super::workload_table::workloads;
use crate::config::short_grant;
use crate::failure::Failure;
use crate::paste::{pretty, say, table, typed};
use crate::when::{ago, at};

impl Desk {
    pub(super) async fn show(&self, id: &str, as_json: bool) -> Result<(), Failure> {
        let found = match ClientId::new(id) {
            Ok(id) => self.client(&id).await?,
            Err(_) => None,
        };
        let client = match found {
            Some(client) => client,
            None if self.keeps => return Err(unknown(id)),
            None => {
                let known = "memory storage knows only those of the configuration file (--config); see `clients list`";
                return Err(Failure::Runtime(format!("there is no client `{}`: {known}", typed(id))));
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
    let facts = facts.map(|(name, fact)| vec![name.to_owned(), fact]).into_iter();
    let facts: Vec<_> = facts.chain(client.registration().map(registration).into_iter().flatten()).collect();
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

/// How it came to be registered, and what it says about itself, which nobody has checked.
fn registration(own: &ClientRegistration) -> Vec<Vec<String>> {
    let by = own.initial_access().map(|id| format!("the initial access token {id}"));
    let bound = match (own.scope().as_str(), own.auth_methods()) {
        (scope, None) => scope.to_owned(),
        (scope, Some(methods)) => {
            format!("{scope} by {}", methods_of(methods).join(", "))
        }
    };
    let facts = [
        ("registered with", by.unwrap_or_else(|| "the initial access token of the configuration".to_owned())),
        ("may register", bound),
    ];
    let facts = facts.map(|(name, fact)| vec![name.to_owned(), fact]).into_iter();
    let said = own.metadata().iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        vec![format!("says {}", plain(name)), plain(&value)]
    });
    facts.chain(said).collect()
}

/// Without what a terminal would obey: whoever registers chooses these texts (T96).
fn plain(text: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_unicode().collect::<String>(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
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

const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t96_a_terminal_obeys_nobody_who_registers() {
        assert_eq!(plain("Zoë \u{1b}[2J\u{9b}\n"), "Zoë \\u{1b}[2J\\u{9b}\\u{a}");
    }
}
