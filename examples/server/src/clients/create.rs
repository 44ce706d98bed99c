//! `clients create`: into the store, or, on memory storage, which keeps nothing, as what to paste.

use grantor::store::{Client, CompatibilitySwitch, GrantType};
use grantor::{
    ClientId, ClientSecret, ClientsError, CreatedClient, InvalidValue, IssuerName, ResourceUri,
    SigningAlgorithm,
};
use serde_json::{Map, Value};

use super::desk::Desk;
use super::document::document;
use super::proof::{Proof, variable};
use crate::config::{Mistake, Stated, known_switch, short_grant};
use crate::failure::Failure;
use crate::flags::NewClient;
use crate::paste::{pretty, say_once, toml_list, toml_text};

impl Desk {
    pub(super) async fn create(&self, wanted: &NewClient, as_json: bool) -> Result<(), Failure> {
        let id = match &wanted.id {
            Some(id) => ClientId::new(id.as_str()).map_err(|rule| mistake("--id", rule))?,
            None => self.clients.new_id()?,
        };
        if let Some(file) = self.file_of(id.as_str()) {
            return Err(taken(&id, &format!(" in {file}")));
        }
        if IssuerName::new(id.as_str()).is_ok_and(|issuer| self.config.trusts(&issuer)) {
            return Err(is_issuer(&id));
        }
        let stated = Stated::by_flags(&self.config);
        let scope = stated.scope("scope", &wanted.scope)?;
        let grants = match &*wanted.grants {
            [] => vec![GrantType::CLIENT_CREDENTIALS],
            grants => grants.to_vec(),
        };
        let switches = self.switches(&wanted.switches)?;
        let proof = Proof::read(wanted, &stated)?;
        let resources = stated.uris("resources", &wanted.resources)?;
        let serves = stated.uris("serves", &wanted.serves)?;
        if let Some(algorithm) = wanted.introspection_alg {
            self.check_is_held(algorithm)?;
        }
        let credentials = proof.credentials().map_err(|rule| mistake("--jwks", rule))?;
        let client = Client::builder(id.clone(), wanted.auth.auth_method())
            .grant_types(grants)
            .compatibility(switches)
            .name(wanted.name.as_deref().unwrap_or_default())
            .scope(scope)
            .resources(Some(resources).filter(|listed| !listed.is_empty()))
            .serves(serves)
            .introspector(wanted.introspector)
            .introspection_signed_response_alg(wanted.introspection_alg)
            .credentials(credentials);
        client.clone().build().map_err(|rule| stated.broken("it breaks a rule", rule))?;
        if self.clients.get(&id).await?.is_some() {
            return Err(taken(&id, ""));
        }
        // Before the client: a key that could not be written would leave a client that nobody can be.
        proof.keep()?;
        let created = match self.clients.create(client).await {
            Ok(created) => created,
            Err(ClientsError::Unconfirmed { secret, source }) => {
                say_once(&perhaps(&id, &proof, secret.as_deref(), as_json))?;
                return Err(Failure::because("it is not certain that it was stored", source));
            }
            Err(error) => {
                proof.discard();
                if let ClientsError::Exists(id) = &error {
                    return Err(taken(id, ""));
                }
                if let ClientsError::IsTrustedIssuer(id) = &error {
                    return Err(is_issuer(id));
                }
                return Err(error.into());
            }
        };
        say_once(&self.created(&created, &proof, as_json))
    }

    fn created(&self, created: &CreatedClient, proof: &Proof, as_json: bool) -> String {
        let (client, secret) = (created.client.record(), created.secret.as_ref());
        if as_json {
            let mut told = Map::from_iter([("client".to_owned(), document(client))]);
            tell_secret(&mut told, secret, proof);
            if !self.keeps {
                // Nothing of this client is anywhere but here.
                told.insert("configuration".to_owned(), block(client, proof).into());
                if secret.is_some() {
                    told.insert("environment".to_owned(), variable(client.id()).into());
                }
            }
            return pretty(&Value::Object(told));
        }
        if !self.keeps {
            return format!(
                "# Memory storage keeps no client, so paste this into the configuration file (--config FILE):\n\n{}{}",
                block(client, proof),
                proof.for_server_and_client(client, secret)
            );
        }
        let none = " Without --scope it gets tokens only where the resource has no scopes.";
        let hint = if client.scope().is_empty() { none } else { "" };
        let its = proof.for_the_client(client, secret);
        format!("Client {} is registered.{hint}\n{its}", client.id())
    }

