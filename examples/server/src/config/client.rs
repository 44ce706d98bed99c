//! From the clients of the file to core's records.

use grantor::store::{Client, ClientBuilder};
use grantor::{ClientId, HostKeys, InvalidValue};

use super::document::ClientEntry;
use super::stated::Stated;
use super::{Config, Mistake};

impl Config {
    /// The clients, each with what `host_keys` make of its secrets. Reads environment and files.
    pub(crate) fn clients(&self, host_keys: &HostKeys) -> Result<Vec<Client>, Mistake> {
        let entries = &self.document.clients;
        for (at, entry) in entries.iter().enumerate() {
            if let Some(first) = entries.iter().take(at).position(|other| other.id == entry.id) {
                let wrong = format!("`{}` is the id of clients[{first}] too", entry.id.escape_debug());
                return Err(self.mistake(
                    &format!("clients[{at}].id"),
                    wrong,
                    "give each client an id of its own",
                ));
            }
        }
        entries.iter().enumerate().map(|(at, entry)| self.client(at, entry, host_keys)).collect()
    }

    /// Built step by step, so that what core refuses is known by its key.
    fn client(&self, at: usize, entry: &ClientEntry, host_keys: &HostKeys) -> Result<Client, Mistake> {
        let key = |name: &str| format!("clients[{at}].{name}");
        let id = ClientId::new(entry.id.as_str()).map_err(|rule| self.invalid(&key("id"), rule))?;
        let stated = Stated::in_block(self, format!("clients[{at}]"));
        let scope = stated.scope("scope", &entry.scope)?;
        let grants = self.grants(&key("grant_types"), entry.grant_types.as_deref())?;
        let method = self.auth(&key("auth"), entry.auth.as_deref())?;
        let mut client = Client::builder(id.clone(), method.clone())
            .enabled(entry.enabled.unwrap_or(true))
            .introspector(entry.introspector)
            .scope(scope)
            .grant_types(grants)
            .serves(stated.uris("serves", &entry.serves)?)
            .token_epoch(entry.token_epoch.into())
            .compatibility(self.switches(&key("compatibility"), &entry.compatibility)?);
        if let Some(listed) = &entry.resources {
            client = client.resources(stated.uris("resources", listed)?);
        }
        if let Some(name) = &entry.introspection_signed_response_alg {
            let key = key("introspection_signed_response_alg");
            client = client.introspection_signed_response_alg(self.held_algorithm(&key, name)?);
        }
        if let Some(name) = &entry.name {
            client = self.accepted(&key("name"), client.name(name))?;
        }
        if let Some(text) = &entry.default_scope {
            let key = key("default_scope");
            client = self.accepted(&key, client.default_scope(stated.scope("default_scope", text)?))?;
        }
        for (key, credential) in
            self.credentials(&format!("clients[{at}]"), entry, &method, (&id, host_keys))?
        {
            client = self.accepted(&key, client.credential(credential))?;
        }
        client.build().map_err(|rule| self.invalid(&format!("clients[{at}]"), rule))
    }

    /// `client`, if core takes what was added last.
    fn accepted(&self, key: &str, client: ClientBuilder) -> Result<ClientBuilder, Mistake> {
        client.clone().build().map(|_| client).map_err(|rule| self.invalid(key, rule))
    }

    pub(super) fn invalid(&self, key: &str, rule: InvalidValue) -> Mistake {
        self.mistake(key, "breaks the rule for its value", format!("{rule}"))
    }
}
