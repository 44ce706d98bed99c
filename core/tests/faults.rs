//! Every port fails in turn: always 5xx with a fixed body, nothing stored, nothing said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use grantor::event::{ErrorCode, FaultKind, Reason};
use grantor::policy::{Issuance, PolicyRefusal, Terms};
use grantor::store::{
    AuthMethod, Claim, Client, ClientStore, Insert, StoreError, TokenRecord, TokenState, TokenStore,
};
use grantor::{
    AuthorizationServer, Entropy, EntropyError, Executor, ExecutorError, Job, ProofId, Resource, ResourceUri,
    Stores, SystemEntropy, Task, Timestamp, TokenId, async_trait,
};
use support::*;

/// Asks for a token, and holds the answer to what §5 of the design says of every fault.
async fn failed(world: &World, server: &AuthorizationServer, secret: &str, status: u16) {
    let (usage, issued) = (world.store.usage(), world.events.count(&Kind::Issued));
    let answer = send(server, grant("demo", secret, &[])).await;
    let (error, kind) = match status {
        503 => ("temporarily_unavailable", FaultKind::Unavailable),
        _ => ("server_error", FaultKind::Internal),
    };
    refused(&answer, status, error);
    let fixed = match status {
        503 => {
            r#"{"error":"temporarily_unavailable","error_description":"The server cannot answer now. Try again later."}"#
        }
        _ => r#"{"error":"server_error","error_description":"The server failed."}"#,
    };
    assert_eq!(answer.text(), fixed);
    assert_eq!(answer.header("retry-after"), (status == 503).then_some("2"));
    assert_eq!(world.events.last().kind, Kind::Failed(kind));
    assert_eq!(world.store.usage(), usage, "nothing is stored");
    assert_eq!(world.events.count(&Kind::Issued), issued, "nothing is issued");
}

#[tokio::test]
async fn clients_find_that_fails_is_never_invalid_client() {
    let world = World::new();
    let clients = FakeClients::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(clients.clone());
    let server = world.over(stores).build().await.unwrap();
    let secret = world.client("demo").await;
    clients.say(FakeAnswer::Unavailable);
    failed(&world, &server, &secret, 503).await;
    assert!(world.events.last().source.contains("client-table-down-7f3"), "the operator learns it");
    clients.say(FakeAnswer::Corrupt);
    failed(&world, &server, &secret, 500).await;
    assert!(world.events.last().source.contains("client-row-broken-7f3"));
    clients.say(FakeAnswer::PassOn);
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200, "and then it goes on");
}

#[tokio::test]
async fn clients_find_that_gives_another_client_is_corrupt() {
    let world = World::new();
    let clients = FakeClients::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(clients.clone());
    let server = world.over(stores).build().await.unwrap();
    let (secret, credential) = world.secret("Demo");
    let folded = Client::builder(client_id("Demo"), AuthMethod::CLIENT_SECRET_BASIC).credential(credential);
    clients.say(FakeAnswer::Always(Box::new(folded.build().unwrap())));
    failed(&world, &server, secret.expose(), 500).await;
}

/// Randomness that can be turned off.
#[derive(Clone, Debug)]
struct Dry(Arc<AtomicBool>);

impl Entropy for Dry {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        if self.0.load(Ordering::SeqCst) {
            Err(EntropyError::new())
        } else {
            SystemEntropy::new().fill(bytes)
        }
    }
}

#[tokio::test]
async fn entropy_that_fails_makes_no_token() {
    let world = World::new();
    let dry = Dry(Arc::default());
    let server = world.builder().entropy(dry.clone()).build().await.unwrap();
    let secret = world.client("demo").await;
    dry.0.store(true, Ordering::SeqCst);
    failed(&world, &server, &secret, 500).await;
    let fresh = World::new();
    assert!(fresh.builder().entropy(dry).build().await.is_err(), "nor a key");
    let (keys, _) = grantor::store::KeyStore::load(&fresh.store).await.unwrap();
    assert!(keys.keys().is_empty());
}

/// An executor that runs nothing once it is told to.
#[derive(Clone, Debug, Default)]
struct Idle(Arc<AtomicBool>);

