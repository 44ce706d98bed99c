//! What a new client proves itself with: a secret, a key pair of which the server sees the public half, or keys that it
//! publishes.

use std::path::PathBuf;

use grantor::store::{AuthMethod, Client, Credential, GrantType};
use grantor::{AssertionAlgorithm, ClientId, ClientSecret, HostKeys, InvalidValue, KeySetUrl, SystemEntropy};
use serde_json::{Map, Value};

use crate::assertion::MadeKey;
use crate::config::Mistake;
use crate::failure::Failure;
use crate::flags::{Method, NewClient};
use crate::paste::{shell_word, toml_table, toml_text};
use crate::private_file;

pub(super) enum NewProof {
    Secret {
        variable: String,
        secret: ClientSecret,
    },
    Key {
        file: PathBuf,
        key: Box<MadeKey>,
    },
    Published(KeySetUrl),
    /// Nothing of its own: its platform vouches for it.
    Workloads,
}

impl NewProof {
    /// Makes it, and the credential that goes with it, if there is one yet. Nothing is written yet.
    pub(super) fn make(
        id: &ClientId,
        wanted: &NewClient,
        host_keys: &HostKeys,
    ) -> Result<(Self, Option<Credential>), Failure> {
        let held = |(proof, credential)| (proof, Some(credential));
        match (wanted.auth, &wanted.key_out, &wanted.jwks_uri) {
            (Method::PrivateKeyJwt, None, Some(url)) => Self::published(url).map(held),
            (Method::PrivateKeyJwt, Some(_), Some(_)) => {
                let remedy = "take out --key-out, whose key the server would keep, or --jwks-uri";
                Err(Mistake::new("--jwks-uri", "there is --key-out beside it", remedy).into())
            }
            (Method::PrivateKeyJwt, Some(file), None) => {
                let key = MadeKey::generate()?;
                let credential = key.credential.clone();
                Ok((Self::Key { file: file.clone(), key: Box::new(key) }, Some(credential)))
            }
            (Method::PrivateKeyJwt, None, None) => {
                let remedy = "name a new file for the private key, such as --key-out billing.key; or where the client \
                              publishes its keys, with --jwks-uri";
                Err(Mistake::new("--key-out", "missing", remedy).into())
            }
            (_, _, Some(_)) => {
                let remedy = "take it out, or write --auth private_key_jwt";
                Err(Mistake::new("--jwks-uri", "there are no public keys with this --auth", remedy).into())
            }
            (_, Some(_), None) => {
                let remedy = "take it out, or write --auth private_key_jwt";
                Err(Mistake::new("--key-out", "there is no private key with this --auth", remedy).into())
            }
            (Method::WorkloadJwt, None, None) => Ok((Self::Workloads, None)),
            (method, None, None) => Self::secret(id, method == Method::ClientSecretJwt, host_keys).map(held),
        }
    }

    fn published(url: &str) -> Result<(Self, Credential), Failure> {
        let refused = |rule: InvalidValue| {
            Failure::from(Mistake::new("--jwks-uri", "breaks the rule for its value", rule.to_string()))
        };
        let url = KeySetUrl::new(url).map_err(refused)?;
        let credential = Credential::key_set(url.clone()).map_err(refused)?;
        Ok((Self::Published(url), credential))
    }

    /// Another secret for a client that proves itself by one.
    pub(super) fn next_secret(client: &Client, host_keys: &HostKeys) -> Result<(Self, Credential), Failure> {
        let is_key = *client.auth_method() == AuthMethod::CLIENT_SECRET_JWT;
        let sent = [AuthMethod::CLIENT_SECRET_BASIC, AuthMethod::CLIENT_SECRET_POST];
        if !is_key && !sent.contains(client.auth_method()) {
            let (id, method) = (client.id(), client.auth_method().as_str());
            return Err(Failure::Runtime(format!("`{id}` authenticates by {method} and has no secret")));
        }
        Self::secret(client.id(), is_key, host_keys)
    }

    /// A secret, and its digest, or itself sealed where it is the key of HS256.
    fn secret(id: &ClientId, is_key: bool, host_keys: &HostKeys) -> Result<(Self, Credential), Failure> {
        let entropy = SystemEntropy::new();
        let (secret, digest) = host_keys
            .new_secret(id, &entropy)
            .map_err(|error| Failure::because("no secret could be made", error))?;
        let credential = if is_key {
            let (name, algorithm) = (digest.id().clone(), AssertionAlgorithm::Hs256);
            host_keys
                .sealed_credential(id, name, secret.expose(), algorithm, &entropy)
                .map_err(|error| Failure::because("the secret could not be sealed", error))?
        } else {
            digest
        };
        Ok((Self::Secret { variable: variable(id), secret }, credential))
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
    pub(super) fn entry(&self) -> Option<(&'static str, String)> {
        Some(match self {
            Self::Workloads => return None,
            Self::Secret { variable, .. } => ("secrets", format!("[{{ env = {} }}]", toml_text(variable))),
            Self::Key { key, .. } => ("jwks", format!("{{ keys = [{}] }}", inline(&key.public))),
            Self::Published(url) => ("jwks_uri", toml_text(url.as_str())),
        })
    }

    /// What the client gets, where the server reads the configuration file.
    pub(super) fn for_server_and_client(&self, client: &Client) -> String {
        match self {
            Self::Secret { .. } => format!(
                "\n# And this, its secret, into the environment of the server and into the client. It is shown this \
                 once and\n# kept nowhere; whoever has it is the client.\n\n{}\n",
                self.line()
            ),
            Self::Workloads => format!(
                "\n# Behind it come its workloads, which {} prints. Until then it\n# needs enabled = false.\n",
                federate(client.id())
            ),
            Self::Key { .. } | Self::Published(_) => self.for_the_client(client),
        }
    }

    /// The secret, as a line for the environment. There is none for a key.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Secret { variable, secret } => format!("{variable}={}", secret.expose()),
            Self::Key { .. } | Self::Published(_) | Self::Workloads => String::new(),
        }
    }

    /// What the client gets.
    pub(super) fn for_the_client(&self, client: &Client) -> String {
        match self {
            Self::Secret { .. } => format!(
                "\n# Its secret, for the client. It is shown this once and kept nowhere; whoever has it is the \
                 client.\n\n{}\n",
                self.line()
            ),
            Self::Key { file, .. } => {
                let file = shell_word(&file.display().to_string());
                format!(
                    "\n# Its private key, PKCS#8 in PEM, is in {file} and nowhere else. Give it to the client, never \
                     to the\n# server; whoever has it is the client. {}",
                    by_hand(&file, client)
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
fn variable(id: &ClientId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = id.as_str().chars().map(plain).collect();
    let start = if name.starts_with(|c: char| c.is_ascii_digit()) { "CLIENT_" } else { "" };
    format!("{start}{name}_SECRET")
}
