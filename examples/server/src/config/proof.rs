//! How a client proves itself: its method, and the credentials that this method can use.

use grantor::store::{AuthMethod, Credential};
use grantor::{ClientId, HostKeys};

use super::document::ClientEntry;
use super::{Config, Mistake};

const METHODS: [AuthMethod; 5] = [
    AuthMethod::CLIENT_SECRET_BASIC,
    AuthMethod::CLIENT_SECRET_POST,
    AuthMethod::CLIENT_SECRET_JWT,
    AuthMethod::PRIVATE_KEY_JWT,
    AuthMethod::WORKLOAD_JWT,
];

/// What a client of a method proves itself with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Has {
    Secrets,
    Keys,
    Workloads,
}

impl Has {
    fn of(method: &AuthMethod) -> Self {
        if *method == AuthMethod::PRIVATE_KEY_JWT {
            Self::Keys
        } else if *method == AuthMethod::WORKLOAD_JWT {
            Self::Workloads
        } else {
            Self::Secrets
        }
    }
}

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
        let has = Has::of(method);
        self.check_stand_behind(key, &entry.id, &entry.workloads)?;
        self.of_use(key, entry, method)?;
        let found = match has {
            Has::Keys => self.keys(key, entry)?,
            Has::Workloads => self.workloads(key, &entry.workloads)?,
            Has::Secrets => {
                let secret = |(number, secret)| {
                    let key = format!("{key}.secrets[{number}]");
                    let credential = self.credential(&key, number, secret, method, owner)?;
                    Ok((key, credential))
                };
                entry.secrets.iter().enumerate().map(secret).collect::<Result<_, _>>()?
            }
        };
        if entry.enabled.unwrap_or(true) && found.is_empty() {
            let (name, wrong, remedy) = match has {
                Has::Keys => (
                    "jwks",
                    "no key, so it could never get a token",
                    "add jwks_file = \"PATH\", jwks = { keys = […] } or jwks_uri = \"URL\", or enabled = false",
                ),
                Has::Workloads => (
                    "workloads",
                    "no workload, so it could never get a token",
                    "put a [[clients.workloads]] block behind it (`clients federate add` prints one), or enabled = false",
                ),
                Has::Secrets => (
                    "secrets",
                    "no secret, so it could never get a token",
                    "add secrets = [{ env = \"NAME\" }], or enabled = false",
                ),
            };
            return Err(self.mistake(&format!("{key}.{name}"), wrong, remedy));
        }
        Ok(found)
    }

    /// Refuses what the method would never look at.
    fn of_use(&self, key: &str, entry: &ClientEntry, method: &AuthMethod) -> Result<(), Mistake> {
        let given = [
            ("secrets", !entry.secrets.is_empty(), Has::Secrets),
            ("jwks", entry.jwks.is_some(), Has::Keys),
            ("jwks_file", entry.jwks_file.is_some(), Has::Keys),
            ("jwks_uri", entry.jwks_uri.is_some(), Has::Keys),
            ("workloads", !entry.workloads.is_empty(), Has::Workloads),
        ];
        let has = Has::of(method);
        let Some((name, _, of)) = given.into_iter().find(|(_, given, of)| *given && *of != has) else {
            return Ok(());
        };
        let remedy = match (has, of) {
            (Has::Keys, _) => {
                "take them out, and give its public keys as jwks_file = \"PATH\", jwks = { keys = […] } or \
                 jwks_uri = \"URL\"; or choose another auth"
            }
            (_, Has::Keys) => "take them out, or write auth = \"private_key_jwt\"",
            (_, Has::Workloads) => "take them out, or write auth = \"workload_jwt\"",
            (_, Has::Secrets) => "take them out, or choose another auth",
        };
        let wrong = format!("{} has no use for them", method.as_str());
        Err(self.mistake(&format!("{key}.{name}"), wrong, remedy))
    }
}