#[async_trait]
impl Executor for Idle {
    fn spawn(&self, _task: Task) {}

    async fn blocking(&self, job: Job) -> Result<(), ExecutorError> {
        if self.0.load(Ordering::SeqCst) {
            return Err(ExecutorError::new("pool-closed-7f3"));
        }
        job();
        Ok(())
    }
}

#[tokio::test]
async fn an_executor_that_fails_is_503() {
    let world = World::new();
    let idle = Idle::default();
    let server = world
        .builder()
        .executor(idle.clone())
        .imported_secrets(CountingVerifier::default())
        .imported_secrets_at_once(1)
        .build()
        .await
        .unwrap();
    idle.0.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        failed(&world, &server, "hunter2", 503).await;
        assert!(world.events.last().source.contains("pool-closed-7f3"), "the place is given back each time");
    }
}

#[tokio::test]
async fn an_executor_that_drops_its_tasks_does_not_stop_requests() {
    let world = World::new();
    let server = world.builder().executor(Idle::default()).build().await.unwrap();
    let secret = world.client("demo").await;
    for _ in 0..3 {
        world.clock.advance(61);
        assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
    }
}

#[tokio::test]
async fn a_verifier_that_cannot_read_a_hash_is_500() {
    let world = World::new();
    let builder = world.builder().executor(TestExecutor::default());
    let server = builder.imported_secrets(CountingVerifier::default()).build().await.unwrap();
    let id = grantor::CredentialId::new("x").unwrap();
    let credential = grantor::store::Credential::imported(id, "unreadable");
    world.client_with("demo", |client| client.credential(credential)).await;
    failed(&world, &server, "hunter2", 500).await;
}

#[tokio::test]
async fn a_policy_that_is_away_is_503() {
    let world = World::new();
    let policy = FixedPolicy(|_| Err(PolicyRefusal::unavailable("policy-engine-down-7f3")));
    let server = world.builder().policy(policy).build().await.unwrap();
    let secret = world.client("demo").await;
    failed(&world, &server, &secret, 503).await;
    assert!(world.events.last().source.contains("policy-engine-down-7f3"));
}

