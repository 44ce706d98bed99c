//! What the embedder can get wrong, and the bounds that hold for every request.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::types::InvalidValue;

/// A mistake in the configuration, found by [`Builder::build`](crate::Builder::build) and by nothing later.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The issuer cannot be one.
    #[error("issuer `{issuer}`: {source}")]
    Issuer {
        /// What was given.
        issuer: String,
        /// The rule.
        source: InvalidValue,
    },
    /// The issuer is plain http.
    #[error(
        "issuer `{issuer}` is plain http: use https, or for development on loopback `.dangerous().allow_http_on_loopback()`"
    )]
    PlainHttp {
        /// What was given.
        issuer: String,
    },
    /// No resource was declared.
    #[error(
        "no resource is declared: every token needs an audience, so add `.resource(Resource::new(\"https://api.example.com\"))`"
    )]
    NoResource,
    /// A resource or one of its scopes is malformed.
    #[error("resource `{uri}`: {source}")]
    Resource {
        /// What was given.
        uri: String,
        /// The rule.
        source: InvalidValue,
    },
    /// Two resources have one identifier.
    #[error("resource `{uri}` is declared twice")]
    ResourceTwice {
        /// What was given.
        uri: String,
    },
    /// A lifetime that is none.
    #[error("resource `{uri}`: the lifetime must be 1 second to 24 hours")]
    Lifetime {
        /// The resource.
        uri: String,
    },
    /// The default resource is not declared.
    #[error("default resource `{uri}` is not declared: add it with `.resource(…)`")]
    DefaultResource {
        /// What was given.
        uri: String,
    },
    /// A verifier for a resource that this server issues no tokens for.
    #[error(
        "resource `{uri}` is not declared, so there are no tokens for it: write the identifier of a declared one, byte for byte"
    )]
    UndeclaredResource {
        /// What was given.
        uri: String,
    },
    /// The algorithm needs a feature that is off.
    #[error("{algorithm} needs the feature `josekit` of the crate `grantor`, which is off")]
    Algorithm {
        /// The algorithm.
        algorithm: &'static str,
    },
    /// A bound of [`Limits`] makes no sense.
    #[error("limits: {rule}")]
    Limits {
        /// The rule.
        rule: &'static str,
    },
    /// A compatibility switch that cannot be had like that.
    #[error("compatibility switch `{switch}`: {rule}")]
    Compatibility {
        /// Its name.
        switch: String,
        /// The rule.
        rule: &'static str,
    },
    /// Signing keys cannot be rotated like that.
    #[error("key rotation: {rule}")]
    KeyRotation {
        /// The rule.
        rule: &'static str,
    },
    /// Two signers have one name, or one has none that could stand in a record.
    #[error("signer `{name}`: each needs a name of its own, of 1 to 64 characters")]
    Signer {
        /// What it calls itself.
        name: String,
    },
    /// There are no host keys.
    #[error("there is no host key: the system gave no randomness for `HostKeys::ephemeral()`")]
    NoHostKey,
    /// Imported secrets need threads to be checked on.
    #[error("imported secrets are hashed slowly, off the async threads: give the builder an `executor`")]
    ImportedSecretsNeedExecutor,
    /// The verifier's decoy is none.
    #[error("the decoy of the secret verifier must be a readable hash that no secret matches: {0}")]
    Decoy(#[source] Box<dyn Error + Send + Sync>),
    /// The stores have none in which clients can be registered.
    #[error(
        "the stores have none in which clients can be registered: use a backend that has one, or `Stores::with_registry`"
    )]
    NoRegistry,
    /// Registration cannot be had like that.
    #[error("registration: {rule}")]
    Registration {
        /// The rule.
        rule: String,
    },
    /// An endpoint's path is none, or two share one.
    #[error("endpoint path `{path}`: {rule}")]
    Endpoint {
        /// What was given.
        path: String,
        /// The rule.
        rule: &'static str,
    },
    /// The signing keys could not be loaded, opened or made.
    #[error("signing keys: {0}")]
    Keys(#[source] Box<dyn Error + Send + Sync>),
}

/// As it reads to people: `main` that returns an error prints this.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How far the clocks of others may be off.
pub(crate) fn check_clock_skew(skew: Duration) -> Result<(), ConfigError> {
    let rule = "clock skew: whole seconds, at most 60";
    let fits = skew <= Duration::from_secs(60) && skew.subsec_nanos() == 0;
    if fits { Ok(()) } else { Err(ConfigError::Limits { rule }) }
}

/// The bounds of every request. An adapter asks for them; core holds them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    body: usize,
    headers: usize,
    parameters: usize,
    deadline: Duration,
}

impl Default for Limits {
    /// 64 KiB of body, 32 KiB of headers, 64 parameters, 10 seconds.
    fn default() -> Self {
        Self { body: 64 * 1024, headers: 32 * 1024, parameters: 64, deadline: Duration::from_secs(10) }
    }
}

impl Limits {
    /// The most bytes of a body. An adapter reads one more and no further, and hands over what it has.
    #[must_use]
    pub const fn body(&self) -> usize {
        self.body
    }

    /// The most bytes of all headers, names and values.
    #[must_use]
    pub const fn headers(&self) -> usize {
        self.headers
    }

    /// The most parameters of a form.
    #[must_use]
    pub const fn parameters(&self) -> usize {
        self.parameters
    }

    /// How long a request may take as a whole, its body included. An adapter holds it.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Another bound for the body, in bytes.
    #[must_use]
    pub const fn with_body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// Another bound for the headers, in bytes.
    #[must_use]
    pub const fn with_headers(mut self, bytes: usize) -> Self {
        self.headers = bytes;
        self
    }

    /// Another bound for the parameters of a form.
    #[must_use]
    pub const fn with_parameters(mut self, count: usize) -> Self {
        self.parameters = count;
        self
    }

    /// Another deadline.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}
