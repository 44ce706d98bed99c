//! What all tests of the token endpoint share: a world with a clock that stands still, and a reader of answers.

#![allow(dead_code, unused_imports, unreachable_pub)]

mod answer;
mod assertion;
mod elsewhere;
mod events;
mod key_sets;
mod log;
mod registration;
mod registry;
mod spent;
mod stubs;
mod token;
mod tokens;
mod trust;
pub mod workloads;

pub use answer::{Answer, refused};
pub use assertion::*;
pub use elsewhere::*;
pub use events::{Events, Kind, Seen, chain};
pub use key_sets::{FakeKeySets, JWKS_URI, jwks_uri, published};
pub use log::{Log, clean, shown_nowhere};
pub use registration::*;
pub use registry::*;
pub use spent::*;
pub use stubs::{
    CountingVerifier, FakeAnswer, FakeClients, FakeKeys, FakeReplace, FixedPolicy, Journal, Limiter,
    TestExecutor, Verdict,
};
pub use token::{Token, decode, jwks, verified, verifies};
pub use tokens::{FakeClaim, FakeTokens};
pub use trust::*;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use data_encoding::BASE64;
use grantor::http::{Request, RequestBuilder};
use grantor::store::{AuthMethod, Client, ClientBuilder, ClientRegistry, Credential, Insert, Revision};
use grantor::{
    AuthorizationServer, Builder, ClientId, ClientSecret, Clock, HostKey, HostKeyId, HostKeys, Resource,
    ResourceUri, Scope, Stores, SystemEntropy, Timestamp,
};
use grantor_storage_memory::MemoryStore;

pub const ISSUER: &str = "https://auth.example.com";
pub const API: &str = "https://api.example.com";
pub const NOW: i64 = 1_800_000_000;

/// A clock that moves when it is told to.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }

    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

/// Storage, time, events and host keys of one test.
pub struct World {
    pub store: MemoryStore,
    pub clock: ManualClock,
    pub events: Events,
    pub host_keys: HostKeys,
}

impl World {
    pub fn new() -> Self {
        let (clock, events) = (ManualClock::new(), Events::default());
        Self { store: MemoryStore::new(), clock, events, host_keys: host_keys(&[("a", 1)]) }
    }

    /// A builder without a resource.
    pub fn bare(&self) -> Builder {
        AuthorizationServer::builder(ISSUER, self.store.clone(), self.host_keys.clone())
            .clock(self.clock.clone())
            .events(self.events.clone())
    }

    /// A builder over other stores, with one resource of the scopes `read` and `write`.
    pub fn over(&self, stores: impl Into<Stores>) -> Builder {
        AuthorizationServer::builder(ISSUER, stores, self.host_keys.clone())
            .clock(self.clock.clone())
            .events(self.events.clone())
            .resource(Resource::new(API).scopes(["read", "write"]))
    }

    /// The same over the world's own store.
    pub fn builder(&self) -> Builder {
        self.over(self.store.clone())
    }

    pub async fn server(&self) -> AuthorizationServer {
        self.builder().build().await.unwrap()
    }

    /// Registers a client by `client_secret_basic` with the scope `read write`, changed by `change`, and gives its
    /// secret.
    pub async fn client_with(&self, id: &str, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> String {
        let (secret, credential) = self.secret(id);
        let client = Client::builder(client_id(id), AuthMethod::CLIENT_SECRET_BASIC)
            .credential(credential)
            .scope(scope("read write"));
        self.insert(&change(client).build().unwrap()).await;
        secret.expose().to_owned()
    }

    pub async fn client(&self, id: &str) -> String {
        self.client_with(id, |client| client).await
    }

    pub async fn insert(&self, client: &Client) {
        let inserted = ClientRegistry::insert(&self.store, Revision::new(1), client).await;
        assert_eq!(inserted.unwrap(), Insert::Done);
    }

    pub fn secret(&self, id: &str) -> (ClientSecret, Credential) {
        self.host_keys.new_secret(&client_id(id), &SystemEntropy::new()).unwrap()
    }
}

pub fn host_keys(newest_first: &[(&str, u8)]) -> HostKeys {
    HostKeys::new(newest_first.iter().map(|(id, seed)| {
        let secret: Vec<u8> = (0..32).map(|n| n ^ seed).collect();
        HostKey::new(HostKeyId::new(*id).unwrap(), &secret).unwrap()
    }))
    .unwrap()
}

pub fn client_id(text: &str) -> ClientId {
    ClientId::new(text).unwrap()
}

pub fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub fn uri(text: &str) -> ResourceUri {
    ResourceUri::new(text).unwrap()
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

/// Everything but letters and digits as `%XX` (RFC 6749 appendix B).
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

pub fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// A POST of these parameters to the token endpoint.
pub fn post(pairs: &[(&str, &str)]) -> RequestBuilder {
    post_raw(form(pairs))
}

/// A POST of this body as it is.
pub fn post_raw(body: impl Into<Vec<u8>>) -> RequestBuilder {
    Request::builder("POST", "/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

/// The value of an Authorization header, id and secret form-encoded (RFC 6749 §2.3.1).
pub fn basic(id: &str, secret: &str) -> String {
    basic_raw(format!("{}:{}", encode(id), encode(secret)))
}

pub fn basic_raw(pair: impl AsRef<[u8]>) -> String {
    format!("Basic {}", BASE64.encode(pair.as_ref()))
}

/// A client credentials request by HTTP Basic with these parameters besides.
pub fn grant(id: &str, secret: &str, more: &[(&str, &str)]) -> RequestBuilder {
    let mut pairs = vec![("grant_type", "client_credentials")];
    pairs.extend_from_slice(more);
    post(&pairs).header("authorization", basic(id, secret))
}

/// The same with the credentials in the body.
pub fn grant_post(id: &str, secret: &str, more: &[(&str, &str)]) -> RequestBuilder {
    let mut pairs = vec![("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    pairs.extend_from_slice(more);
    post(&pairs)
}

/// Sends a request to the token endpoint.
pub async fn send(server: &AuthorizationServer, request: RequestBuilder) -> Answer {
    Answer::of(server.token(request.build()).await)
}

/// A POST of these parameters to the introspection or the revocation endpoint, with HTTP Basic.
fn about_token(path: &str, (id, secret): (&str, &str), pairs: &[(&str, &str)]) -> RequestBuilder {
    Request::builder("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic(id, secret))
        .body(form(pairs))
}

/// An introspection request by HTTP Basic with these parameters.
pub fn introspection(id: &str, secret: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
    about_token("/oauth2/introspect", (id, secret), pairs)
}

/// A revocation request by HTTP Basic with these parameters.
pub fn revocation(id: &str, secret: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
    about_token("/oauth2/revoke", (id, secret), pairs)
}

/// What the introspection endpoint says of `token` to this client.
pub async fn introspect(server: &AuthorizationServer, id: &str, secret: &str, token: &str) -> Answer {
    Answer::of(server.introspect(introspection(id, secret, &[("token", token)]).build()).await)
}

/// What the revocation endpoint says of `token` to this client.
pub async fn revoke(server: &AuthorizationServer, id: &str, secret: &str, token: &str) -> Answer {
    Answer::of(server.revoke(revocation(id, secret, &[("token", token)]).build()).await)
}

/// Asks for a token by HTTP Basic and takes the answer for granted.
pub async fn issued(server: &AuthorizationServer, id: &str, secret: &str, more: &[(&str, &str)]) -> Token {
    let answer = send(server, grant(id, secret, more)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    verified(server, &answer.access_token()).await
}