#[tokio::test]
async fn a_policy_that_refuses_is_a_rejection() {
    type Answer = fn(&Issuance<'_>) -> Result<Terms, PolicyRefusal>;
    let refusals: [(Answer, ErrorCode); 3] = [
        (|_| Err(PolicyRefusal::invalid_scope()), ErrorCode::InvalidScope),
        (|_| Err(PolicyRefusal::invalid_target()), ErrorCode::InvalidTarget),
        (|_| Err(PolicyRefusal::unauthorized_client()), ErrorCode::UnauthorizedClient),
    ];
    for (answer, code) in refusals {
        let world = World::new();
        let server = world.builder().policy(FixedPolicy(answer)).build().await.unwrap();
        let secret = world.client("demo").await;
        refused(&send(&server, grant("demo", &secret, &[])).await, 400, code.as_str());
        assert_eq!(world.events.last().kind, Kind::Rejected(code, Reason::PolicyRefused));
    }
}

fn terms(audience: &str, granted: &str, seconds: u64) -> Terms {
    Terms::new(uri(audience), scope(granted), Duration::from_secs(seconds))
}

#[tokio::test]
async fn a_policy_that_breaks_a_rule_is_500_and_issues_nothing() {
    type Answer = fn(&Issuance<'_>) -> Result<Terms, PolicyRefusal>;
    let broken: [(Answer, &str); 9] = [
        (|_| Ok(terms("https://undeclared.example.com", "", 60)), "not declared"),
        (|_| Ok(terms("https://books.example.com", "", 60)), "another resource"),
        (|_| Ok(terms(API, "admin", 60)), "do not share"),
        (|_| Ok(terms(API, "audit", 60)), "do not share"),
        (|_| Ok(terms(API, "read write", 60)), "not asked for"),
        (|_| Ok(terms(API, "read", 0)), "lifetime"),
        (|_| Ok(terms(API, "read", 24 * 3600 + 1)), "lifetime"),
        (|_| Ok(terms(API, "read", 60).claim("sub", "root")), "claim"),
        (|_| Ok(terms(API, "read", 60).lifetime(Duration::from_millis(999))), "lifetime"),
    ];
    for (answer, rule) in broken {
        let world = World::new();
        let server = world
            .bare()
            .resource(Resource::new(API).scopes(["read", "write", "audit"]))
            .resource(Resource::new("https://books.example.com"))
            .policy(FixedPolicy(answer))
            .build()
            .await
            .unwrap();
        let secret = world.client_with("demo", |client| client.scope(scope("read write admin"))).await;
        let answer = send(&server, grant("demo", &secret, &[("scope", "read"), ("resource", API)])).await;
        refused(&answer, 500, "server_error");
        assert!(world.events.last().source.contains(rule), "{rule}: {}", world.events.last().source);
        assert_eq!(world.events.count(&Kind::Issued), 0);
    }
}

#[tokio::test]
async fn a_policy_may_not_send_a_client_where_it_may_not_go() {
    let world = World::new();
    let policy = FixedPolicy(|_| Ok(terms("https://books.example.com", "", 60)));
    let books = Resource::new("https://books.example.com");
    let server = world.builder().resource(books).policy(policy).build().await.unwrap();
    let secret = world.client_with("demo", |client| client.resources(vec![uri(API)])).await;
    failed(&world, &server, &secret, 500).await;
    assert!(world.events.last().source.contains("may not access"));
}

#[tokio::test]
async fn no_policy_can_set_a_claim_of_a_registered_name() {
    const NAMES: [&str; 12] = [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "scope",
        "cnf",
        "act",
        "grantor_epoch",
    ];
    for (at, _) in NAMES.iter().enumerate() {
        static AT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        AT.store(at, Ordering::SeqCst);
        let world = World::new();
        let policy = FixedPolicy(|_| Ok(terms(API, "read", 60).claim(NAMES[AT.load(Ordering::SeqCst)], 1)));
        let server = world.builder().policy(policy).build().await.unwrap();
        let secret = world.client("demo").await;
        failed(&world, &server, &secret, 500).await;
    }
}

/// A token store that is down.
#[derive(Debug)]
struct NoTokens;

#[async_trait]
impl TokenStore for NoTokens {
    async fn claim(&self, _proof: &ProofId, _until: Timestamp) -> Result<Claim, StoreError> {
        Err(StoreError::unavailable("token-table-down-7f3"))
    }
    async fn insert(&self, _token: &TokenId, _record: &TokenRecord) -> Result<Insert, StoreError> {
        Err(StoreError::unavailable("token-table-down-7f3"))
    }
    async fn find(&self, _token: &TokenId) -> Result<TokenState, StoreError> {
        Err(StoreError::unavailable("token-table-down-7f3"))
    }
    async fn revoke(&self, _token: &TokenId, _until: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::unavailable("token-table-down-7f3"))
    }
    async fn prune(&self, _before: Timestamp, _limit: u32) -> Result<u32, StoreError> {
        Err(StoreError::unavailable("token-table-down-7f3"))
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test]
async fn a_token_store_that_is_down_stops_pruning_and_no_request_that_needs_none() {
    let world = World::new();
    let server = world.over(Stores::from(world.store.clone()).with_tokens(NoTokens)).build().await.unwrap();
    let secret = world.client("demo").await;
    server.maintain().await;
    assert_eq!(world.events.last().kind, Kind::MaintenanceFailed);
    assert!(world.events.last().source.contains("token-table-down-7f3"));
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200, "a secret spends no proof");
}

#[tokio::test]
async fn keys_that_cannot_be_read_again_stay_in_use() {
    let world = World::new();
    let keys = FakeKeys::new(&world.store);
    let executor = TestExecutor::default();
    let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
    let server = world.over(stores).executor(executor.clone()).build().await.unwrap();
    let secret = world.client("demo").await;
    let before = jwks(&server).await;
    for error in [StoreError::unavailable("key-table-down-7f3"), StoreError::corrupt("key-set-broken-7f3")] {
        keys.fail_next_load(error);
        world.events.clear();
        world.clock.advance(60);
        for _ in 0..3 {
            assert_eq!(
                send(&server, grant("demo", &secret, &[])).await.status,
                200,
                "no request waits for it"
            );
        }
        assert_eq!(executor.finish().await, 1, "one refresh at a time");
        assert_eq!(world.events.count(&Kind::MaintenanceFailed), 1);
        assert_eq!(jwks(&server).await, before);
        issued(&server, "demo", &secret, &[]).await;
    }
    assert_eq!(executor.finish().await, 0, "and the next attempt waits for its turn");
}

#[tokio::test]
async fn a_request_that_is_cut_off_at_its_deadline_is_503() {
    let world = World::new();
    let server = world.server().await;
    let answer = Answer::of(server.deadline_exceeded());
    refused(&answer, 503, "temporarily_unavailable");
    assert_eq!(world.events.last().kind, Kind::Failed(FaultKind::Unavailable));
}

#[tokio::test]
async fn a_store_that_is_away_does_not_stop_the_public_documents() {
    let world = World::new();
    let clients = FakeClients::new(&world.store);
    let keys = FakeKeys::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(clients.clone()).with_keys(keys.clone());
    let server = world.over(stores).build().await.unwrap();
    clients.say(FakeAnswer::Unavailable);
    keys.fail_next_load(StoreError::unavailable("key-table-down-7f3"));
    assert!(clients.find(&client_id("x")).await.is_err());
    assert_eq!(jwks(&server).await.len(), 1);
}

/// T94: a panic in what the host brought costs its own request, and nothing that follows.
#[tokio::test]
async fn t94_a_policy_that_panics_is_500_and_ends_its_own_request() {
    let world = World::new();
    let policy = FixedPolicy(|issuance| {
        assert!(issuance.asked.resource.is_none(), "policy-broken-7f3");
        Ok(Terms::new(ResourceUri::new(API).unwrap(), scope("read"), Duration::from_secs(60)))
    });
    let server = world.builder().policy(policy).build().await.unwrap();
    let secret = world.client("demo").await;
    for _ in 0..2 {
        let answer = send(&server, grant("demo", &secret, &[("resource", API)])).await;
        refused(&answer, 500, "server_error");
        assert!(!answer.text().contains("7f3"));
        assert_eq!(world.events.last().kind, Kind::Failed(FaultKind::Internal));
        assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
    }
}

/// A token store that makes its caller wait before and after each write, as one over a network does.
#[derive(Debug)]
struct Remote(FakeTokens);

#[async_trait]
impl TokenStore for Remote {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        tokio::task::yield_now().await;
        let claim = self.0.claim(proof, until).await;
        tokio::task::yield_now().await;
        claim
    }
    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        self.0.insert(token, record).await
    }
    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        TokenStore::find(&self.0, token).await
    }
    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        self.0.revoke(token, until).await
    }
    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.0.prune(before, limit).await
    }
    fn caveats(&self) -> Vec<String> {
        self.0.caveats()
    }
}

