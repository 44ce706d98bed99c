//! Putting a server together. Every mistake is found here, and by nothing later.

mod check;

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::auth::ImportedSecrets;
use crate::clock::{Clock, SystemClock};
use crate::compatibility::{Compatibility, Reach};
use crate::config::{ConfigError, Limits, check_clock_skew};
use crate::endpoint::registration::RegistrationRules;
use crate::endpoint::{Endpoints, Registration, metadata};
use crate::entropy::{Entropy, SystemEntropy};
use crate::event::{EventSink, NoSink};
use crate::executor::Executor;
use crate::fetch::KeySetFetcher;
use crate::host_keys::HostKeys;
use crate::jose::SigningAlgorithm;
use crate::keys::{Bench, KeyRing, KeyRotation, Rules, Workshop};
use crate::policy::{IssuancePolicy, StandardPolicy};
use crate::rate_limit::RateLimiter;
use crate::resource::declared::{Resource, Resources};
use crate::secret_verifier::SecretVerifier;
use crate::server::{AuthorizationServer, Inner, SigningKeys, UnusedSearch, UsageNotes};
use crate::signer::Signer;
use crate::store::CompatibilitySwitch;
use crate::stores::Stores;
use crate::token::JtiSource;
use crate::types::Issuer;

/// How many imported secrets are checked at the same time unless the host says otherwise: each takes a core for
/// tens of milliseconds.
const IMPORTED_AT_ONCE: usize = 4;

/// Puts an [`AuthorizationServer`] together.
#[derive(Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct Builder {
    issuer: String,
    stores: Stores,
    host_keys: HostKeys,
    resources: Vec<Resource>,
    default_resource: Option<String>,
    resource_default_scope: bool,
    algorithm: SigningAlgorithm,
    rotation: KeyRotation,
    signers: Vec<Arc<dyn Signer>>,
    endpoints: Endpoints,
    limits: Limits,
    executor: Option<Arc<dyn Executor>>,
    imported: Option<Arc<dyn SecretVerifier>>,
    imported_at_once: usize,
    key_sets: Option<Arc<dyn KeySetFetcher>>,
    registration: Option<Registration>,
    policy: Arc<dyn IssuancePolicy>,
    limiter: Option<Arc<dyn RateLimiter>>,
    events: Arc<dyn EventSink>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    http_on_loopback: bool,
    clock_skew: Duration,
    compatibility: Compatibility,
}

impl AuthorizationServer {
    /// A server for this issuer (RFC 8414 §2), over these stores, with these keys of the host.
    pub fn builder(issuer: impl Into<String>, stores: impl Into<Stores>, host_keys: HostKeys) -> Builder {
        Builder {
            issuer: issuer.into(),
            stores: stores.into(),
            host_keys,
            resources: Vec::new(),
            default_resource: None,
            resource_default_scope: false,
            algorithm: SigningAlgorithm::default(),
            rotation: KeyRotation::default(),
            signers: Vec::new(),
            endpoints: Endpoints::default(),
            limits: Limits::default(),
            executor: None,
            imported: None,
            imported_at_once: IMPORTED_AT_ONCE,
            key_sets: None,
            registration: None,
            policy: Arc::new(StandardPolicy),
            limiter: None,
            events: Arc::new(NoSink),
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy::new()),
            http_on_loopback: false,
            clock_skew: Duration::from_secs(10),
            compatibility: Compatibility::default(),
        }
    }
}

