//! Making a fetcher: what weakens a rule has a name, and everything else is fixed.

use std::sync::Arc;
use std::time::Duration;

use grantor::{Clock, SystemClock};
use reqwest::redirect::Policy;
use reqwest::{Client, retry};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use tokio::sync::Semaphore;

use crate::fetcher::{Fetcher, Inner};
use crate::guard::{Guard, Resolver, host};

const DEADLINE: Duration = Duration::from_secs(5);
/// How much is fetched at the same time, so that no number of slow sources takes all of a process.
const AT_ONCE: usize = 16;
/// How long a connection to an introspection endpoint is kept for the next question.
const IDLE: Duration = Duration::from_secs(30);

/// Makes a [`Fetcher`].
#[derive(Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct FetcherBuilder {
    deadline: Duration,
    hosts: Vec<String>,
    roots: Vec<Vec<u8>>,
    clock: Arc<dyn Clock>,
    http_on_loopback: bool,
}

/// Why a [`Fetcher`] could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A host that was allowed is none.
    #[error("`{0}` is no host: write a name or an address, without scheme, port and path")]
    Host(String),
    /// Extra roots could not be read.
    #[error("the extra root certificates are not PEM with at least one CERTIFICATE in it")]
    RootCertificates,
    /// The deadline is nothing, or so long that requests would end before it.
    #[error("the deadline has to be more than nothing and at most 30 seconds")]
    Deadline,
    /// TLS could not be set up, for example since this machine has no root certificates.
    #[error("TLS cannot be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fetcher {
    /// A fetcher that reaches the public internet over https and nothing else.
    pub fn builder() -> FetcherBuilder {
        FetcherBuilder {
            deadline: DEADLINE,
            hosts: Vec::new(),
            roots: Vec::new(),
            clock: Arc::new(SystemClock::new()),
            http_on_loopback: false,
        }
    }
}

impl FetcherBuilder {
    /// How long a key set, metadata included, or an answer may take in all: 5 seconds by default, 30 at most.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// A host inside your own network that may be asked, over https: a name such as `keys.auth.svc.cluster.local`, or an
    /// address. May be called again. **Any client that registers a `jwks_uri` can then have it asked**, for any path and
    /// port, though it never sees the answer.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Certificates in PEM of authorities to trust beside those of the machine. May be called again.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Another clock, for tests. It decides how long documents are kept; deadlines are real.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The choices that weaken a rule.
    pub const fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }

    /// The fetcher. Reads the machine's root certificates, and nothing else of its environment.
    ///
    /// # Errors
    ///
    /// [`BuildError`], exact enough that the fix is obvious.
    pub fn build(self) -> Result<Fetcher, BuildError> {
        if self.deadline.is_zero() || self.deadline > Duration::from_secs(30) {
            return Err(BuildError::Deadline);
        }
        let hosts = self.hosts.iter().map(|text| host(text).ok_or_else(|| BuildError::Host(text.clone())));
        let guard = Arc::new(Guard {
            allowed: hosts.collect::<Result<_, _>>()?,
            http_on_loopback: self.http_on_loopback,
        });
        let client = Client::builder()
            .tls_backend_preconfigured(tls(&self.roots)?)
            .dns_resolver(Resolver(Arc::clone(&guard)))
            .redirect(Policy::none())
            .retry(retry::never())
            .referer(false)
            // Off by features too, which another crate of the program may have switched on.
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .http1_only()
            .pool_idle_timeout(IDLE)
            .user_agent("grantor-fetch")
            .build()
            .map_err(|error| BuildError::Tls(error.into()))?;
        let places = Semaphore::new(AT_ONCE);
        Ok(Fetcher(Arc::new(Inner { client, guard, places, deadline: self.deadline, clock: self.clock })))
    }
}

/// Choices that weaken a rule, so that they can be found by searching for `dangerous()`.
#[derive(Debug)]
#[must_use = "choose, and get the builder back"]
pub struct Dangerous(FetcherBuilder);

impl Dangerous {
    /// Takes plain http where the host is a loopback address or `localhost`. For development: whoever may register a
    /// `jwks_uri` can have every port of this machine asked.
    pub fn allow_http_on_loopback(mut self) -> FetcherBuilder {
        self.0.http_on_loopback = true;
        self.0
    }
}

/// With ring, named here, so that the process needs no default provider.
fn tls(roots: &[Vec<u8>]) -> Result<ClientConfig, BuildError> {
    let mut extra = Vec::new();
    for pem in roots {
        let before = extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            extra.push(certificate.map_err(|_| BuildError::RootCertificates)?);
        }
        if extra.len() == before {
            return Err(BuildError::RootCertificates);
        }
    }
    let wrong = |error: rustls::Error| BuildError::Tls(error.into());
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(wrong)?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(wrong)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(config.with_no_client_auth())
}
