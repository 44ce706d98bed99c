//! A server with a signer, a clock that moves when it is told to, and an API that checks tokens by the published keys, with
//! ring alone.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use grantor::event::{Event, EventSink};
use grantor::http::{Request, Response};
use grantor::store::{AuthMethod, Client, ClientRegistry, KeySet, KeyStore, Revision};
use grantor::{
    AuthorizationServer, Builder, ClientId, Clock, HostKeys, KeyRotation, Resource, Scope, SigningAlgorithm,
    SystemEntropy, Timestamp,
};
use grantor_storage_memory::MemoryStore;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

pub(crate) const ISSUER: &str = "https://auth.example.com";
const API: &str = "https://api.example.com";
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) clock: ManualClock,
    pub(crate) events: Events,
    host_keys: HostKeys,
    authorization: String,
}

#[derive(Clone, Debug)]
pub(crate) struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// What the operator is told, as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    /// What came since the last call.
    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("\n")
    }
}

impl EventSink for Events {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let (store, host_keys) = (MemoryStore::new(), HostKeys::ephemeral());
        let id = ClientId::new("billing").unwrap();
        let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new()).unwrap();
        let client = Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC)
            .credential(credential)
            .scope(Scope::parse("read").unwrap());
        let first = Revision::first(&SystemEntropy::new()).unwrap();
        let inserted = ClientRegistry::insert(&store, first, &client.build().unwrap()).await.unwrap();
        assert_eq!(inserted, grantor::store::Insert::Done);
        let authorization =
            format!("Basic {}", BASE64.encode(format!("billing:{}", secret.expose()).as_bytes()));
        let clock = ManualClock(Arc::new(AtomicI64::new(1_800_000_000)));
        Self { store, clock, events: Events::default(), host_keys, authorization }
    }

    /// Keys of a day, published an hour before.
    pub(crate) fn builder(&self, algorithm: SigningAlgorithm) -> Builder {
        let rotation = KeyRotation::default()
            .every(Duration::from_secs(DAY.unsigned_abs()))
            .propagation(Duration::from_secs(HOUR.unsigned_abs()));
        AuthorizationServer::builder(ISSUER, self.store.clone(), self.host_keys.clone())
            .resource(Resource::new(API).scopes(["read"]))
            .signing_algorithm(algorithm)
            .key_rotation(rotation)
            .clock(self.clock.clone())
            .events(self.events.clone())
    }

    /// The answer of the token endpoint.
    pub(crate) async fn request(&self, server: &AuthorizationServer) -> Response {
        let request = Request::builder("POST", "/oauth2/token")
            .header("authorization", &self.authorization)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        server.token(request.build()).await
    }

    pub(crate) async fn token(&self, server: &AuthorizationServer) -> String {
        let response = self.request(server).await;
        let body = String::from_utf8_lossy(response.body()).into_owned();
        assert_eq!(response.status(), 200, "{body}\n{}", self.events.take());
        let body: Value = serde_json::from_str(&body).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn jwks(&self, server: &AuthorizationServer) -> Value {
        let response = server.jwks(Request::builder("GET", "/.well-known/jwks.json").build()).await;
        assert_eq!(response.status(), 200);
        serde_json::from_slice(response.body()).unwrap()
    }

    /// What the key store has kept.
    pub(crate) async fn stored(&self) -> KeySet {
        KeyStore::load(&self.store).await.unwrap().0
    }
}

/// The `kid` of a token, if it verifies by that key of the set.
pub(crate) fn verified(token: &str, jwks: &Value) -> Option<String> {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = input.split_once('.').unwrap();
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    let jwk = jwks["keys"].as_array().unwrap().iter().find(|jwk| jwk["kid"] == header["kid"])?;
    assert_eq!(jwk["alg"], header["alg"]);
    verifies(jwk, input.as_bytes(), &decode(signature)).then(|| jwk["kid"].as_str().unwrap().to_owned())
}

/// Whether `signature` is that of `jwk` over `message`.
pub(crate) fn verifies(jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
    let member = |name: &str| BASE64URL_NOPAD.decode(jwk[name].as_str().unwrap().as_bytes()).unwrap();
    let ec = |algorithm| {
        let point = [vec![4], member("x"), member("y")].concat();
        UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
    };
    let rsa = |parameters| {
        let key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
        key.verify(parameters, message, signature).is_ok()
    };
    match jwk["alg"].as_str().unwrap() {
        "ES256" => ec(&signature::ECDSA_P256_SHA256_FIXED),
        "ES384" => ec(&signature::ECDSA_P384_SHA384_FIXED),
        "EdDSA" => {
            UnparsedPublicKey::new(&signature::ED25519, member("x")).verify(message, signature).is_ok()
        }
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        other => panic!("{other}"),
    }
}
