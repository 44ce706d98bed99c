//! The server: one function for each endpoint.

mod introspection;
mod register;
mod registration;
mod report;
mod resource;
mod revocation;
mod signing_keys;
mod summary;
mod unused;
mod upkeep;
mod usage;

pub use signing_keys::{SigningKeyHolder, SigningKeyInfo, SigningKeyState, SigningKeys, SigningKeysError};
pub use summary::Summary;

use std::borrow::Cow;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::Instrument;

use crate::assertion::{AssertionRules, PublishedKeys};
use crate::auth::{ClientAuthentication, ImportedSecrets};
use crate::clients::Clients;
use crate::clock::Clock;
use crate::compatibility::Compatibility;
use crate::config::{ConfigError, Limits};
use crate::endpoint::registration::RegistrationRules;
use crate::endpoint::{Endpoint, Endpoints, read_document_request, read_form, token_response, unless_known};
use crate::entropy::Entropy;
use crate::error::{ErrorCode, Fault, Reason, Refusal, Step, reject, uncached};
use crate::event::{Event, EventSink, RequestTrail, TokenIssued};
use crate::executor::Executor;
use crate::fetch::KeySetFetcher;
use crate::grant::jwt_bearer::JwtBearer;
use crate::grant::{Grant, client_credentials};
use crate::guard::guarded;
use crate::host_keys::HostKeys;
use crate::http::{Request, Response};
use crate::jose::SigningAlgorithm;
use crate::keys::KeyRing;
use crate::policy::{GrantAssertion, Issuance, IssuancePolicy, check_terms, read_asked};
use crate::rate_limit::RateLimiter;
use crate::resource::declared::Resources;
use crate::store::CompatibilitySwitch;
use crate::stores::Stores;
use crate::token::{JtiSource, Mint, NewToken};
use crate::types::{Issuer, Timestamp};
pub(crate) use unused::UnusedSearch;
pub(crate) use usage::UsageNotes;

/// An authorization server for machines. Cheap to clone: all clones are one server.
///
/// Every endpoint takes a [`Request`] and gives a [`Response`], never a `Result`: there is nothing for an adapter
/// to decide.
#[derive(Clone, Debug)]
pub struct AuthorizationServer(pub(crate) Arc<Inner>);

/// What a server is made of. Nothing in it changes but the keys' snapshot.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) issuer: Issuer,
    pub(crate) endpoints: Endpoints,
    pub(crate) routes: Vec<(String, Endpoint)>,
    pub(crate) metadata: Vec<u8>,
    pub(crate) openid_configuration: Vec<u8>,
    pub(crate) token_endpoint: String,
    pub(crate) clock_skew: Duration,
    pub(crate) compatibility: Compatibility,
    pub(crate) limits: Limits,
    pub(crate) resources: Resources,
    pub(crate) resource_default_scope: bool,
    pub(crate) stores: Stores,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) usage: UsageNotes,
    pub(crate) pruned_at: AtomicI64,
    pub(crate) unused: UnusedSearch,
    /// The failures that were told lately, and when.
    pub(crate) told: Mutex<Vec<(String, Timestamp)>>,
    pub(crate) host_keys: HostKeys,
    pub(crate) imported: Option<ImportedSecrets>,
    pub(crate) key_sets: Option<Arc<dyn KeySetFetcher>>,
    pub(crate) registration: Option<RegistrationRules>,
    pub(crate) policy: Arc<dyn IssuancePolicy>,
    /// For introspection answers as JWTs, where the caller has registered no algorithm.
    pub(crate) introspection_algorithm: SigningAlgorithm,
    pub(crate) limiter: Option<Arc<dyn RateLimiter>>,
    pub(crate) executor: Option<Arc<dyn Executor>>,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) jtis: JtiSource,
}

const METADATA_CACHE: &str = "public, max-age=3600";

impl AuthorizationServer {
    /// The token endpoint (RFC 6749 §3.2).
    pub async fn token(&self, request: Request) -> Response {
        self.0.serve("token", async |trail| self.0.token(&request, trail).await).await
    }

    /// The introspection endpoint (RFC 7662 §2): what a token says, for its owner, for those who serve its resource and
    /// for introspectors; for anybody else it is not active. As a JWT where that is asked for (RFC 9701).
    pub async fn introspect(&self, request: Request) -> Response {
        self.0.serve("introspection", async |trail| self.0.introspect(&request, trail).await).await
    }

