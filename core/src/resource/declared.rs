//! The resources that this server issues tokens for (RFC 8707), as the embedder declares them.

use std::time::Duration;

use crate::config::ConfigError;
use crate::jose::SigningAlgorithm;
use crate::types::{ResourceUri, Scope};

/// What a token looks like to those who carry it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFormat {
    /// A signed JWT (RFC 9068): verified by anybody with the published keys, and nothing is stored. The default.
    #[default]
    Jwt,
    /// 256 random bits that say nothing. Only a digest is stored, and every check asks the token store, by introspection
    /// (RFC 7662) or in this process.
    Opaque,
}

/// How long an access token lives unless its resource says otherwise.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
/// The longest life of an access token. What is stolen is then of little use (RFC 9700 §4.9).
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// An API that takes tokens of this server: its identifier, its scopes, and how its tokens are made.
///
/// ```
/// use std::time::Duration;
/// use grantor::Resource;
///
/// let api = Resource::new("https://api.example.com").scopes(["read", "write"]).lifetime(Duration::from_secs(300));
/// ```
#[derive(Clone, Debug)]
pub struct Resource {
    uri: String,
    scopes: Vec<String>,
    lifetime: Duration,
    format: TokenFormat,
    algorithm: Option<SigningAlgorithm>,
}

impl Resource {
    /// A resource by its identifier: an absolute URI without fragment (RFC 8707 §2). It becomes the `aud` of its
    /// tokens, byte for byte. Mistakes are named by [`Builder::build`](crate::Builder::build).
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            scopes: Vec::new(),
            lifetime: DEFAULT_LIFETIME,
            format: TokenFormat::default(),
            algorithm: None,
        }
    }

    /// The scopes that mean something to it. None by default: then its tokens carry no scope.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// How long its tokens live, in whole seconds: 1 second to 24 hours, 10 minutes by default.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// What its tokens look like. [`TokenFormat::Jwt`] by default.
    #[must_use]
    pub const fn format(mut self, format: TokenFormat) -> Self {
        self.format = format;
        self
    }

    /// With which algorithm its tokens are signed, where they are. By default the server's.
    #[must_use]
    pub const fn signing_algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }
}

/// A declared resource that has been checked.
#[derive(Clone, Debug)]
pub struct DeclaredResource {
    uri: ResourceUri,
    scope: Scope,
    lifetime: Duration,
    format: TokenFormat,
    algorithm: SigningAlgorithm,
}

impl DeclaredResource {
    pub(crate) fn check(resource: &Resource, algorithm: SigningAlgorithm) -> Result<Self, ConfigError> {
        let invalid = |source| ConfigError::Resource { uri: resource.uri.clone(), source };
        let lifetime = Duration::from_secs(resource.lifetime.as_secs());
        if lifetime.is_zero() || lifetime > MAX_LIFETIME {
            return Err(ConfigError::Lifetime { uri: resource.uri.clone() });
        }
        Ok(Self {
            uri: ResourceUri::new(resource.uri.as_str()).map_err(invalid)?,
            scope: Scope::from_tokens(resource.scopes.iter().map(String::as_str)).map_err(invalid)?,
            lifetime,
            format: resource.format,
            algorithm: resource.algorithm.unwrap_or(algorithm),
        })
    }

    /// Its identifier, which becomes `aud`.
    #[must_use]
    pub const fn uri(&self) -> &ResourceUri {
        &self.uri
    }

    /// The scopes that mean something to it.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// How long its tokens live.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// What its tokens look like.
    #[must_use]
    pub const fn format(&self) -> TokenFormat {
        self.format
    }

    /// With which algorithm its tokens are signed, where they are.
    #[must_use]
    pub const fn signing_algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }
}

/// All declared resources and the default among them.
#[derive(Clone, Debug)]
pub struct Resources {
    declared: Vec<DeclaredResource>,
    default: Option<ResourceUri>,
}

impl Resources {
    pub(crate) const fn new(declared: Vec<DeclaredResource>, default: Option<ResourceUri>) -> Self {
        Self { declared, default }
    }

    /// The resource of this identifier, compared byte for byte.
    #[must_use]
    pub fn find(&self, uri: &ResourceUri) -> Option<&DeclaredResource> {
        self.declared.iter().find(|resource| resource.uri == *uri)
    }

    /// All of them, in the order of their declaration.
    pub fn iter(&self) -> impl Iterator<Item = &DeclaredResource> {
        self.declared.iter()
    }

    /// The one that the embedder named as default.
    #[must_use]
    pub fn default_resource(&self) -> Option<&DeclaredResource> {
        self.default.as_ref().and_then(|uri| self.find(uri))
    }

    /// The longest life of a token.
    pub(crate) fn longest_life(&self) -> Duration {
        self.declared.iter().map(DeclaredResource::lifetime).max().unwrap_or(MAX_LIFETIME)
    }

    /// Every algorithm that a token is signed with, once.
    pub(crate) fn all_algorithms(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.declared.iter().map(|resource| resource.algorithm.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Every scope of every resource, once.
    pub(crate) fn all_scopes(&self) -> Vec<&str> {
        let mut scopes: Vec<&str> = Vec::new();
        for scope in self.declared.iter().flat_map(|resource| resource.scope.tokens()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes
    }
}
