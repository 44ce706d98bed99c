//! The resources, and what else the file says to the builder.

use std::collections::BTreeSet;
use std::time::Duration;

use grantor::{Builder, Endpoints, Resource, SigningAlgorithm, TokenFormat};

use super::{Config, Mistake};

/// Declared where the file declares no resource, so that the server can be tried without one.
pub(crate) const DEMO_RESOURCE: &str = "https://api.example.com";
/// Core's bound.
const MAX_SKEW: Duration = Duration::from_secs(60);
const DEMO_SCOPES: [&str; 2] = ["read", "write"];

/// What a demo client can ask for.
pub(crate) struct Target {
    pub(crate) resource: String,
    pub(crate) scope: String,
    /// Whether a request has to name the resource.
    pub(crate) is_one_of_many: bool,
}

impl Config {
    /// Tells `builder` everything that the file says but clients, issuer and address.
    pub(crate) fn apply(&self, mut builder: Builder) -> Result<Builder, Mistake> {
        for resource in self.resources()? {
            builder = builder.resource(resource);
        }
        let document = &self.document;
        if let Some(name) = &document.signing_algorithm {
            builder = builder.signing_algorithm(self.algorithm("signing_algorithm", name)?);
        }
        if let Some(uri) = &document.default_resource {
            builder = builder.default_resource(uri);
        }
        if let Some(skew) = self.clock_skew() {
            if skew > MAX_SKEW {
                let remedy = "write at most 60, such as \"10s\", and set the clocks of the clients";
                return Err(self.mistake("clock_skew", "more than 60 s", remedy));
            }
            builder = builder.clock_skew(skew);
        }
        builder = builder.key_rotation(self.key_rotation());
        let mut endpoints = Endpoints::default();
        if let Some(path) = &document.endpoints.token {
            endpoints = endpoints.token(path);
        }
        if let Some(path) = &document.endpoints.introspection {
            endpoints = endpoints.introspection(path);
        }
        if let Some(path) = &document.endpoints.revocation {
            endpoints = endpoints.revocation(path);
        }
        if let Some(path) = &document.endpoints.registration {
            endpoints = endpoints.registration(path);
        }
        if let Some(path) = &document.endpoints.jwks {
            endpoints = endpoints.jwks(path);
        }
        if let Some(path) = &document.endpoints.metadata {
            endpoints = endpoints.metadata(path);
        }
        Ok(self.permit(builder).resource_default_scope(document.resource_default_scope).endpoints(endpoints))
    }

    /// How far the clocks of clients may be off, where the file says so.
    pub(crate) fn clock_skew(&self) -> Option<Duration> {
        self.document.clock_skew.as_ref().map(|skew| skew.0)
    }

    fn resources(&self) -> Result<Vec<Resource>, Mistake> {
        let document = &self.document;
        if document.resources.is_empty() && document.clients.is_empty() {
            return Ok(vec![Resource::new(DEMO_RESOURCE).scopes(DEMO_SCOPES)]);
        }
        let mut resources = Vec::new();
        for (at, entry) in document.resources.iter().enumerate() {
            let mut resource = Resource::new(&entry.uri).scopes(&entry.scopes);
            if let Some(lifetime) = &entry.lifetime {
                resource = resource.lifetime(lifetime.0);
            }
            if let Some(name) = &entry.format {
                resource = resource.format(self.format(&format!("resources[{at}].format"), name)?);
            }
            if let Some(name) = &entry.signing_algorithm {
                let key = format!("resources[{at}].signing_algorithm");
                resource = resource.signing_algorithm(self.algorithm(&key, name)?);
            }
            resources.push(resource);
        }
        Ok(resources)
    }

    fn format(&self, key: &str, name: &str) -> Result<TokenFormat, Mistake> {
        match name {
            "jwt" => Ok(TokenFormat::Jwt),
            "opaque" => Ok(TokenFormat::Opaque),
            _ => {
                let wrong = format!("`{}` is no format of tokens", name.escape_debug());
                Err(self.mistake(key, wrong, "write \"jwt\" or \"opaque\""))
            }
        }
    }

    /// For what a caller registers for its introspection answers: only then can they be signed with it.
    pub(super) fn held_algorithm(&self, key: &str, name: &str) -> Result<SigningAlgorithm, Mistake> {
        let algorithm = self.algorithm(key, name)?;
        let missing = |(wrong, remedy): (String, String)| self.mistake(key, wrong, remedy);
        self.check_is_held(algorithm).map_err(missing).map(|()| algorithm)
    }

    /// Whether there is a key for it: there is one for each algorithm that a resource's tokens are signed with. If not, what is
    /// wrong and the remedy.
    pub(crate) fn check_is_held(&self, algorithm: SigningAlgorithm) -> Result<(), (String, String)> {
        let held = self.algorithms();
        if held.contains(&algorithm) {
            return Ok(());
        }
        let names: Vec<_> = held.into_iter().map(SigningAlgorithm::as_str).collect();
        Err((
            format!("no resource signs with {algorithm}, so there is no key for it"),
            format!(
                "write one of {}, or signing_algorithm = \"{algorithm}\" at one of the [[resources]]",
                names.join(", ")
            ),
        ))
    }

    /// Those for which the servers keep a signing key.
    pub(crate) fn algorithms(&self) -> BTreeSet<SigningAlgorithm> {
        let own = self.document.signing_algorithm.as_deref();
        let named = |name: Option<&str>| match name.or(own) {
            Some(name) => SigningAlgorithm::from_name(name),
            None => Some(SigningAlgorithm::default()),
        };
        if self.document.resources.is_empty() {
            return named(None).into_iter().collect();
        }
        let entries = self.document.resources.iter();
        entries.filter_map(|entry| named(entry.signing_algorithm.as_deref())).collect()
    }

    fn algorithm(&self, key: &str, name: &str) -> Result<SigningAlgorithm, Mistake> {
        SigningAlgorithm::from_name(name).ok_or_else(|| {
            let known = SigningAlgorithm::ALL.map(SigningAlgorithm::as_str).join(", ");
            self.mistake(key, format!("`{name}` is no signing algorithm"), format!("write one of {known}"))
        })
    }

    /// The identifiers of the declared resources.
    pub(super) fn declared(&self) -> impl Iterator<Item = &str> {
        self.document.resources.iter().map(|entry| entry.uri.as_str())
    }

    /// Whether a resource of this identifier is declared.
    pub(crate) fn declares(&self, uri: &str) -> bool {
        self.declared().any(|declared| declared == uri)
    }

    /// The scopes of the declared resources.
    pub(crate) fn declared_scopes(&self) -> BTreeSet<&str> {
        self.document.resources.iter().flat_map(|entry| &entry.scopes).map(String::as_str).collect()
    }

    /// What demo clients ask for: the default resource, else the first.
    pub(crate) fn demo_target(&self) -> Target {
        let document = &self.document;
        let is_default =
            |uri: &str| document.default_resource.as_deref().is_none_or(|default| default == uri);
        let chosen = document.resources.iter().find(|entry| is_default(&entry.uri));
        Target {
            resource: chosen.map_or(DEMO_RESOURCE, |entry| &entry.uri).to_owned(),
            scope: chosen.map_or_else(|| DEMO_SCOPES.join(" "), |entry| entry.scopes.join(" ")),
            is_one_of_many: document.resources.len() > 1,
        }
    }
}
