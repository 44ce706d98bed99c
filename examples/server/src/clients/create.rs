//! `clients create`. Memory storage keeps nothing, so what to paste is printed.

use grantor::store::{AuthMethod, Client};
use grantor::{ClientId, ClientSecret, Entropy, HostKeys, InvalidValue, ResourceUri, Scope, SystemEntropy};

use crate::config::{Config, Mistake};
use crate::failure::Failure;
use crate::flags::{Flags, NewClient};
use crate::paste::{say, toml_list, toml_text};

pub(crate) fn create(flags: &Flags, wanted: &NewClient) -> Result<(), Failure> {
    let config = Config::load(flags.config.as_deref())?;
    let id = match &wanted.id {
        Some(id) => ClientId::new(id.as_str()).map_err(|rule| mistake("--id", rule))?,
        None => random_id()?,
    };
    if config.document.clients.iter().any(|entry| entry.id == id.as_str()) {
        let file = config.path().unwrap_or(std::path::Path::new("the configuration")).display();
        return Err(Failure::Runtime(format!(
            "there is a client `{id}` in {file} already: choose another --id"
        )));
    }
    let (secret, credential) = HostKeys::ephemeral()
        .new_secret(&id, &SystemEntropy::new())
        .map_err(|error| Failure::because("no secret could be made", error))?;
    let resources: Vec<ResourceUri> = wanted
        .resources
        .iter()
        .map(|uri| ResourceUri::new(uri.as_str()).map_err(|rule| mistake("--resource", rule)))
        .collect::<Result<_, _>>()?;
    let method = match wanted.auth.as_str() {
        "post" => AuthMethod::CLIENT_SECRET_POST,
        _ => AuthMethod::CLIENT_SECRET_BASIC,
    };
    let client = Client::builder(id, method)
        .name(wanted.name.as_deref().unwrap_or_default())
        .scope(Scope::parse(&wanted.scope).map_err(|rule| mistake("--scope", rule))?)
        .resources(Some(resources).filter(|listed| !listed.is_empty()))
        .credential(credential)
        .build()
        .map_err(|rule| mistake("--name", rule))?;
    say(&paste(&client, &secret))
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

fn paste(client: &Client, secret: &ClientSecret) -> String {
    let variable = variable(client.id());
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
    line("secrets", &format!("[{{ env = {} }}]", toml_text(&variable)));
    line("scope", &toml_text(client.scope().as_str()));
    if let Some(resources) = client.resources() {
        line("resources", &toml_list(resources.iter().map(ResourceUri::as_str)));
    }
    text.push_str(&format!(
        "\n# And this, its secret, into the environment of the server and into the client. It is shown this once and\n\
         # kept nowhere; whoever has it is the client.\n\n{variable}={}\n",
        secret.expose()
    ));
    text
}

/// A name for the environment: `billing-2` becomes `BILLING_2_SECRET`.
fn variable(id: &ClientId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = id.as_str().chars().map(plain).collect();
    let start = if name.starts_with(|c: char| c.is_ascii_digit()) { "CLIENT_" } else { "" };
    format!("{start}{name}_SECRET")
}
