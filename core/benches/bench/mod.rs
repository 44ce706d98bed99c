//! A server to measure, what is asked of it, and how that is measured against its floor.

pub(crate) mod check;
pub(crate) mod token;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use data_encoding::BASE64;
use grantor::event::{Event, EventSink};
use grantor::http::Request;
use grantor::store::{AuthMethod, Client, ClientRegistry, Credential, GrantType, Revision};
use grantor::{AuthorizationServer, ClientId, HostKeys, Resource, Scope, SigningAlgorithm, SystemEntropy};
use grantor_storage_memory::MemoryStore;

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const RESOURCE: &str = "https://api.example.com";

/// Takes events as a host would that counts them.
#[derive(Debug, Default)]
struct Count(AtomicUsize);

impl EventSink for Count {
    fn record(&self, _event: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server with one client.
pub(crate) struct Bench(pub(crate) AuthorizationServer);

impl Bench {
    pub(crate) fn new(
        algorithm: SigningAlgorithm,
        method: AuthMethod,
        credential: impl FnOnce(&HostKeys) -> Credential,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        Self(runtime.block_on(async {
            let (store, host_keys) = (MemoryStore::new(), HostKeys::ephemeral());
            let client = Client::builder(ClientId::new("billing").unwrap(), method)
                .credential(credential(&host_keys))
                .scope(Scope::parse("invoices:read invoices:write").unwrap())
                .grant_types([GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER])
                .build()
                .unwrap();
            let _done = ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap();
            let api = Resource::new(RESOURCE).scopes(["invoices:read", "invoices:write"]);
            AuthorizationServer::builder(ISSUER, store, host_keys)
                .resource(api)
                .signing_algorithm(algorithm)
                .executor(grantor_axum::TokioExecutor::current())
                .events(Count::default())
                .build()
                .await
                .unwrap()
        }))
    }

    /// One whose client has a secret: the server, the secret, and the header that shows it.
    pub(crate) fn with_secret(algorithm: SigningAlgorithm) -> (Self, String, String) {
        let mut shown = String::new();
        let bench = Self::new(algorithm, AuthMethod::CLIENT_SECRET_BASIC, |host_keys| {
            let id = ClientId::new("billing").unwrap();
            let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new()).unwrap();
            secret.expose().clone_into(&mut shown);
            credential
        });
        let header = format!("Basic {}", BASE64.encode(format!("billing:{shown}").as_bytes()));
        (bench, shown, header)
    }

    pub(crate) fn token(&self, request: Request) -> String {
        let response = run(self.0.token(request));
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }
}

/// Memory storage never waits, so one poll is all there is to run.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory storage waited"),
    }
}

/// Headers and form as stock clients send them.
pub(crate) fn request(authorization: Option<&str>, form: &str) -> Request {
    let mut builder = Request::builder("POST", "/oauth2/token")
        .header("host", "auth.example.com")
        .header("user-agent", "bench/1.0")
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", form.len().to_string());
    if let Some(value) = authorization {
        builder = builder.header("authorization", value);
    }
    builder.body(form.as_bytes()).build()
}

/// What is done with each case: timed here, its allocations counted elsewhere.
pub(crate) trait Measure {
    /// `path` gets what `prepare` made for it. `floor` is what nobody can do without.
    fn case<T>(&self, name: &str, prepare: impl Fn() -> T, path: impl Fn(T), floor: impl Fn());
}

/// Takes every span and event, and writes nothing: tracing without the cost of a disk.
pub(crate) fn trace_to_nowhere() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
}

/// The bytes that a token's signature is over.
pub(crate) fn signing_input(token: &str) -> Vec<u8> {
    token.rsplit_once('.').unwrap().0.as_bytes().to_vec()
}
