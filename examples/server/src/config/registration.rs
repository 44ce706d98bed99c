//! `[registration]` and `--initial-access-token`: clients that register themselves (RFC 7591).

use std::time::Duration;

use grantor::Registration;
use grantor::store::{AuthMethod, IssuerKeys};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::stated::Stated;
use super::value::{Lifetime, LifetimeOrNever};
use super::{Config, Mistake};
use crate::flags::SecretFlag;

pub(super) const TOKEN: &str = "--initial-access-token (GRANTOR_INITIAL_ACCESS_TOKEN)";
const METHODS: [AuthMethod; 4] = [
    AuthMethod::CLIENT_SECRET_BASIC,
    AuthMethod::CLIENT_SECRET_POST,
    AuthMethod::CLIENT_SECRET_JWT,
    AuthMethod::PRIVATE_KEY_JWT,
];
/// Core's bounds.
const SECRET_LIFETIME: Duration = Duration::from_secs(3600);
const UNUSED_FOR: [Duration; 2] = [Duration::from_secs(86_400), Duration::from_secs(365 * 86_400)];

/// What registration is open to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrationEntry {
    scope: Option<String>,
    auth_methods: Option<Vec<String>>,
    secret_lifetime: Option<Lifetime>,
    unused_for: Option<LifetimeOrNever>,
    /// Whether those of `initial-access create` are taken.
    #[serde(default = "yes")]
    stored_tokens: bool,
    #[serde(default)]
    software_issuers: Vec<SoftwareIssuerEntry>,
}

/// Whose software statements are trusted. Its keys as those of an issuer in `[[trust]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoftwareIssuerEntry {
    issuer: String,
    jwks: Option<Map<String, Value>>,
    jwks_file: Option<String>,
    jwks_uri: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Config {
    /// Whether initial access tokens of the store are taken: where the file has `[registration]`, which may say no.
    pub(crate) fn takes_stored_tokens(&self) -> bool {
        self.document.registration.as_ref().is_some_and(|entry| entry.stored_tokens)
    }

    /// Registration, if there is any. `keeps` says whether the storage keeps initial access tokens.
    pub(crate) fn registration(
        &self,
        token: Option<&SecretFlag>,
        keeps: bool,
    ) -> Result<Option<Registration>, Mistake> {
        let mut registration = Registration::new();
        if let Some(token) = token {
            registration = registration.initial_access_token(token.expose());
        }
        let Some(entry) = &self.document.registration else { return Ok(token.map(|_| registration)) };
        if token.is_none() && !(keeps && entry.stored_tokens) {
            let wrong = match keeps {
                true => {
                    "nobody could register: stored_tokens is false, and there is no token of the configuration"
                }
                false => {
                    "nobody could register: memory storage keeps no tokens, and there is none of the configuration"
                }
            };
            let remedy = format!(
                "give one with {TOKEN}, for example from `openssl rand -hex 32`; or take this block out"
            );
            return Err(self.mistake("registration", wrong, remedy));
        }
        let stated = Stated::in_block(self, "registration".to_owned());
        if let Some(text) = &entry.scope {
            registration = registration.scope(stated.scope("scope", text)?.tokens());
        }
        if let Some(names) = &entry.auth_methods {
            registration = registration.auth_methods(self.registered_methods(names)?);
        }
        if let Some(life) = &entry.secret_lifetime {
            if life.0 < SECRET_LIFETIME {
                return Err(self.mistake(
                    "registration.secret_lifetime",
                    "too short",
                    "write an hour at least, such as \"90d\"",
                ));
            }
            registration = registration.secret_lifetime(life.0);
        }
        if let Some(LifetimeOrNever(span)) = &entry.unused_for {
            let [least, most] = UNUSED_FOR;
            if span.is_some_and(|span| span < least || span > most) {
                let remedy = "write \"1d\" to \"365d\", or \"never\"";
                return Err(self.mistake("registration.unused_for", "out of bounds", remedy));
            }
            registration = registration.unused_for(*span);
        }
        for (at, issuer) in entry.software_issuers.iter().enumerate() {
            let key = format!("registration.software_issuers[{at}]");
            if entry.software_issuers.iter().take(at).any(|other| other.issuer == issuer.issuer) {
                let wrong = format!("`{}` is named twice", issuer.issuer.escape_debug());
                return Err(self.mistake(&format!("{key}.issuer"), wrong, "put both into one"));
            }
            let stated = Stated::in_block(self, key);
            let name = stated.issuer(&issuer.issuer)?;
            let keys = stated.issuer_keys(
                issuer.jwks.as_ref(),
                issuer.jwks_file.as_deref(),
                issuer.jwks_uri.as_deref(),
            )?;
            if keys.is_none() && !issuer.issuer.starts_with("https://") {
                let remedy = "give jwks, jwks_file or jwks_uri: only an issuer that is an https URL publishes metadata that names them";
                return Err(stated.mistake("", "its keys are missing", remedy));
            }
            registration = registration.software_issuer(name, keys.unwrap_or(IssuerKeys::Discovery));
        }
        Ok(Some(registration))
    }

    fn registered_methods(&self, names: &[String]) -> Result<Vec<AuthMethod>, Mistake> {
        let known = || METHODS.map(|method| method.as_str().to_owned()).join(", ");
        if names.is_empty() {
            let remedy = format!("write some of {}; or take it out, for all", known());
            return Err(self.mistake("registration.auth_methods", "there is none in it", remedy));
        }
        let named = |(at, name): (usize, &String)| {
            METHODS.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
                let wrong = format!("`{}` is no method that a client can register", name.escape_debug());
                let key = format!("registration.auth_methods[{at}]");
                self.mistake(&key, wrong, format!("write some of {}", known()))
            })
        };
        names.iter().enumerate().map(named).collect()
    }
}
