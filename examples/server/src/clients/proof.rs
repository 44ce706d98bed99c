//! What a new client proves itself with: a secret, a key of which the server sees the public half, or keys that it
//! publishes.

use std::path::PathBuf;

use grantor::store::{Client, Credential, GrantType};
use grantor::{ClientId, ClientSecret, InvalidValue, KeySetUrl, PublicKey};
use serde_json::{Map, Value};

use crate::assertion::MadeKey;
use crate::config::{Mistake, Stated};
use crate::failure::Failure;
use crate::flags::{Method, NewClient};
use crate::paste::{shell_word, toml_table, toml_text};
use crate::private_file;

pub(super) enum Proof {
    /// Made with the client.
    Secret,
    /// A new one, of which the private half goes into a file.
    Key {
        file: PathBuf,
        key: Box<MadeKey>,
    },
    /// The public halves of those that it has.
    Keys(Vec<PublicKey>),
    Published(KeySetUrl),
    /// Nothing of its own: its platform vouches for it.
    Workloads,
}

impl Proof {
    /// As the flags say. Nothing is written yet.
    pub(super) fn read(wanted: &NewClient, stated: &Stated<'_>) -> Result<Self, Failure> {
        let given = [
            ("--key-out", wanted.key_out.is_some()),
            ("--jwks", wanted.jwks.is_some()),
            ("--jwks-uri", wanted.jwks_uri.is_some()),
        ];
        let mut given = given.into_iter().filter_map(|(flag, is_given)| is_given.then_some(flag));
        let (first, second) = (given.next(), given.next());
        if wanted.auth != Method::PrivateKeyJwt {
            return match first {
                Some(flag) => {
                    let keys = if flag == "--key-out" { "is no private key" } else { "are no public keys" };
                    let remedy = "take it out, or write --auth private_key_jwt";
                    Err(Mistake::new(flag, format!("there {keys} with this --auth"), remedy).into())
                }
                None if wanted.auth == Method::WorkloadJwt => Ok(Self::Workloads),
                None => Ok(Self::Secret),
            };
        }
        if let (Some(first), Some(second)) = (first, second) {
            let remedy =
                format!("keep {first}, or {second}: a client has its keys in one place (RFC 7591 §2)");
            return Err(Mistake::new(second, format!("there is {first} beside it"), remedy).into());
        }
        match (&wanted.key_out, &wanted.jwks, &wanted.jwks_uri) {
            (Some(file), ..) => Ok(Self::Key { file: file.clone(), key: Box::new(MadeKey::generate()?) }),
            (_, Some(file), _) => Ok(Self::Keys(stated.public_keys("jwks", file)?)),
            (.., Some(url)) => Ok(Self::Published(stated.key_set_url("jwks_uri", url)?)),
            (None, None, None) => {
                let remedy = "name a new file for the private key, such as --key-out billing.key; or where its public keys \
                              are, with --jwks FILE or --jwks-uri URL";
                Err(Mistake::new("--key-out", "missing", remedy).into())
            }
        }
    }

    /// What goes with it into the record, if it is there before the client.
    pub(super) fn credentials(&self) -> Result<Vec<Credential>, InvalidValue> {
        match self {
            Self::Secret | Self::Workloads => Ok(Vec::new()),
            Self::Key { key, .. } => Ok(vec![key.credential.clone()]),
            Self::Keys(keys) => keys.iter().cloned().map(Credential::key).collect(),
            Self::Published(url) => Credential::key_set(url.clone()).map(|credential| vec![credential]),
        }
    }

    /// Where the private key went.
    pub(super) fn private_key(&self) -> Option<String> {
        if let Self::Key { file, .. } = self { Some(file.display().to_string()) } else { None }
    }

    /// Writes the private key. A file that is there already may hold another, so it stays as it is.
    pub(super) fn keep(&self) -> Result<(), Failure> {
        let Self::Key { file, key } = self else { return Ok(()) };
        private_file::write_new(file, &key.pem).map_err(|error| {
            let wrong = format!("`{}` cannot be made: {error}", file.display());
            let remedy = "name a file that does not exist yet, in a folder that can be written";
            Mistake::new("--key-out", wrong, remedy).into()
        })
    }

    /// Removes the private key that was just written: no client came of it.
    pub(super) fn discard(&self) {
        if let Self::Key { file, .. } = self {
            let _ = std::fs::remove_file(file);
        }
    }

