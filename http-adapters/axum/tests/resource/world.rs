//! An authorization server with a clock that stands still, and two of its resources. Shared with `grantor-actix`.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use grantor::http::Request;
use grantor::policy::{Issuance, IssuancePolicy, PolicyRefusal, StandardPolicy, Terms};
use grantor::resource::{AccessTokenVerifier, RequiredScope};
use grantor::store::{
    AuthMethod, Claim, Client, ClientRegistry, Insert, Revision, StoreError, TokenRecord, TokenState,
    TokenStore, Update,
};
use grantor::{
    AuthorizationServer, ClientId, ClientSecret, Clock, HostKeys, ProofId, Resource, Scope, Stores,
    SystemEntropy, Timestamp, TokenId, async_trait,
};
use grantor_storage_memory::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const API: &str = "https://api.example.com/v1";
pub const OTHER: &str = "https://other.example.com";

/// What the handlers of both adapters ask for.
pub struct Read;

impl RequiredScope for Read {
    const SCOPE: &'static str = "read";
}

pub struct ReadAndWrite;

impl RequiredScope for ReadAndWrite {
    const SCOPE: &'static str = "read write";
}

#[derive(serde::Deserialize)]
pub struct Tenant {
    pub tenant: String,
}

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code)]
pub struct Absent {
    absent: u64,
}

/// What an adapter's test serves.
#[derive(Clone)]
pub struct Api {
    /// For [`API`], its metadata published.
    pub verifier: AccessTokenVerifier,
    /// For [`OTHER`], its metadata not published.
    pub other: AccessTokenVerifier,
    /// How often a handler behind the guard ran.
    pub handled: Arc<AtomicUsize>,
}

pub struct World {
    pub api: Api,
    pub clock: ManualClock,
    pub finds: Arc<AtomicUsize>,
    pub address: SocketAddr,
    server: AuthorizationServer,
    store: MemoryStore,
    secret: ClientSecret,
}

impl World {
    pub async fn new() -> Self {
        let (store, host_keys, clock) =
            (MemoryStore::new(), HostKeys::ephemeral(), ManualClock(Arc::new(AtomicI64::new(1_800_000_000))));
        let id = ClientId::new("billing").unwrap();
        let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new()).unwrap();
        let client = Client::builder(id, AuthMethod::CLIENT_SECRET_POST)
            .credential(credential)
            .scope(Scope::parse("read write").unwrap())
            .build()
            .unwrap();
        let _done = ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap();
        let tokens = Counting { store: store.clone(), finds: Arc::default() };
        let finds = Arc::clone(&tokens.finds);
        let server = AuthorizationServer::builder(
            "https://auth.example.com",
            Stores::from(store.clone()).with_tokens(tokens),
            host_keys,
        )
        .clock(clock.clone())
        .policy(WithTenant)
        .resource(Resource::new(API).scopes(["read", "write"]))
        .resource(Resource::new(OTHER).scopes(["read", "write"]))
        .build()
        .await
        .unwrap();
        let verifier = server.access_token_verifier(API).publish_metadata().build().unwrap();
        let other = server.access_token_verifier(OTHER).build().unwrap();
        let api = Api { verifier, other, handled: Arc::default() };
        let address = crate::serve(api.clone()).await;
        Self { api, clock, finds, address, server, store, secret }
    }

    pub async fn token(&self, scope: &str) -> String {
        self.token_for(API, scope).await
    }

    pub async fn token_for(&self, resource: &str, scope: &str) -> String {
        let (secret, scope) = (self.secret.expose(), scope.replace(' ', "+"));
        let form = format!(
            "grant_type=client_credentials&client_id=billing&client_secret={secret}&resource={resource}&scope={scope}"
        );
        let answer = self.server.token(request("/oauth2/token", &form)).await;
        let said: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        said["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn revoke(&self, token: &str) {
        let form = format!("client_id=billing&client_secret={}&token={token}", self.secret.expose());
        assert_eq!(self.server.revoke(request("/oauth2/revoke", &form)).await.status(), 200);
    }

    pub async fn disable(&self) {
        let id = ClientId::new("billing").unwrap();
        let known = grantor::store::ClientStore::find(&self.store, &id).await.unwrap().unwrap();
        let client = known.record().to_builder().enabled(false).build().unwrap();
        let updated = ClientRegistry::update(&self.store, known.revision(), &client).await.unwrap();
        assert_eq!(updated, Update::Done);
    }

    /// A request with these header lines, over a connection of its own.
    pub async fn send(&self, method: &str, path: &str, headers: &str) -> Answer {
        self.send_with(method, path, headers, "").await
    }

    pub async fn send_with(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        Answer::of(&answer)
    }

    /// A GET with this token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send("GET", path, &bearer(token)).await
    }
}

pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn request(path: &str, form: &str) -> Request {
    let form = form.replace("https://", "https%3A%2F%2F");
    Request::builder("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .build()
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The values of `WWW-Authenticate`.
    pub challenges: Vec<String>,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let challenges = head.lines().filter_map(|line| line.split_once(": "));
        let challenges = challenges.filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            challenges: challenges.map(|(_, value)| value.to_owned()).collect(),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    /// The one challenge.
    #[track_caller]
    pub fn challenge(&self) -> &str {
        assert_eq!(self.challenges.len(), 1, "{self:?}");
        &self.challenges[0]
    }
}

#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

#[derive(Debug)]
struct WithTenant;

#[async_trait]
impl IssuancePolicy for WithTenant {
    async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal> {
        Ok(StandardPolicy.decide(issuance).await?.claim("tenant", "acme"))
    }
}

/// A token store that counts how often it is asked about a token.
#[derive(Debug)]
struct Counting {
    store: MemoryStore,
    finds: Arc<AtomicUsize>,
}

#[async_trait]
impl TokenStore for Counting {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        self.store.claim(proof, until).await
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        TokenStore::insert(&self.store, token, record).await
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        TokenStore::find(&self.store, token).await
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        self.store.revoke(token, until).await
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.store.prune(before, limit).await
    }

    fn caveats(&self) -> Vec<String> {
        TokenStore::caveats(&self.store)
    }
}

/// What the process tells `tracing`, at every level and on every thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn of_the_process() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_writer(move || writer.clone())
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_ansi(false)
                .without_time()
                .finish();
            tracing_subscriber::util::SubscriberInitExt::try_init(subscriber).unwrap();
            log
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
