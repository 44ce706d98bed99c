//! Every port call of introspection, revocation and the check in this process fails in turn: always 5xx with a fixed body,
//! nothing stored, nothing said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use grantor::event::FaultKind;
use grantor::store::{
    Claim, Client, ClientStore, Insert, StoreError, TokenRecord, TokenState, TokenStore, Versioned,
};
use grantor::{
    AuthorizationServer, ClientId, KeySetFetcher, ProofId, Stores, Timestamp, TokenFormat, TokenId,
    async_trait,
};
use grantor_storage_memory::MemoryStore;
use support::*;

/// Both stores of a request as one, which fails at its nth call.
#[derive(Clone, Debug)]
struct NthFails {
    inner: MemoryStore,
    /// 0: never again.
    left: Arc<AtomicUsize>,
    corrupt: bool,
    /// The calls of the last request.
    calls: Arc<AtomicUsize>,
}

impl NthFails {
    fn call(&self) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let ran_out = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match (ran_out, self.corrupt) {
            (Ok(1), true) => Err(StoreError::corrupt("nth-call-7f3")),
            (Ok(1), false) => Err(StoreError::unavailable("nth-call-7f3")),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl ClientStore for NthFails {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.call()?;
        ClientStore::find(&self.inner, id).await
    }
    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl TokenStore for NthFails {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        self.call()?;
        self.inner.claim(proof, until).await
    }
    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        self.call()?;
        self.inner.insert(token, record).await
    }
    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        self.call()?;
        TokenStore::find(&self.inner, token).await
    }
    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        self.call()?;
        self.inner.revoke(token, until).await
    }
    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.inner.prune(before, limit).await
    }
    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A server whose stores fail at their nth call, and the client `shop` with a key.