/// A connection that goes away drops the request at whatever await it has come to: a claim may be spent, and nothing
/// else has happened.
#[tokio::test]
async fn t77_a_request_that_is_dropped_at_any_await_leaves_nothing_half_done() {
    for polls in 0..4 {
        let world = World::new();
        let tokens = FakeTokens::new(&world.store);
        let stores = Stores::from(world.store.clone()).with_tokens(Remote(tokens.clone()));
        let server = world.over(stores).build().await.unwrap();
        let key = Signing::es256();
        world.key_client("demo", &[&key]).await;
        let assertion = Assertion::of("demo").sign(&key);
        world.events.clear();
        let mut request = Box::pin(present(&server, &assertion));
        let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
        let ended = (0..polls).any(|_| request.as_mut().poll(&mut waker).is_ready());
        drop(request);
        let spent = tokens.take().len();
        assert_eq!((ended, spent), (polls == 3, usize::from(polls >= 2)), "after {polls} polls");
        assert_eq!(world.events.count(&Kind::Issued), usize::from(ended));
        let again = present(&server, &assertion).await.status;
        assert_eq!(again, if spent == 0 { 200 } else { 401 }, "after {polls} polls");
        accepted(&server, &Assertion::of("demo").sign(&key), "a fresh one").await;
    }
}