    /// How it stands in the configuration.
    pub(super) fn entry(&self, id: &ClientId) -> Option<(&'static str, String)> {
        Some(match self {
            Self::Workloads => return None,
            Self::Secret => ("secrets", format!("[{{ env = {} }}]", toml_text(&variable(id)))),
            Self::Key { key, .. } => ("jwks", format!("{{ keys = [{}] }}", inline(&key.public))),
            Self::Keys(keys) => {
                let keys = keys.iter().filter_map(|key| serde_json::from_str(&key.to_jwk()).ok());
                let keys: Vec<_> = keys.map(|jwk| inline(&jwk)).collect();
                ("jwks", format!("{{ keys = [{}] }}", keys.join(", ")))
            }
            Self::Published(url) => ("jwks_uri", toml_text(url.as_str())),
        })
    }

    /// What the client gets, where the server reads the configuration file.
    pub(super) fn for_server_and_client(&self, client: &Client, secret: Option<&ClientSecret>) -> String {
        match (self, secret) {
            (_, Some(secret)) => format!(
                "\n# And this, its secret, into the environment of the server and into the client. It is shown this \
                 once and\n# kept nowhere; whoever has it is the client.\n\n{}\n",
                secret_line(client.id(), secret)
            ),
            (Self::Workloads, None) => format!(
                "\n# Behind it come its workloads, which {} prints. Until then it\n# needs enabled = false.\n",
                federate(client.id())
            ),
            _ => self.for_the_client(client, secret),
        }
    }

    /// What the client gets.
    pub(super) fn for_the_client(&self, client: &Client, secret: Option<&ClientSecret>) -> String {
        if let Some(secret) = secret {
            return format!(
                "\n# Its secret, for the client. It is shown this once and kept nowhere; whoever has it is the \
                 client.\n\n{}\n",
                secret_line(client.id(), secret)
            );
        }
        match self {
            Self::Secret => String::new(),
            Self::Key { file, .. } => {
                let file = shell_word(&file.display().to_string());
                format!(
                    "\n# Its private key, PKCS#8 in PEM, is in {file} and nowhere else. Give it to the client, never \
                     to the\n# server; whoever has it is the client. {}",
                    by_hand(&file, client)
                )
            }
            Self::Keys(keys) => {
                let named = |key: &PublicKey| format!("#     {}  {}\n", key.algorithm(), key.thumbprint());
                format!(
                    "\n# Its public keys, by RFC 7638 thumbprint; the private ones never leave the client:\n#\n{}",
                    keys.iter().map(named).collect::<String>()
                )
            }
            Self::Workloads => format!(
                "\n# It has no secret. Say next which workload it is, by its platform:\n#\n#     {}\n",
                federate(client.id())
            ),
            Self::Published(url) => format!(
                "\n# Its public keys are read from {url} when it asks for a token. What is there has to be a JWK Set\n# \
                 (RFC 7517 §5); a key that is taken out of it ends within five minutes.\n"
            ),
        }
    }
}

/// A secret, as a line for the environment.
pub(super) fn secret_line(id: &ClientId, secret: &ClientSecret) -> String {
    format!("{}={}", variable(id), secret.expose())
}

/// How the client, whose key is in `file`, gets a token by hand: a service account by a grant that it signs itself.
fn by_hand(file: &str, client: &Client) -> String {
    let id = shell_word(client.id().as_str());
    if client.grant_types().eq([&GrantType::JWT_BEARER]) {
        return format!(
            "A token by hand:\n#\n\
             #     curl -sS URL/oauth2/token -d grant_type={} \\\n\
             #       -d \"assertion=$(grantor-server assertion --grant --key {file} --client {id} --issuer URL)\"\n",
            GrantType::JWT_BEARER.as_str()
        );
    }
    format!(
        "An assertion by hand:\n#\n\
         #     grantor-server assertion --key {file} --client {id} --issuer URL\n"
    )
}

/// What to do next for a client that has no workload yet.
fn federate(id: &ClientId) -> String {
    format!("grantor-server clients federate add {} --profile …", shell_word(id.as_str()))
}

fn inline(jwk: &Map<String, Value>) -> String {
    toml_table(jwk.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))))
}

/// A name for the environment: `billing-2` becomes `BILLING_2_SECRET`.
pub(super) fn variable(id: &ClientId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = id.as_str().chars().map(plain).collect();
    let start = if name.starts_with(|c: char| c.is_ascii_digit()) { "CLIENT_" } else { "" };
    format!("{start}{name}_SECRET")
}
