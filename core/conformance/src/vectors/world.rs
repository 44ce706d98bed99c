//! The server of a vector.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use grantor::store::{
    ClaimMatch, Client, ClientRegistry, Credential, IssuerKeys, Revision, StoreError, TrustStore,
    TrustedIssuer, Versioned,
};
use grantor::{
    AssertionAlgorithm, AuthorizationServer, ClientId, ClientSecret, Clock, CredentialId, HostKey, HostKeyId,
    HostKeys, IssuerName, Limits, PublicKey, Reach, Resource, ResourceUri, Scope, Stores, SystemEntropy,
    Timestamp, TokenFormat, async_trait,
};

use super::document::{Format, Issuer, Port, RegisteredClient, Vector, World};
use super::faults::{Away, Limited};
use crate::broken::chain;

/// Stands still, and moves when a step says so.
#[derive(Clone, Debug)]
pub(super) struct StandingClock(Arc<AtomicI64>);

impl StandingClock {
    pub(super) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

pub(super) async fn build<S>(
    world: &World,
    vector: &Vector,
    store: S,
) -> Result<(AuthorizationServer, StandingClock), String>
where
    S: ClientRegistry + Clone + Into<Stores>,
{
    let host_key: Vec<u8> = (0..32).collect();
    let host_key = HostKey::new(made(HostKeyId::new("vectors"))?, &host_key);
    let host_keys = made(HostKeys::new([made(host_key)?]))?;
    for client in &world.clients {
        let client = client.build(&host_keys).map_err(|error| format!("client {}: {error}", client.id))?;
        let _done = made(store.insert(Revision::new(1), &client).await)?;
    }
    let clock = StandingClock(Arc::new(AtomicI64::new(world.now)));
    let trusted = world.issuers.iter().map(|issuer| {
        let built = issuer.build();
        built.map_err(|error| format!("issuer {}: {error}", issuer.iss))
    });
    let trust = Trusted(trusted.collect::<Result<_, _>>()?);
    let stores = stores(store.into().with_trust(trust), vector.away);
    let mut builder = AuthorizationServer::builder(&world.issuer, stores, host_keys)
        .clock(clock.clone())
        .limits(world.limits.over(Limits::default()));
    for resource in &world.resources {
        let format = match resource.format {
            Format::Jwt => TokenFormat::Jwt,
            Format::Opaque => TokenFormat::Opaque,
        };
        builder = builder
            .resource(Resource::new(&resource.uri).scopes(resource.scopes.iter().cloned()).format(format));
    }
    if let Some(uri) = &world.default_resource {
        builder = builder.default_resource(uri);
    }
    for switch in &world.compatibility {
        builder = builder.dangerous().compatibility(switch.clone(), Reach::EveryClient);
    }
    if let Some(seconds) = vector.limited {
        builder = builder.rate_limiter(Limited(Duration::from_secs(seconds)));
    }
    Ok((made(builder.build().await)?, clock))
}

fn stores(stores: Stores, away: Option<Port>) -> Stores {
    match away {
        None => stores,
        Some(Port::Clients) => stores.with_clients(Away),
        Some(Port::Keys) => stores.with_keys(Away),
        Some(Port::Tokens) => stores.with_tokens(Away),
    }
}

impl super::document::Bounds {
    fn over(&self, limits: Limits) -> Limits {
        limits
            .with_body(self.body.unwrap_or(limits.body()))
            .with_headers(self.headers.unwrap_or(limits.headers()))
            .with_parameters(self.parameters.unwrap_or(limits.parameters()))
    }
}

impl RegisteredClient {
    fn build(&self, host_keys: &HostKeys) -> Result<Client, String> {
        let id = made(ClientId::new(&*self.id))?;
        let scope = |text: &Option<String>| text.as_deref().map(Scope::parse).transpose();
        let uris =
            |texts: &[String]| texts.iter().map(|uri| ResourceUri::new(&**uri)).collect::<Result<_, _>>();
        let mut client = Client::builder(id.clone(), self.method.clone())
            .credentials(self.credential(&id, host_keys)?)
            .default_scope(made(scope(&self.default_scope))?)
            .resources(made(self.resources.as_deref().map(uris).transpose())?)
            .serves(made::<Vec<_>>(uris(&self.serves))?)
            .introspector(self.introspector)
            .enabled(self.enabled.unwrap_or(true));
        if let Some(scope) = made(scope(&self.scope))? {
            client = client.scope(scope);
        }
        if let Some(grant_types) = &self.grant_types {
            client = client.grant_types(grant_types.iter().cloned());
        }
        made(client.build())
    }

    fn credential(&self, id: &ClientId, host_keys: &HostKeys) -> Result<Option<Credential>, String> {
        match (&self.secret, &self.alg, &self.jwk) {
            (None, None, None) => Ok(None),
            (Some(secret), None, None) => {
                made(host_keys.credential(id, &made(ClientSecret::parse(secret))?)).map(Some)
            }
            (Some(secret), Some(alg), None) => {
                let alg = AssertionAlgorithm::from_name(alg).ok_or_else(|| format!("no algorithm {alg}"))?;
                let name = made(CredentialId::new("secret"))?;
                let entropy = SystemEntropy::new();
                made(host_keys.sealed_credential(id, name, secret, alg, &entropy)).map(Some)
            }
            (None, None, Some(jwk)) => made(Credential::key(made(PublicKey::from_jwk(jwk))?)).map(Some),
            _ => Err("it has `secret`, `secret` and `alg`, or `jwk`".to_owned()),
        }
    }
}

impl Issuer {
    fn build(&self) -> Result<TrustedIssuer, String> {
        let (name, keys) = (made(IssuerName::new(&*self.iss))?, made(IssuerKeys::inline(&self.jwks))?);
        let client = made(self.client.as_deref().map(ClientId::new).transpose())?;
        let builder = TrustedIssuer::builder(name, keys, made(ClaimMatch::from_pattern(&self.subject))?);
        made(builder.scope(made(Scope::parse(&self.scope))?).without_client_authentication(client).build())
    }
}

/// The issuers of a world, whatever the store keeps.
#[derive(Debug)]
struct Trusted(Vec<TrustedIssuer>);

#[async_trait]
impl TrustStore for Trusted {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        let found = self.0.iter().find(|trusted| trusted.issuer() == issuer);
        Ok(found.map(|trusted| Versioned::new(trusted.clone(), Revision::new(1))))
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

fn made<T>(made: Result<T, impl Error>) -> Result<T, String> {
    made.map_err(|error| chain(&error))
}