    /// Each known, and permitted by the configuration, if there is one.
    fn switches(&self, names: &[String]) -> Result<Vec<CompatibilitySwitch>, Failure> {
        let missing = |(wrong, remedy): (String, String)| Mistake::new("--switch", wrong, remedy);
        let switch = |name: &String| {
            let switch = known_switch(name).map_err(missing)?;
            if self.config.path().is_some() {
                self.config.check_permits(&switch).map_err(missing)?;
            }
            Ok(switch)
        };
        names.iter().map(switch).collect()
    }

    fn check_is_held(&self, algorithm: SigningAlgorithm) -> Result<(), Failure> {
        if self.config.path().is_none() {
            return Ok(());
        }
        let missing = |(wrong, remedy)| Mistake::new("--introspection-alg", wrong, remedy).into();
        self.config.check_is_held(algorithm).map_err(missing)
    }
}

fn taken(id: &ClientId, place: &str) -> Failure {
    Failure::Runtime(format!("there is a client `{id}`{place} already: choose another --id"))
}

fn is_issuer(id: &ClientId) -> Failure {
    Failure::Runtime(format!(
        "`{id}` is the name of a trusted issuer, and a client is its own issuer: choose another --id, or `trust remove` it \
         first"
    ))
}

fn mistake(flag: &str, rule: InvalidValue) -> Failure {
    Mistake::new(flag, "breaks the rule for its value", rule.to_string()).into()
}

/// The store has failed in it: what the client has, if there is one.
fn perhaps(id: &ClientId, proof: &Proof, secret: Option<&ClientSecret>, as_json: bool) -> String {
    if as_json {
        let client = Value::Object(Map::from_iter([("id".to_owned(), id.as_str().into())]));
        let mut told =
            Map::from_iter([("client".to_owned(), client), ("unconfirmed".to_owned(), true.into())]);
        tell_secret(&mut told, secret, proof);
        return pretty(&Value::Object(told));
    }
    let its = match (secret, proof.private_key()) {
        (Some(secret), _) => format!("\n{}\n", super::proof::secret_line(id, secret)),
        (None, Some(file)) => format!("#\n#     {file}\n"),
        (None, None) => String::new(),
    };
    format!("# If `clients show` finds {id}, this is for it.\n{its}")
}

fn tell_secret(told: &mut Map<String, Value>, secret: Option<&ClientSecret>, proof: &Proof) {
    if let Some(secret) = secret {
        told.insert("client_secret".to_owned(), secret.expose().into());
    }
    if let Some(file) = proof.private_key() {
        told.insert("private_key_file".to_owned(), file.into());
    }
}

/// Its block of the configuration file.
fn block(client: &Client, proof: &Proof) -> String {
    let mut text = "[[clients]]\n".to_owned();
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key} = {value}\n"));
    line("id", &toml_text(client.id().as_str()));
    if let Some(name) = client.name() {
        line("name", &toml_text(name));
    }
    line("auth", &toml_text(client.auth_method().as_str()));
    if let Some((key, value)) = proof.entry(client.id()) {
        line(key, &value);
    }
    if !client.grant_types().eq([&GrantType::CLIENT_CREDENTIALS]) {
        line("grant_types", &toml_list(client.grant_types().map(short_grant)));
    }
    line("scope", &toml_text(client.scope().as_str()));
    if let Some(resources) = client.resources() {
        line("resources", &toml_list(resources.iter().map(ResourceUri::as_str)));
    }
    if !client.serves().is_empty() {
        line("serves", &toml_list(client.serves().iter().map(ResourceUri::as_str)));
    }
    if client.is_introspector() {
        line("introspector", "true");
    }
    if client.compatibility().next().is_some() {
        line("compatibility", &toml_list(client.compatibility().map(CompatibilitySwitch::as_str)));
    }
    if let Some(algorithm) = client.introspection_signed_response_alg() {
        line("introspection_signed_response_alg", &toml_text(algorithm));
    }
    text
}
