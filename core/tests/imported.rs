//! Secrets that come from another system: one slow hash, off the async threads, so many at a time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use grantor::event::{FaultKind, Reason};
use grantor::store::Credential;
use grantor::{
    AuthorizationServer, Builder, ConfigError, CredentialId, SecretMatch, SecretVerifier, SecretVerifierError,
};
use support::*;

fn hashed(id: &str, encoded: &str) -> Credential {
    Credential::imported(CredentialId::new(id).unwrap(), encoded)
}

fn builder(world: &World, verifier: impl SecretVerifier) -> Builder {
    world.builder().executor(TestExecutor::default()).imported_secrets(verifier)
}

/// A server with a counting verifier, and a client `demo` of the secret `hunter2`.
async fn with_demo(world: &World) -> (AuthorizationServer, CountingVerifier) {
    let verifier = CountingVerifier::default();
    let server = builder(world, verifier.clone()).build().await.unwrap();
    verifier.take();
    let credentials = [hashed("imported", "plain:hunter2")];
    world.client_with("demo", |client| client.credentials(credentials)).await;
    (server, verifier)
}

#[tokio::test]
async fn s6_right_wrong_and_unknown_cost_exactly_one_check_each() {
    let world = World::new();
    let (server, verifier) = with_demo(&world).await;
    world.client("generated").await;
    assert_eq!(send(&server, grant("demo", "hunter2", &[])).await.status, 200);
    assert_eq!((verifier.take(), world.events.credential().as_str()), (1, "imported"));
    for (id, secret, reason) in [
        ("demo", "hunter3", Reason::SecretWrong),
        ("nobody", "hunter2", Reason::ClientUnknown),
        ("generated", "hunter2", Reason::SecretUnknown),
        ("nobody", "\u{1}no secret is this\u{1}", Reason::ClientUnknown),
    ] {
        refused(&send(&server, grant(id, secret, &[])).await, 401, "invalid_client");
        assert_eq!((verifier.take(), world.events.reason()), (1, reason));
    }
}

#[tokio::test]
async fn s6_an_imported_secret_works_beside_a_generated_one() {
    let world = World::new();
    let (server, verifier) = with_demo(&world).await;
    let both = world.client_with("both", |client| client.credential(hashed("imported", "plain:old"))).await;
    assert_eq!(send(&server, grant("both", "old", &[])).await.status, 200);
    assert_eq!(verifier.take(), 1);
    assert_eq!(send(&server, grant("both", &both, &[])).await.status, 200);
    assert_eq!(verifier.take(), 0, "a generated secret pays for no slow hash");
}

#[tokio::test]
async fn s6_of_several_imported_ones_the_one_of_its_time_is_checked() {
    let world = World::new();
    let (server, verifier) = with_demo(&world).await;
    let credentials = [
        hashed("first", "plain:first").valid_until(at(NOW)),
        hashed("second", "plain:second").valid_from(at(NOW)).valid_until(at(NOW + 10)),
        hashed("third", "plain:third").valid_from(at(NOW + 10)).valid_until(at(NOW + 20)),
    ];
    world.client_with("rotating", |client| client.credentials(credentials)).await;
    for (passed, right) in [(0, Some("second")), (10, Some("third")), (10, None)] {
        world.clock.advance(passed);
        for secret in ["first", "second", "third"] {
            let answer = send(&server, grant("rotating", secret, &[])).await;
            assert_eq!(answer.status == 200, right == Some(secret), "{secret} after {passed} s");
            assert_eq!(verifier.take(), 1);
        }
    }
    assert_eq!(world.events.reason(), Reason::SecretExpired, "the last one, by its own secret");
}

#[tokio::test]
async fn s6_a_hash_that_cannot_be_read_is_our_fault() {
    let world = World::new();
    let (server, _) = with_demo(&world).await;
    world.client_with("broken", |client| client.credentials([hashed("x", "md5:marked-7f3")])).await;
    refused(&send(&server, grant("broken", "hunter2", &[])).await, 500, "server_error");
    assert_eq!(world.events.last().kind, Kind::Failed(FaultKind::Internal));
    assert!(!world.events.last().debug.contains("marked-7f3"));
}

#[tokio::test]
async fn s6_a_verifier_needs_an_executor() {
    let world = World::new();
    let built = world.builder().imported_secrets(CountingVerifier::default()).build().await;
    assert!(matches!(built, Err(ConfigError::ImportedSecretsNeedExecutor)));
}

/// Stops in every check until as many have come as its barrier waits for.
#[derive(Debug)]
struct Blocking {
    entered: tokio::sync::mpsc::UnboundedSender<()>,
    leave: Arc<Barrier>,
    armed: Arc<AtomicUsize>,
}

impl SecretVerifier for Blocking {
    fn verify(&self, presented: &[u8], _encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
        if self.armed.load(Ordering::SeqCst) > 0 {
            self.entered.send(()).map_err(SecretVerifierError::new)?;
            self.leave.wait();
        }
        Ok(if presented == b"hunter2" { SecretMatch::Yes } else { SecretMatch::No })
    }

