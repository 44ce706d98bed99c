//! What core refuses, in the words of the file.

use grantor::ConfigError;

use super::Config;
use crate::failure::Failure;

impl Config {
    /// `issuer_at` is where the issuer was stated.
    pub(crate) fn refused(&self, error: ConfigError, issuer_at: &str) -> Failure {
        let mistake = match &error {
            ConfigError::Issuer { issuer, source } => super::Mistake::new(
                issuer_at,
                format!("`{issuer}`: {source}"),
                "write it as clients write it, such as https://auth.example.com",
            ),
            ConfigError::PlainHttp { issuer } => {
                super::Mistake::new(issuer_at, format!("`{issuer}` is plain http"), "use https")
            }
            ConfigError::NoResource => self.mistake(
                "resources",
                "no resource is declared, and every token needs an audience",
                "add [[resources]] with uri = \"https://api.example.com\" and scopes = [\"read\"]",
            ),
            ConfigError::Resource { uri, source } => self.mistake(
                &self.resource_key(uri, 0, ""),
                format!("`{uri}`: {source}"),
                "correct uri or scopes, each scope without spaces and quotes",
            ),
            ConfigError::ResourceTwice { uri } => {
                let key = self.resource_key(uri, 1, ".uri");
                self.mistake(&key, format!("`{uri}` is declared twice"), "put both into one [[resources]]")
            }
            ConfigError::Lifetime { uri } => self.mistake(
                &self.lifetime_key(uri),
                "out of bounds",
                "write 1 second to 24 hours, such as \"10m\"",
            ),
            ConfigError::DefaultResource { uri } => self.mistake(
                "default_resource",
                format!("`{uri}` is not declared"),
                "write the uri of one of the [[resources]], byte for byte",
            ),
            ConfigError::Algorithm { algorithm } => self.mistake(
                &self.algorithm_key(algorithm),
                format!("this build cannot sign with {algorithm}"),
                "build it with the feature `josekit`, or use ES256, ES384 or EdDSA",
            ),
            ConfigError::Endpoint { path, rule } => self.mistake(
                &self.endpoint_key(path),
                format!("`{path}`: {rule}"),
                "write a path of its own, such as /oauth2/token",
            ),
            ConfigError::Compatibility { switch, rule } => self.mistake(
                &format!("dangerous.compatibility.{switch}"),
                rule.replace("`Reach::EveryClient`", "every client"),
                format!("write {switch} = \"every_client\", or take it out"),
            ),
            ConfigError::Registration { rule } if rule.starts_with("the initial access token") => {
                let remedy = "make one with `openssl rand -hex 32`; it belongs into the environment rather than on the command line";
                super::Mistake::new(super::registration::TOKEN, rule.clone(), remedy)
            }
            ConfigError::Registration { rule } => {
                self.mistake("registration", rule.clone(), "correct the block, or take it out")
            }
            ConfigError::KeyRotation { rule } => self.bad_rotation(rule),
            ConfigError::UndeclaredResource { .. }
            | ConfigError::Limits { .. }
            | ConfigError::NoHostKey
            | ConfigError::Signer { .. }
            | ConfigError::ImportedSecretsNeedExecutor
            | ConfigError::Decoy(_)
            | ConfigError::Keys(_)
            | ConfigError::NoRegistry
            | _ => return Failure::because("the server cannot start", error),
        };
        mistake.into()
    }

    /// The key of the resource `uri`; with `skip`, of a later one of the same name.
    fn resource_key(&self, uri: &str, skip: usize, rest: &str) -> String {
        let mut same = self.declared().enumerate().filter(|(_, own)| *own == uri);
        same.nth(skip).map_or_else(|| "resources".to_owned(), |(at, _)| format!("resources[{at}]{rest}"))
    }

    fn lifetime_key(&self, uri: &str) -> String {
        self.resource_key(uri, 0, ".lifetime")
    }

    fn algorithm_key(&self, name: &str) -> String {
        let own = self.document.resources.iter().position(|r| r.signing_algorithm.as_deref() == Some(name));
        own.map_or_else(|| "signing_algorithm".to_owned(), |at| format!("resources[{at}].signing_algorithm"))
    }

    /// Core names whole paths, the issuer's included.
    fn endpoint_key(&self, path: &str) -> String {
        let endpoints = &self.document.endpoints;
        let own = [
            ("metadata", &endpoints.metadata),
            ("jwks", &endpoints.jwks),
            ("registration", &endpoints.registration),
            ("revocation", &endpoints.revocation),
            ("introspection", &endpoints.introspection),
            ("token", &endpoints.token),
        ];
        let found = own.into_iter().find(|(_, own)| own.as_deref().is_some_and(|own| path.ends_with(own)));
        found.map_or_else(|| "endpoints".to_owned(), |(name, _)| format!("endpoints.{name}"))
    }
}