impl Builder {
    /// Declares a resource. At least one is needed: every token has an audience.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resources.push(resource);
        self
    }

    /// The resource that is meant where a request names none and its scopes imply none.
    pub fn default_resource(mut self, uri: impl Into<String>) -> Self {
        self.default_resource = Some(uri.into());
        self
    }

    /// Whether the scope `<resource>/.default` means "all that the client holds there". Off by default.
    pub const fn resource_default_scope(mut self, on: bool) -> Self {
        self.resource_default_scope = on;
        self
    }

    /// With which algorithm tokens are signed unless their resource says otherwise. ES256 by default.
    pub const fn signing_algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// How often the signing keys change. Every 90 days by default, each new one published a day before it signs.
    pub const fn key_rotation(mut self, rotation: KeyRotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// Who makes the signing keys from now on and signs with them, so that no private key is in this process or in the key
    /// store. Without one they are made here, and sealed under the host keys before they are stored.
    ///
    /// Keys that are in the key store go on as they are; [`SigningKeys::rotate`] has the signer make the next one. Given several
    /// times, the last signer makes the new keys, and the others sign with those that they hold until these have ended.
    pub fn signer(mut self, signer: impl Signer) -> Self {
        self.signers.push(Arc::new(signer));
        self
    }

    /// Other paths for the endpoints.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Other bounds for requests.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where background work and slow computations run; the adapters bring one. Needed for new RSA keys and for
    /// imported secrets. Without it only [`AuthorizationServer::maintain`] reads the keys again.
    pub fn executor(mut self, executor: impl Executor) -> Self {
        self.executor = Some(Arc::new(executor));
        self
    }

    /// Accepts secrets of other systems, checked by `verifier`, four at a time. Off by default.
    pub fn imported_secrets(mut self, verifier: impl SecretVerifier) -> Self {
        self.imported = Some(Arc::new(verifier));
        self
    }

    /// How many imported secrets are checked at the same time, at least one; more answer 503. Each takes a core.
    pub const fn imported_secrets_at_once(mut self, at_once: usize) -> Self {
        self.imported_at_once = if at_once == 0 { 1 } else { at_once };
        self
    }

    /// Who fetches the keys of clients that publish them at a `jwks_uri`; the crate `grantor-fetch` brings one. Off by
    /// default, and such a client is refused.
    pub fn key_sets(mut self, fetcher: impl KeySetFetcher) -> Self {
        self.key_sets = Some(Arc::new(fetcher));
        self
    }

    /// Lets clients register themselves (RFC 7591) and manage their registration (RFC 7592). Off by default.
    pub fn registration(mut self, registration: Registration) -> Self {
        self.registration = Some(registration);
        self
    }

    /// Who decides what a token says. [`StandardPolicy`] by default.
    pub fn policy(mut self, policy: impl IssuancePolicy) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// Brakes on guessing. None by default: secrets that Grantor makes cannot be guessed.
    pub fn rate_limiter(mut self, limiter: impl RateLimiter) -> Self {
        self.limiter = Some(Arc::new(limiter));
        self
    }

    /// Who is told what happens. `tracing` always is.
    pub fn events(mut self, sink: impl EventSink) -> Self {
        self.events = Arc::new(sink);
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How far the clocks of clients may be off, in whole seconds: 10 by default, 60 at most.
    pub const fn clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew;
        self
    }

    /// Another source of randomness.
    pub fn entropy(mut self, entropy: impl Entropy) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// The choices that weaken a rule.
    pub const fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }

    /// The signing keys of this issuer, for an administrator beside the servers: nothing is served, and no key is made because
    /// none is there.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for what is wrong with the issuer, the resources, the rotation or the host keys.
    pub fn signing_keys(self) -> Result<SigningKeys, ConfigError> {
        let (_, _, workshop) = self.checked_keys()?;
        let keys = Arc::new(KeyRing::new(workshop, true));
        Ok(SigningKeys { keys, clock: self.clock, events: self.events })
    }

    /// What the keys go by, checked.
    fn checked_keys(&self) -> Result<(Issuer, Resources, Workshop), ConfigError> {
        let issuer = check::issuer(&self.issuer, self.http_on_loopback)?;
        let resources = check::resources(&self.resources, self.algorithm, self.default_resource.as_deref())?;
        let algorithms = check::algorithms(&resources)?;
        check_clock_skew(self.clock_skew)?;
        let longest_life = resources.longest_life();
        self.rotation.check(longest_life, self.clock_skew, algorithms.len())?;
        if self.host_keys.is_empty() {
            return Err(ConfigError::NoHostKey);
        }
        check::signers(&self.signers)?;
        let workshop = Workshop {
            issuer: issuer.clone(),
            host_keys: self.host_keys.clone(),
            store: Arc::clone(&self.stores.keys),
            signers: self.signers.clone(),
            entropy: Arc::clone(&self.entropy),
            clock: Arc::clone(&self.clock),
            executor: self.executor.clone(),
            rules: Arc::new(Rules {
                algorithms,
                rotation: self.rotation,
                longest_life,
                skew: self.clock_skew,
                signers: self.signers.iter().map(|signer| signer.name().to_owned()).collect(),
            }),
            bench: Bench::default(),
        };
        Ok((issuer, resources, workshop))
    }

    /// The server: checks the configuration, loads the signing keys and makes what is missing.
    ///
    /// A key store that is away is no error, since it may come up later than the server: an event says so, and until
    /// the keys can be read tokens and the key set are answered 503. What it holds is checked then, and a mistake such
    /// as a missing host key is told by the events alone.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], exact enough that the fix is obvious.
    pub async fn build(self) -> Result<AuthorizationServer, ConfigError> {
        let (issuer, resources, workshop) = self.checked_keys()?;
        let keys = KeyRing::new(workshop, false);
        let algorithms = keys.algorithms().to_vec();
        let openid = self.compatibility.permits(&CompatibilitySwitch::OPENID_DISCOVERY);
        let routes = self.endpoints.routes(&issuer, self.registration.is_some(), openid)?;
        check::limits(self.limits)?;
        check::compatibility(&self.compatibility)?;
        let registration = self.registration.map(|registration| {
            RegistrationRules::check(registration, &self.stores, &resources, self.key_sets.is_some())
        });
        let registration = registration.transpose()?;
        let imported = check::imported(self.imported, self.executor.as_ref(), self.imported_at_once).await?;
        let document = |openid| {
            metadata(&issuer, &self.endpoints, &resources, registration.is_some(), openid)
                .map_err(|error| ConfigError::Keys(error.into()))
        };
        let (metadata, openid_configuration) = (document(false)?, document(openid)?);
        let introspection_algorithm = check::introspection_algorithm(&algorithms, self.algorithm);
        let usage = UsageNotes::new(self.stores.usage.is_some());
        let server = AuthorizationServer(Arc::new(Inner {
            token_endpoint: self.endpoints.token_url(&issuer),
            issuer,
            clock_skew: self.clock_skew,
            compatibility: self.compatibility,
            endpoints: self.endpoints,
            routes,
            metadata,
            openid_configuration,
            limits: self.limits,
            resources,
            resource_default_scope: self.resource_default_scope,
            stores: self.stores,
            keys: Arc::new(keys),
            usage,
            pruned_at: AtomicI64::new(i64::MIN),
            unused: UnusedSearch::default(),
            told: Mutex::default(),
            host_keys: self.host_keys,
            imported,
            key_sets: self.key_sets,
            registration,
            policy: self.policy,
            introspection_algorithm,
            limiter: self.limiter,
            executor: self.executor,
            events: self.events,
            clock: self.clock,
            entropy: self.entropy,
            jtis: JtiSource::new(),
        }));
        server.0.load_keys().await.map_err(|error| ConfigError::Keys(error.into()))?;
        for warning in server.summary().warnings() {
            tracing::warn!(issuer = server.issuer().as_str(), "{warning}");
        }
        Ok(server)
    }
}

/// Choices that weaken a rule, so that they can be found by searching for `dangerous()`.
#[derive(Debug)]
#[must_use = "choose, and get the builder back"]
pub struct Dangerous(Builder);

impl Dangerous {
    /// Permits a named weakening for software that cannot be changed. What each costs stands beside its name; each use
    /// raises an event. `openid_discovery` is for every client or for none.
    pub fn compatibility(mut self, switch: CompatibilitySwitch, reach: Reach) -> Builder {
        self.0.compatibility.permit(switch, reach);
        self.0
    }

    /// Takes an issuer of plain http on a loopback address (RFC 8414 §2 demands https). For development: whoever
    /// can listen on the way reads every secret.
    pub fn allow_http_on_loopback(mut self) -> Builder {
        self.0.http_on_loopback = true;
        self.0
    }
}

impl ImportedSecrets {
    fn new(verifier: Arc<dyn SecretVerifier>, executor: Arc<dyn Executor>, at_once: usize) -> Self {
        Self { verifier, executor, at_once, running: Arc::default() }
    }
}
