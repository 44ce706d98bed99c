//! A server to measure, and how it is measured against its floor.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use grantor::event::{Event, EventSink};
use grantor::http::Request;
use grantor::store::{AuthMethod, Client, ClientRegistry, Credential, GrantType, Revision};
use grantor::{AuthorizationServer, ClientId, HostKeys, Resource, Scope, SigningAlgorithm};
use grantor_storage_memory::MemoryStore;

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const RESOURCE: &str = "https://api.example.com";
/// Many and short: where others work on this machine, path and floor still meet it in the same state.
const ROUNDS: usize = 401;
const PER_ROUND: usize = 5;

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

/// Medians over the rounds.
pub(crate) struct Figures {
    ratio: f64,
    path: f64,
    floor: f64,
}

/// `path` gets what `prepare` made for it, untimed, and takes turns with `floor`. The first round warms up.
pub(crate) fn compare<T>(prepare: impl Fn() -> T, path: impl Fn(T), floor: impl Fn()) -> Figures {
    let rounds: Vec<(f64, f64)> = (0..=ROUNDS)
        .map(|_| {
            let inputs: Vec<T> = (0..PER_ROUND).map(|_| prepare()).collect();
            let path_time = timed(|| inputs.into_iter().for_each(&path));
            let floor_time = timed(|| (0..PER_ROUND).for_each(|_| floor()));
            (path_time.as_secs_f64(), floor_time.as_secs_f64())
        })
        .skip(1)
        .collect();
    let micros = 1e6 / PER_ROUND as f64;
    Figures {
        ratio: median(rounds.iter().map(|(path, floor)| path / floor)),
        path: median(rounds.iter().map(|(path, _)| path * micros)),
        floor: median(rounds.iter().map(|(_, floor)| floor * micros)),
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn report(name: &str, figures: &Figures, allocations: u64) {
    let Figures { ratio, path, floor } = *figures;
    println!(
        "{name:<32} {ratio:>5.2} x   {path:>6.1} us over {floor:>6.1} us   {allocations:>3} allocations"
    );
}

/// The bytes that a token's signature is over.
pub(crate) fn signing_input(token: &str) -> Vec<u8> {
    token.rsplit_once('.').unwrap().0.as_bytes().to_vec()
}