    /// The revocation endpoint (RFC 7009 §2): ends a token of the client that asks.
    pub async fn revoke(&self, request: Request) -> Response {
        self.0.serve("revocation", async |trail| self.0.revoke(&request, trail).await).await
    }

    /// The registration endpoint (RFC 7591 §3): registers a client for whoever has an initial access token.
    pub async fn register(&self, request: Request) -> Response {
        self.0.serve("registration", async |trail| self.0.register(&request, trail).await).await
    }

    /// The client configuration endpoint (RFC 7592 §2): shows, changes and deletes the client whose id ends the path, for whoever
    /// has its registration access token.
    pub async fn client_configuration(&self, request: Request) -> Response {
        self.0
            .serve("client_configuration", async |trail| self.0.client_configuration(&request, trail).await)
            .await
    }

    /// The published keys (RFC 7517 §5).
    pub async fn jwks(&self, request: Request) -> Response {
        self.0.serve("jwks", async |_trail| self.0.jwks(&request).await).await
    }

    /// The metadata (RFC 8414 §3), the same document at each of its places.
    pub async fn metadata(&self, request: Request) -> Response {
        let document = || public_document(self.0.metadata.clone(), METADATA_CACHE);
        self.0.answer("metadata", || read_document_request(&request).map(|()| document()))
    }

    /// The metadata with what clients that know only OpenID Connect insist on, where `openid_discovery` is on;
    /// else the same document.
    pub async fn openid_configuration(&self, request: Request) -> Response {
        self.0.answer("openid_configuration", || {
            read_document_request(&request)?;
            let switch = &CompatibilitySwitch::OPENID_DISCOVERY;
            if self.0.compatibility.permits(switch) {
                self.0.report(&Event::CompatibilityUsed { client_id: None, switch });
            }
            Ok(public_document(self.0.openid_configuration.clone(), METADATA_CACHE))
        })
    }

    /// There is nobody to authorize anything: an error, whatever is asked (RFC 6749 §4.1.2.1).
    pub async fn authorization(&self, _request: Request) -> Response {
        let (code, reason) = (ErrorCode::UnsupportedResponseType, Reason::NoAuthorizationEndpoint);
        self.0.answer("authorization", || reject(code, reason))
    }

    /// Any endpoint, for an adapter that routes by [`AuthorizationServer::routes`].
    pub async fn handle(&self, endpoint: Endpoint, request: Request) -> Response {
        match endpoint {
            Endpoint::Token => self.token(request).await,
            Endpoint::Introspection => self.introspect(request).await,
            Endpoint::Revocation => self.revoke(request).await,
            Endpoint::Registration => self.register(request).await,
            Endpoint::ClientConfiguration => self.client_configuration(request).await,
            Endpoint::Jwks => self.jwks(request).await,
            Endpoint::Metadata => self.metadata(request).await,
            Endpoint::OpenIdConfiguration => self.openid_configuration(request).await,
            Endpoint::Authorization => self.authorization(request).await,
        }
    }

    /// The answer to a request that an adapter cut off at its deadline: 503. Being cut off leaves nothing half
    /// done.
    #[must_use]
    pub fn deadline_exceeded(&self) -> Response {
        let late = || Fault::unavailable("the request took longer than its deadline");
        self.0.answer("deadline", || Err(late().into()))
    }

    /// Does what is due behind the requests: reads the signing keys again, rotates them and seals them anew, tells the store
    /// which credentials were used, and removes what has ended from the token store. No request waits for any of it.
    ///
    /// Returns how long to wait before the next call, 5 seconds at most. Any number of processes may run it, and none has to
    /// lead.
    pub async fn maintain(&self) -> Duration {
        if self.0.maintain().await { self.0.keys.pause() } else { Duration::ZERO }
    }

    /// Every path of this server as it comes over the wire, with its endpoint.
    pub fn routes(&self) -> impl Iterator<Item = (&str, Endpoint)> {
        self.0.routes.iter().map(|(path, endpoint)| (path.as_str(), *endpoint))
    }

    /// The bounds of a request.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// The administration of this server's clients. Changes are told to the events of the server.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] where its stores have none in which clients can be registered.
    pub fn clients(&self) -> Result<Clients, ConfigError> {
        let Inner { stores, host_keys, events, clock, entropy, .. } = &*self.0;
        let clients = Clients::new(stores.clone(), host_keys.clone())?;
        Ok(clients.events(Arc::clone(events)).clock(Arc::clone(clock)).entropy(Arc::clone(entropy)))
    }