async fn set_up(
    world: &World,
    format: TokenFormat,
    corrupt: bool,
) -> (AuthorizationServer, NthFails, Signing) {
    let inner = world.store.clone();
    let failing = NthFails { inner, left: Arc::default(), corrupt, calls: Arc::default() };
    let stores = Stores::from(world.store.clone()).with_clients(failing.clone()).with_tokens(failing.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .clock(world.clock.clone())
        .events(world.events.clone())
        .resource(api(format))
        .build()
        .await
        .unwrap();
    let key = Signing::es256();
    world.key_client("shop", &[&key]).await;
    (server, failing, key)
}

const AWAY: &str = r#"{"error":"temporarily_unavailable","error_description":"The server cannot answer now. Try again later."}"#;
const BROKEN: &str = r#"{"error":"server_error","error_description":"The server failed."}"#;

/// Rows 76 and 86, T77.
#[tokio::test]
async fn t77_each_store_call_of_both_endpoints_fails_in_turn() {
    for (format, corrupt) in FORMATS.into_iter().flat_map(|format| [(format, false), (format, true)]) {
        for path in [INTROSPECTION, REVOCATION] {
            for accept in ["application/json", AS_JWT] {
                let world = World::new();
                let (server, failing, key) = set_up(&world, format, corrupt).await;
                let token = present(&server, &Assertion::of("shop").sign(&key)).await.access_token();
                let mut failed = 0;
                loop {
                    let usage = world.store.usage();
                    let request = Caller::Key("shop", &key).asks(path, &[("token", &token)]);
                    failing.calls.store(0, Ordering::SeqCst);
                    failing.left.store(failed + 1, Ordering::SeqCst);
                    let answer = at_path(&server, path, request.header("accept", accept)).await;
                    failing.left.store(0, Ordering::SeqCst);
                    if answer.status == 200 {
                        assert_eq!(
                            failing.calls.load(Ordering::SeqCst),
                            failed,
                            "all of them have failed once"
                        );
                        break;
                    }
                    failed += 1;
                    let (status, error, body) = match corrupt {
                        false => (503, "temporarily_unavailable", AWAY),
                        true => (500, "server_error", BROKEN),
                    };
                    refused(&answer, status, error);
                    assert_eq!(answer.text(), body, "call {failed} of {path}");
                    let told = world.events.last();
                    let kind = if corrupt { FaultKind::Internal } else { FaultKind::Unavailable };
                    assert_eq!(told.kind, Kind::Failed(kind));
                    assert!(told.source.contains("7f3"), "the operator learns it");
                    let after = world.store.usage();
                    assert_eq!(after.tokens, usage.tokens, "nothing is stored but, perhaps, a claim");
                    let asked = asked(&server, Caller::Key("shop", &key), &token).await;
                    active(&asked, format!("{format:?}: the token lives after call {failed} of {path}"));
                }
                // Client, then token (both sides of a JWT and its client once more), then the claim; or the claim and the write.
                let expected = match (path, format) {
                    (INTROSPECTION, _) => 4,
                    (_, TokenFormat::Opaque) => 4,
                    _ => 3,
                };
                assert_eq!(failed, expected, "{path} {format:?}");
            }
        }
    }
}

#[tokio::test]
async fn t77_each_store_call_of_the_check_in_this_process_fails_in_turn() {
    for (format, corrupt) in FORMATS.into_iter().flat_map(|format| [(format, false), (format, true)]) {
        let world = World::new();
        let (server, failing, key) = set_up(&world, format, corrupt).await;
        let token = present(&server, &Assertion::of("shop").sign(&key)).await.access_token();
        let remembering = server.access_token_verifier(API).remember_for(std::time::Duration::from_secs(60));
        for verifier in [server.access_token_verifier(API).build().unwrap(), remembering.build().unwrap()] {
            for failed in 1..=2 {
                failing.left.store(failed, Ordering::SeqCst);
                let refused = verifier.verify(&token).await.unwrap_err();
                assert_eq!(refused.status(), if corrupt { 500 } else { 503 }, "{format:?} {failed}");
                assert_eq!(refused.reason(), None, "an outage is no reason");
                let answer = Answer::of(refused.into_response());
                assert_eq!(answer.text(), if corrupt { BROKEN } else { AWAY });
                assert_eq!(answer.header("www-authenticate"), None);
            }
            failing.left.store(3, Ordering::SeqCst);
            assert!(verifier.verify(&token).await.is_ok(), "two calls are all");
            failing.left.store(0, Ordering::SeqCst);
        }
    }
}

/// A key store that is away stops neither endpoint: the keys that were read stay in use.
#[tokio::test]
async fn keys_that_cannot_be_read_again_still_verify() {
    for format in FORMATS {
        let world = World::new();
        let keys = FakeKeys::new(&world.store);
        let stores = Stores::from(world.store.clone()).with_keys(keys.clone());
        let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
            .clock(world.clock.clone())
            .resource(api(format))
            .build()
            .await
            .unwrap();
        let secret = world.client("billing").await;
        let token = token_of(&server, "billing", &secret).await;
        keys.fail_next_load(StoreError::unavailable("key-table-down-7f3"));
        world.clock.advance(61);
        server.maintain().await;
        active(&introspect(&server, "billing", &secret, &token).await, format!("{format:?}"));
        assert!(server.access_token_verifier(API).build().unwrap().verify(&token).await.is_ok());
        assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
    }
}

/// A connection that goes away drops the request at whatever await it has come to: then the token is revoked or it lives,
/// and a request that says 200 has revoked it.
#[tokio::test]
async fn t77_a_revocation_that_is_dropped_at_any_await_leaves_nothing_half_done() {
    for format in FORMATS {
        let mut ends = Vec::new();
        for polls in 0..8 {
            let world = World::new();
            let tokens = Waiting(world.store.clone());
            let stores = Stores::from(world.store.clone()).with_tokens(tokens);
            let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
                .clock(world.clock.clone())
                .events(world.events.clone())
                .resource(api(format))
                .build()
                .await
                .unwrap();
            let secret = world.client("billing").await;
            let token = token_of(&server, "billing", &secret).await;
            let request = Caller::Basic("billing", &secret).asks(REVOCATION, &[("token", &token)]);
            let mut work = Box::pin(server.revoke(request.build()));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let ended = (0..polls).any(|_| work.as_mut().poll(&mut context).is_ready());
            drop(work);
            let lives = introspect(&server, "billing", &secret, &token).await.json()["active"] == true;
            assert!(!(ended && lives), "it said 200 after {polls} polls");
            assert_eq!(world.events.count(&Kind::Revoked), usize::from(ended));
            let again = revoke(&server, "billing", &secret, &token).await;
            assert_eq!(again.status, 200);
            inactive(&introspect(&server, "billing", &secret, &token).await, "and again");
            ends.push((ended, lives));
        }
        assert!(
            ends.contains(&(false, true)) && ends.contains(&(false, false)) && ends.contains(&(true, false))
        );
    }
}

/// Makes its caller wait before and after each write and look, as a store over a network does.
#[derive(Debug)]
struct Waiting(MemoryStore);

#[async_trait]
impl TokenStore for Waiting {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        self.0.claim(proof, until).await
    }
    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        self.0.insert(token, record).await
    }
    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        tokio::task::yield_now().await;
        TokenStore::find(&self.0, token).await
    }
    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        let revoked = self.0.revoke(token, until).await;
        tokio::task::yield_now().await;
        revoked
    }
    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.0.prune(before, limit).await
    }
    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The ports of a verifier of an issuer elsewhere: neither failure says anything about the token.
#[tokio::test]
async fn s5_the_ports_of_a_remote_check_fail() {
    let key = Signing::es256();
    let (sets, issuer) = (IssuerKeySets::of(&[&key]), FakeIntrospector::default());
    let verifier = there(remote(&sets).introspection(issuer.clone())).build().unwrap();
    sets.away.store(true, Ordering::SeqCst);
    issuer.away.store(true, Ordering::SeqCst);
    let source = grantor::KeySource::Issuer(grantor::Issuer::new(ELSEWHERE).unwrap());
    assert!(sets.key_set(&source, None).await.is_err());
    for token in [Foreign::token().sign(&key), "opaque".to_owned()] {
        let refused = verifier.verify(&token).await.unwrap_err();
        assert_eq!((refused.status(), refused.reason()), (503, None));
        assert!(!format!("{refused:?}{refused}").contains("7f3"));
        assert_eq!(Answer::of(refused.into_response()).text(), AWAY);
    }
}
