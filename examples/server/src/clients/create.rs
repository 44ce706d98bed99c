//! `clients create`: into the store, or, on memory storage, which keeps nothing, as what to paste.

use grantor::store::{AuthMethod, Client, CompatibilitySwitch, GrantType, Insert, Revision};
use grantor::{
    ClientId, Clock, Entropy, InvalidValue, ResourceUri, SigningAlgorithm, SystemClock, SystemEntropy,
};

use super::desk::Desk;
use super::new_proof::NewProof;
use crate::config::{Mistake, Stated, known_switch, short_grant};
use crate::failure::Failure;
use crate::flags::{Method, NewClient};
use crate::paste::{say, say_once, toml_list, toml_text};

impl Desk {
    pub(super) async fn create(&self, wanted: &NewClient) -> Result<(), Failure> {
        let id = match &wanted.id {
            Some(id) => ClientId::new(id.as_str()).map_err(|rule| mistake("--id", rule))?,
            None => random_id()?,
        };
        if let Some(file) = self.file_of(id.as_str()) {
            return Err(taken(&id, &format!(" in {file}")));
        }
        if self.trusts(id.as_str()).await? {
            return Err(Failure::Runtime(format!(
                "`{id}` is the name of a trusted issuer, and a client is its own issuer: choose another --id, or \
                 `trust remove` it first"
            )));
        }
        let stated = Stated::by_flags(&self.config);
        let scope = stated.scope("scope", &wanted.scope)?;
        let grants = match &*wanted.grants {
            [] => vec![GrantType::CLIENT_CREDENTIALS],
            grants => grants.to_vec(),
        };
        let switches = self.switches(&wanted.switches)?;
        let (proof, credential) = NewProof::make(&id, wanted, &self.host_keys)?;
        let resources = stated.uris("resources", &wanted.resources)?;
        let serves = stated.uris("serves", &wanted.serves)?;
        if let Some(algorithm) = wanted.introspection_alg {
            self.check_is_held(algorithm)?;
        }
        let epoch = Client::first_token_epoch(&SystemEntropy::new())
            .map_err(|error| Failure::because("no randomness", error))?;
        let client = Client::builder(id, method(wanted.auth))
            .grant_types(grants)
            .compatibility(switches)
            .name(wanted.name.as_deref().unwrap_or_default())
            .scope(scope)
            .resources(Some(resources).filter(|listed| !listed.is_empty()))
            .serves(serves)
            .introspector(wanted.introspector)
            .introspection_signed_response_alg(wanted.introspection_alg)
            .credentials(credential)
            .created_at(SystemClock::new().now())
            .token_epoch(epoch)
            .build()
            .map_err(|rule| mistake("--name", rule))?;
        let Some(registry) = &self.registry else {
            proof.keep()?;
            return say(&paste(&client, &proof));
        };
        if registry
            .find(client.id())
            .await
            .map_err(|error| Failure::because("the store cannot be read", error))?
            .is_some()
        {
            return Err(taken(client.id(), ""));
        }
        // Before the client: a key that could not be written would leave a client that nobody can be.
        proof.keep()?;
        let first = Revision::first(&SystemEntropy::new())
            .map_err(|error| Failure::because("no revision could be made", error))?;
        let inserted = registry.insert(first, &client).await;
        let inserted = match inserted {
            Ok(inserted) => inserted,
            Err(error) => {
                say_once(&format!(
                    "# If `clients show` finds {}, this is for it.\n{}",
                    client.id(),
                    proof.for_the_client(&client)
                ))?;
                return Err(Failure::because("it is not certain that it was stored", error));
            }
        };
        match inserted {
            Insert::Done => {
                let none = " Without --scope it gets tokens only where the resource has no scopes.";
                let hint = if client.scope().is_empty() { none } else { "" };
                let its = proof.for_the_client(&client);
                say_once(&format!("Client {} is registered.{hint}\n{its}", client.id()))
            }
            Insert::Exists => {
                proof.discard();
                Err(taken(client.id(), ""))
            }
        }
    }
}

impl Desk {
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

fn mistake(flag: &str, rule: InvalidValue) -> Failure {
    Mistake::new(flag, "breaks the rule for its value", rule.to_string()).into()
}

/// 130 random bits in a space of its own, so that it is nobody's user name (RFC 9068 §5).
fn random_id() -> Result<ClientId, Failure> {
    let mut bytes = [0; 16];
    SystemEntropy::new().fill(&mut bytes).map_err(|error| Failure::because("no id could be made", error))?;
    let text = format!("client-{}", data_encoding::HEXLOWER.encode(&bytes));
    ClientId::new(text).map_err(|error| Failure::because("no id could be made", error))
}

fn paste(client: &Client, proof: &NewProof) -> String {
    let mut text =
        "# Memory storage keeps no client, so paste this into the configuration file (--config FILE):\n\n\
                    [[clients]]\n"
            .to_owned();
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key} = {value}\n"));
    line("id", &toml_text(client.id().as_str()));
    if let Some(name) = client.name() {
        line("name", &toml_text(name));
    }
    line("auth", &toml_text(client.auth_method().as_str()));
    if let Some((key, value)) = proof.entry() {
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
    text.push_str(&proof.for_server_and_client(client));
    text
}

const fn method(wanted: Method) -> AuthMethod {
    match wanted {
        Method::ClientSecretBasic => AuthMethod::CLIENT_SECRET_BASIC,
        Method::ClientSecretPost => AuthMethod::CLIENT_SECRET_POST,
        Method::ClientSecretJwt => AuthMethod::CLIENT_SECRET_JWT,
        Method::PrivateKeyJwt => AuthMethod::PRIVATE_KEY_JWT,
        Method::WorkloadJwt => AuthMethod::WORKLOAD_JWT,
    }
}