    fn decoy(&self) -> &str {
        "none"
    }
}

async fn blocked_at(at_once: usize, configure: impl FnOnce(Builder) -> Builder) {
    let world = World::new();
    let (entered, mut entering) = tokio::sync::mpsc::unbounded_channel();
    let (leave, armed) = (Arc::new(Barrier::new(at_once + 1)), Arc::new(AtomicUsize::new(0)));
    let verifier = Blocking { entered, leave: Arc::clone(&leave), armed: Arc::clone(&armed) };
    let server = configure(builder(&world, verifier)).build().await.unwrap();
    world.client_with("demo", |client| client.credentials([hashed("x", "any")])).await;
    armed.store(1, Ordering::SeqCst);
    let ask = |id: &'static str| {
        let server = server.clone();
        tokio::spawn(async move { send(&server, grant(id, "hunter2", &[])).await })
    };
    let running: Vec<_> = (0..at_once).map(|_| ask("demo")).collect();
    for _ in 0..at_once {
        entering.recv().await.unwrap();
    }
    armed.store(0, Ordering::SeqCst);
    let more = [ask("demo").await.unwrap(), ask("nobody").await.unwrap()];
    tokio::task::spawn_blocking(move || leave.wait()).await.unwrap();
    for answer in more {
        refused(&answer, 503, "temporarily_unavailable");
    }
    assert_eq!(world.events.count(&Kind::Failed(FaultKind::Unavailable)), 2);
    for request in running {
        assert_eq!(request.await.unwrap().status, 200);
    }
    assert_eq!(ask("demo").await.unwrap().status, 200, "the places are free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s6_more_checks_than_allowed_at_once_are_503() {
    blocked_at(4, |builder| builder).await;
    blocked_at(2, |builder| builder.imported_secrets_at_once(2)).await;
    blocked_at(1, |builder| builder.imported_secrets_at_once(0)).await;
}

/// The bound holds in whichever order the builder is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s6_the_bound_may_be_set_before_the_verifier() {
    let world = World::new();
    let (entered, mut entering) = tokio::sync::mpsc::unbounded_channel();
    let (leave, armed) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
    let verifier = Blocking { entered, leave: Arc::clone(&leave), armed: Arc::clone(&armed) };
    let builder = world.builder().executor(TestExecutor::default()).imported_secrets_at_once(1);
    let server = builder.imported_secrets(verifier).build().await.unwrap();
    world.client_with("demo", |client| client.credentials([hashed("x", "any")])).await;
    armed.store(1, Ordering::SeqCst);
    let ask = || {
        let server = server.clone();
        tokio::spawn(async move { send(&server, grant("demo", "hunter2", &[])).await })
    };
    let first = ask();
    entering.recv().await.unwrap();
    armed.store(0, Ordering::SeqCst);
    let second = ask().await.unwrap();
    tokio::task::spawn_blocking(move || leave.wait()).await.unwrap();
    refused(&second, 503, "temporarily_unavailable");
    assert_eq!(first.await.unwrap().status, 200);
}

#[derive(Debug)]
struct Panicking(Arc<AtomicUsize>);

impl SecretVerifier for Panicking {
    fn verify(&self, _presented: &[u8], _encoded: &str) -> Result<SecretMatch, SecretVerifierError> {
        assert_eq!(self.0.load(Ordering::SeqCst), 0, "marked-7f3");
        Ok(SecretMatch::No)
    }

    fn decoy(&self) -> &str {
        "none"
    }
}

/// T94: a panic costs the request that met it, and no place.
#[tokio::test]
async fn t94_a_verifier_that_panics_is_503_and_blocks_nobody() {
    let world = World::new();
    let panics = Arc::new(AtomicUsize::new(0));
    let server =
        builder(&world, Panicking(Arc::clone(&panics))).imported_secrets_at_once(1).build().await.unwrap();
    panics.store(1, Ordering::SeqCst);
    for _ in 0..3 {
        let answer = send(&server, grant("nobody", "hunter2", &[])).await;
        refused(&answer, 503, "temporarily_unavailable");
    }
    panics.store(0, Ordering::SeqCst);
    refused(&send(&server, grant("nobody", "hunter2", &[])).await, 401, "invalid_client");
}

#[cfg(feature = "imported-secrets")]
#[tokio::test]
async fn s6_argon2id_hashes_of_other_systems_work() {
    /// From the tests of the reference implementation (salt `somesalt`), with the secret `password`.
    const KNOWN: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let world = World::new();
    let server = builder(&world, grantor::Argon2id::new()).build().await.unwrap();
    world.client_with("demo", |client| client.credentials([hashed("imported", KNOWN)])).await;
    assert_eq!(send(&server, grant("demo", "password", &[])).await.status, 200);
    for (id, secret) in [("demo", "Password"), ("nobody", "password"), ("demo", KNOWN)] {
        refused(&send(&server, grant(id, secret, &[])).await, 401, "invalid_client");
    }
    world.client_with("bcrypt", |client| client.credentials([hashed("x", "$2b$12$marked")])).await;
    refused(&send(&server, grant("bcrypt", "x", &[])).await, 500, "server_error");
}
