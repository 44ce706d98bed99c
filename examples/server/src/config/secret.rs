//! The secrets of a client: referred to, read, and turned into credentials that do not hold them.

use std::path::Path;

use grantor::store::{AuthMethod, Credential};
use grantor::{Argon2id, AssertionAlgorithm, ClientId, ClientSecret, CredentialId, HostKeys, SystemEntropy};
use zeroize::Zeroizing;

use super::document::SecretEntry;
use super::{Config, Mistake};
use crate::private_file;

const ONE_OF: &str = "write one of env = \"NAME\", file = \"PATH\" and argon2id = \"$argon2id$…\"";

impl Config {
    /// What checks secrets of another system, where there are any: with a decoy of the cost of the first one, so that
    /// the time does not tell which clients there are (T41).
    pub(crate) fn imported_secrets(&self) -> Option<Argon2id> {
        let mut secrets = self.document.clients.iter().flat_map(|client| &client.secrets);
        let hash = secrets.find_map(|secret| secret.argon2id.as_deref())?;
        // One that cannot be read was refused before.
        Some(Argon2id::with_cost_of(hash).unwrap_or_default())
    }

    /// The credential for the secret at `key`, the `number`-th of its client.
    pub(super) fn credential(
        &self,
        key: &str,
        number: usize,
        entry: &SecretEntry,
        method: &AuthMethod,
        owner: (&ClientId, &HostKeys),
    ) -> Result<Credential, Mistake> {
        let algorithm = self.hmac(key, entry, method)?;
        let credential = match (&entry.env, &entry.file, &entry.argon2id) {
            (Some(name), None, None) => {
                let key = format!("{key}.env");
                self.made(&key, &self.environment(&key, name)?, algorithm, owner)?
            }
            (None, Some(path), None) => {
                let key = format!("{key}.file");
                self.made(&key, &self.file(&key, &self.beside(path))?, algorithm, owner)?
            }
            (None, None, Some(_)) if algorithm.is_some() => {
                let remedy = "make a secret with `grantor-server clients create --auth client_secret_jwt`, and refer \
                              to it by env or file";
                let wrong = "a hash is no key, and client_secret_jwt needs the secret itself";
                return Err(self.mistake(&format!("{key}.argon2id"), wrong, remedy));
            }
            (None, None, Some(hash)) => self.imported(&format!("{key}.argon2id"), number, hash)?,
            (None, None, None) => return Err(self.mistake(key, "refers to no secret", ONE_OF)),
            _ => return Err(self.mistake(key, "refers to more than one secret", ONE_OF)),
        };
        let moment = |moment: &Option<super::value::Moment>| moment.as_ref().map(|moment| moment.0);
        Ok(credential
            .valid_from(moment(&entry.not_before))
            .valid_until(moment(&entry.expires_at))
            .labelled(entry.label.as_deref().unwrap_or_default()))
    }

    /// A secret that stands where its name belongs must not be shown in a message.
    fn no_secret(&self, key: &str, name: &str) -> Result<(), Mistake> {
        if name.contains("grantor_") {
            let remedy = "the secret itself does not belong into this file: put it into the environment or a file of \
                          its own, and write the name of that here. It has been in a file: rotate it";
            return Err(self.mistake(key, "looks like a secret instead of its name", remedy));
        }
        Ok(())
    }

    fn environment(&self, key: &str, name: &str) -> Result<Zeroizing<String>, Mistake> {
        self.no_secret(key, name)?;
        let remedy = "set it to a secret made by `grantor-server clients create`, or take this entry out";
        match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(Zeroizing::new(value)),
            Ok(_) => Err(self.mistake(key, format!("the environment variable `{name}` is empty"), remedy)),
            // Without the error: it shows the value.
            Err(_) => Err(self.mistake(key, format!("the environment variable `{name}` is not set"), remedy)),
        }
    }

    fn file(&self, key: &str, path: &Path) -> Result<Zeroizing<String>, Mistake> {
        self.no_secret(key, &path.to_string_lossy())?;
        let shown = path.display();
        match private_file::read_secret(path) {
            Ok(text) => Ok(text),
            Err(error) => Err(self.mistake(
                key,
                format!("`{shown}` cannot be read: {error}"),
                "write the path of a readable file that holds the secret alone; relative paths begin beside this file",
            )),
        }
    }

    /// With which algorithm the client signs by this secret; `None` where it sends the secret itself.
    fn hmac(
        &self,
        key: &str,
        entry: &SecretEntry,
        method: &AuthMethod,
    ) -> Result<Option<AssertionAlgorithm>, Mistake> {
        let key = format!("{key}.algorithm");
        let signs = *method == AuthMethod::CLIENT_SECRET_JWT;
        match entry.algorithm.as_deref() {
            None => Ok(signs.then_some(AssertionAlgorithm::Hs256)),
            Some(_) if !signs => {
                let wrong = format!("{} signs nothing", method.as_str());
                Err(self.mistake(&key, wrong, "take it out, or write auth = \"client_secret_jwt\""))
            }
            Some(name) => {
                let named = AssertionAlgorithm::from_name(name).filter(|named| named.is_symmetric());
                named.map(Some).ok_or_else(|| {
                    let wrong = format!("`{}` is no algorithm of a secret", name.escape_debug());
                    self.mistake(&key, wrong, "write HS256, HS384 or HS512")
                })
            }
        }
    }

    /// The credential for a secret that Grantor made: a digest, or sealed where it is the key of `algorithm`.
    fn made(
        &self,
        key: &str,
        secret: &str,
        algorithm: Option<AssertionAlgorithm>,
        (client, host_keys): (&ClientId, &HostKeys),
    ) -> Result<Credential, Mistake> {
        let secret = ClientSecret::parse(secret).map_err(|_| {
            self.mistake(
                key,
                "what it refers to is no secret that Grantor made",
                match algorithm {
                    None => {
                        "make one with `grantor-server clients create`, or give the Argon2id hash of another system's \
                         secret as { argon2id = \"$argon2id$v=19$…\" }"
                    }
                    Some(_) => "make one with `grantor-server clients create --auth client_secret_jwt`",
                },
            )
        })?;
        let unmade =
            |error: String| self.mistake(key, error, "start the server where the system has randomness");
        match algorithm {
            None => host_keys.credential(client, &secret).map_err(|error| unmade(error.to_string())),
            Some(algorithm) => {
                let id = secret.credential_id().clone();
                host_keys
                    .sealed_credential(client, id, secret.expose(), algorithm, &SystemEntropy::new())
                    .map_err(|error| unmade(error.to_string()))
            }
        }
    }

    /// Read at start, so that a hash which could never match is found then and not by its client.
    fn imported(&self, key: &str, number: usize, hash: &str) -> Result<Credential, Mistake> {
        let unreadable = |why: String| {
            let remedy = "write an Argon2id hash in PHC form, $argon2id$v=19$m=…,t=…,p=…$salt$hash, of at most \
                          m=262144, t=16, p=16";
            self.mistake(key, why, remedy)
        };
        let why = |error: &dyn std::error::Error| {
            error.source().map_or_else(|| error.to_string(), |why| why.to_string())
        };
        Argon2id::check(hash).map_err(|error| unreadable(why(&error)))?;
        let id = CredentialId::new(format!("argon2id-{number}")).map_err(|rule| self.invalid(key, rule))?;
        Ok(Credential::imported(id, hash))
    }
}