    /// What this server is, for the operator to read at start.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.0)
    }
}

impl Inner {
    /// The work of one request, in its span: a panic in it fails it and nothing else.
    async fn serve(
        &self,
        endpoint: &'static str,
        work: impl AsyncFnOnce(&mut RequestTrail) -> Step<Response>,
    ) -> Response {
        let mut trail = RequestTrail::at(endpoint);
        let span = report::span(&trail);
        async {
            let outcome = guarded(Box::pin(work(&mut trail))).await;
            self.conclude(&trail, outcome)
        }
        .instrument(span)
        .await
    }

    /// One token request. Every check that can refuse comes before `claim`, and `claim` before anything is made.
    async fn token(self: &Arc<Self>, request: &Request, trail: &mut RequestTrail) -> Step<Response> {
        let now = self.clock.now();
        let held = self.keys_held(now);
        let form = read_form(request, &self.limits, &self.issuer)?;
        let grant = Grant::select(&form)?;
        trail.grant = Some(grant.as_str());
        let authentication = self.client_authentication(now);
        let approved = match grant {
            Grant::ClientCredentials => {
                client_credentials::approve(authentication.authenticate(request, &form, trail).await?)?
            }
            Grant::JwtBearer => self.jwt_bearer(&authentication).approve(request, &form, trail).await?,
        };
        let (client, assertion) = (&*approved.client, approved.assertion.as_ref());
        let asked = read_asked(&form, self.resource_default_scope)?;
        let asked = match assertion {
            Some(assertion) => assertion.complete(asked),
            None => asked,
        };
        let issuance = Issuance::new(client, (&asked, &self.resources), assertion, now);
        let terms = self.policy.decide(&issuance).await.map_err(Refusal::from)?;
        let resource = check_terms(&terms, &issuance)?;
        let keys = self.keys_at_hand(held, now).await?;
        let (to_spend, sender) = ((client, &*approved.proofs), (request, trail.client_id.as_ref()));
        let claimed = authentication.claim(to_spend, &*self.stores.tokens, sender).await?;
        trail.client_id = Some(client.id().clone());
        let token = NewToken {
            issuer: &self.issuer,
            client,
            subject: approved.subject(),
            subject_id: assertion.and_then(GrantAssertion::subject_id),
            terms: &terms,
            resource,
            issued_at: now,
            not_after: approved.not_after,
        };
        let mint =
            Mint { keys: &keys, tokens: &*self.stores.tokens, entropy: &*self.entropy, jtis: &self.jtis };
        let minted = mint.make(claimed, &token).await?;
        self.note_use(client, trail, now);
        let body = token_response(&minted, terms.granted_scope(), now);
        let response = uncached(Response::new(200, body));
        let said = (terms.audience(), terms.granted_scope());
        self.report(&Event::TokenIssued(TokenIssued::new(
            trail,
            approved.subject(),
            said,
            &minted.jti,
            minted.expires_at,
        )));
        Ok(response)
    }

    fn client_authentication(&self, now: Timestamp) -> ClientAuthentication<'_> {
        ClientAuthentication {
            clients: &*self.stores.clients,
            host_keys: &self.host_keys,
            imported: self.imported.as_ref(),
            published: PublishedKeys { fetcher: self.key_sets.as_deref(), events: self },
            limiter: self.limiter.as_deref(),
            events: self,
            compatibility: &self.compatibility,
            rules: AssertionRules {
                issuer: self.issuer.as_str(),
                token_endpoint: &self.token_endpoint,
                now,
                skew: self.clock_skew,
            },
        }
    }

    fn jwt_bearer<'a>(&'a self, authentication: &'a ClientAuthentication<'a>) -> JwtBearer<'a> {
        JwtBearer { authentication, trust: self.stores.trust.as_deref() }
    }

    async fn jwks(self: &Arc<Self>, request: &Request) -> Step<Response> {
        let now = self.clock.now();
        let held = self.keys_held(now);
        read_document_request(request)?;
        let keys = self.keys_at_hand(held, now).await?.published(now);
        let body = serde_json::to_vec(&keys).map_err(Fault::internal)?;
        let cache = format!("public, max-age={}", self.keys.cached_for(now).as_secs());
        Ok(unless_known(request, public_document(body, cache)))
    }
}

fn public_document(body: Vec<u8>, cache: impl Into<Cow<'static, str>>) -> Response {
    Response::new(200, body).header("content-type", "application/json").header("cache-control", cache)
}
