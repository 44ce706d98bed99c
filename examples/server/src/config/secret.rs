//! The secrets of a client: referred to, read, and turned into credentials that do not hold them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use grantor::store::Credential;
use grantor::{Argon2id, ClientId, ClientSecret, CredentialId, HostKeys, SecretVerifier};
use zeroize::Zeroizing;

use super::document::SecretEntry;
use super::{Config, Mistake};

/// More than any secret; whatever is longer is another file.
const FILE_BYTES: u64 = 4096;
const ONE_OF: &str = "write one of env = \"NAME\", file = \"PATH\" and argon2id = \"$argon2id$…\"";

impl Config {
    /// Whether a secret of another system is among them.
    pub(crate) fn has_imported_secrets(&self) -> bool {
        self.document
            .clients
            .iter()
            .flat_map(|client| &client.secrets)
            .any(|secret| secret.argon2id.is_some())
    }

    /// The credential for the secret at `key`, the `number`-th of its client.
    pub(super) fn credential(
        &self,
        key: &str,
        number: usize,
        entry: &SecretEntry,
        (client, host_keys): (&ClientId, &HostKeys),
    ) -> Result<Credential, Mistake> {
        let credential = match (&entry.env, &entry.file, &entry.argon2id) {
            (Some(name), None, None) => {
                let key = format!("{key}.env");
                self.digest(&key, &self.environment(&key, name)?, (client, host_keys))?
            }
            (None, Some(path), None) => {
                let key = format!("{key}.file");
                self.digest(&key, &self.file(&key, &self.beside(path))?, (client, host_keys))?
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

    fn environment(&self, key: &str, name: &str) -> Result<Zeroizing<String>, Mistake> {
        let remedy = "set it to a secret made by `grantor-server clients create`, or take this entry out";
        match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(Zeroizing::new(value)),
            Ok(_) => Err(self.mistake(key, format!("the environment variable `{name}` is empty"), remedy)),
            // Without the error: it shows the value.
            Err(_) => Err(self.mistake(key, format!("the environment variable `{name}` is not set"), remedy)),
        }
    }

    fn file(&self, key: &str, path: &Path) -> Result<Zeroizing<String>, Mistake> {
        let shown = path.display();
        let mut text = Zeroizing::new(String::new());
        let read = File::open(path).and_then(|file| {
            if is_open_to_others(&file) {
                tracing::warn!(file = %shown, "everybody on this machine can read this secret: chmod o-r");
            }
            file.take(FILE_BYTES).read_to_string(&mut text)
        });
        match read {
            Ok(_) => {
                let end = text.strip_suffix('\n').map_or(text.len(), |rest| rest.trim_end_matches('\r').len());
                text.truncate(end);
                Ok(text)
            }
            Err(error) => Err(self.mistake(
                key,
                format!("`{shown}` cannot be read: {error}"),
                "write the path of a readable file that holds the secret alone; relative paths begin beside this file",
            )),
        }
    }

    fn digest(
        &self,
        key: &str,
        secret: &str,
        (client, host_keys): (&ClientId, &HostKeys),
    ) -> Result<Credential, Mistake> {
        let secret = ClientSecret::parse(secret).map_err(|_| {
            self.mistake(
                key,
                "what it refers to is no secret that Grantor made",
                "make one with `grantor-server clients create`, or give the Argon2id hash of another system's \
                 secret as { argon2id = \"$argon2id$v=19$…\" }",
            )
        })?;
        host_keys.credential(client, &secret).map_err(|error| {
            self.mistake(key, error.to_string(), "start the server where the system has randomness")
        })
    }

    /// Tried once, so that a hash which could never match is found at start and not by its client.
    fn imported(&self, key: &str, number: usize, hash: &str) -> Result<Credential, Mistake> {
        let unreadable = |why: String| {
            let remedy = "write an Argon2id hash in PHC form, $argon2id$v=19$m=…,t=…,p=…$salt$hash, of at most \
                          m=262144, t=16, p=16";
            self.mistake(key, why, remedy)
        };
        let why = |error: &dyn std::error::Error| {
            error.source().map_or_else(|| error.to_string(), |why| why.to_string())
        };
        Argon2id::new().verify(b"not the secret", hash).map(drop).map_err(|error| unreadable(why(&error)))?;
        let id = CredentialId::new(format!("argon2id-{number}")).map_err(|rule| self.invalid(key, rule))?;
        Ok(Credential::imported(id, hash))
    }
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|about| about.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> bool {
    false
}
