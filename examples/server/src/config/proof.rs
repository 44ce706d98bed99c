//! How a client proves itself: its method, and the credentials that this method can use.

use grantor::store::{AuthMethod, Credential};
use grantor::{ClientId, HostKeys};

use super::document::ClientEntry;
use super::{Config, Mistake};

const METHODS: [AuthMethod; 4] = [
    AuthMethod::CLIENT_SECRET_BASIC,
    AuthMethod::CLIENT_SECRET_POST,
    AuthMethod::CLIENT_SECRET_JWT,
    AuthMethod::PRIVATE_KEY_JWT,
];

impl Config {
    pub(super) fn auth(&self, key: &str, name: Option<&str>) -> Result<AuthMethod, Mistake> {
        let Some(name) = name else { return Ok(AuthMethod::CLIENT_SECRET_BASIC) };
        METHODS.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
            let known = METHODS.map(|method| method.as_str().to_owned()).join(", ");
            let wrong = format!("`{}` is no method of this server", name.escape_debug());
            self.mistake(key, wrong, format!("write one of {known}"))
        })
    }

    /// Each credential of the client at `key`, with the key where it stands.
    pub(super) fn credentials(
        &self,
        key: &str,
        entry: &ClientEntry,
        method: &AuthMethod,
        owner: (&ClientId, &HostKeys),
    ) -> Result<Vec<(String, Credential)>, Mistake> {
        let signs = *method == AuthMethod::PRIVATE_KEY_JWT;
        self.of_use(key, entry, method)?;
        let found = if signs {
            self.keys(key, entry)?
        } else {
            let secret = |(number, secret)| {
                let key = format!("{key}.secrets[{number}]");
                let credential = self.credential(&key, number, secret, method, owner)?;
                Ok((key, credential))
            };
            entry.secrets.iter().enumerate().map(secret).collect::<Result<_, _>>()?
        };
        if entry.enabled.unwrap_or(true) && found.is_empty() {
            let (name, wrong, remedy) = if signs {
                (
                    "jwks",
                    "no key, so it could never get a token",
                    "add jwks_file = \"PATH\", jwks = { keys = […] } or jwks_uri = \"URL\", or enabled = false",
                )
            } else {
                (
                    "secrets",
                    "no secret, so it could never get a token",
                    "add secrets = [{ env = \"NAME\" }], or enabled = false",
                )
            };
            return Err(self.mistake(&format!("{key}.{name}"), wrong, remedy));
        }
        Ok(found)
    }

    /// Refuses what the method would never look at.
    fn of_use(&self, key: &str, entry: &ClientEntry, method: &AuthMethod) -> Result<(), Mistake> {
        let signs = *method == AuthMethod::PRIVATE_KEY_JWT;
        let given = [
            ("secrets", !entry.secrets.is_empty(), !signs),
            ("jwks", entry.jwks.is_some(), signs),
            ("jwks_file", entry.jwks_file.is_some(), signs),
            ("jwks_uri", entry.jwks_uri.is_some(), signs),
        ];
        let Some((name, ..)) = given.into_iter().find(|(_, given, of_use)| *given && !of_use) else {
            return Ok(());
        };
        let remedy = if signs {
            "take them out, and give its public keys as jwks_file = \"PATH\", jwks = { keys = […] } or \
             jwks_uri = \"URL\"; or choose another auth"
        } else {
            "take them out, or write auth = \"private_key_jwt\""
        };
        let wrong = format!("{} has no use for them", method.as_str());
        Err(self.mistake(&format!("{key}.{name}"), wrong, remedy))
    }
}
