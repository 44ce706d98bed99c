//! Attacks on client authentication, by their number in the threat record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use grantor::event::Reason;
use grantor::store::{AuthMethod, Client, Credential, StoreError};
use grantor::{AuthorizationServer, CredentialId, Stores};
use support::*;

/// A server whose client look-ups and slow hashes are counted.
async fn counted(world: &World) -> (AuthorizationServer, FakeClients, CountingVerifier) {
    let clients = FakeClients::new(&world.store);
    let verifier = CountingVerifier::default();
    let stores = Stores::from(world.store.clone()).with_clients(clients.clone());
    let server = world
        .over(stores)
        .executor(TestExecutor::default())
        .imported_secrets(verifier.clone())
        .build()
        .await
        .unwrap();
    verifier.take();
    (server, clients, verifier)
}

fn imported(secret: &str) -> Credential {
    Credential::imported(CredentialId::new("old").unwrap(), format!("plain:{secret}"))
}

#[tokio::test]
async fn t41_unknown_client_wrong_secret_and_unregistered_method_are_byte_identical() {
    let world = World::new();
    let server = world.server().await;
    let right = world.client("demo").await;
    let by_post =
        world.client_with("by-post", |client| client.auth_method(AuthMethod::CLIENT_SECRET_POST)).await;
    let disabled = world.client_with("disabled", |client| client.enabled(false)).await;
    let (ended, credential) = world.secret("ended");
    let change =
        |client: grantor::store::ClientBuilder| client.credentials([credential.valid_until(at(NOW))]);
    world.client_with("ended", change).await;
    let other = world.secret("demo").0;
    let mut changed = right.clone();
    changed.pop();
    let mut answers = Vec::new();
    let mut reasons = Vec::new();
    for (id, secret) in [
        ("nobody", other.expose()),
        ("demo", other.expose()),
        ("nobody", right.as_str()),
        ("by-post", &by_post),
        ("disabled", &disabled),
        ("ended", ended.expose()),
        ("demo", &changed),
        ("demo", "hunter2"),
        ("demo", ""),
        ("", "hunter2"),
        ("d\u{e9}mo", &right),
    ] {
        answers.push(send(&server, grant(id, secret, &[])).await);
        reasons.push(world.events.reason());
    }
    answers.push(send(&server, grant_post("demo", &right, &[])).await);
    reasons.push(world.events.reason());
    answers.push(send(&server, grant_post("demo", other.expose(), &[])).await);
    answers.push(send(&server, post(&[("grant_type", "client_credentials")])).await);
    answers.push(send(&server, grant("x", "x", &[]).header("x", "y")).await);
    for answer in &answers {
        refused(answer, 401, "invalid_client");
        assert_eq!(answer, &answers[0]);
    }
    let expected = [
        Reason::ClientUnknown,
        Reason::SecretUnknown,
        Reason::ClientUnknown,
        Reason::MethodNotRegistered,
        Reason::ClientDisabled,
        Reason::SecretExpired,
        Reason::SecretMalformed,
        Reason::ImportedSecretsOff,
        Reason::CredentialsMissing,
        Reason::ClientIdMalformed,
        Reason::ClientIdMalformed,
        Reason::MethodNotRegistered,
    ];
    assert_eq!(reasons, expected, "what the wire hides the operator sees");
}

#[tokio::test]
async fn t41_the_work_follows_from_the_presented_bytes_alone() {
    let world = World::new();
    let (server, clients, verifier) = counted(&world).await;
    let right = world.client("generated").await;
    let both = world.client_with("imported", |client| client.credential(imported("hunter2"))).await;
    let change =
        |client: grantor::store::ClientBuilder| client.enabled(false).credential(imported("hunter2"));
    world.client_with("disabled", change).await;
    let other = world.secret("generated").0;
    let malformed = format!("{right}x");
    let mut mistyped = right.clone();
    mistyped.replace_range(40..41, if &right[40..41] == "a" { "b" } else { "a" });
    for id in ["generated", "imported", "disabled", "nobody"] {
        for (secret, work) in [
            (right.as_str(), (1, 0)),
            (both.as_str(), (1, 0)),
            (other.expose(), (1, 0)),
            (malformed.as_str(), (0, 0)),
            (mistyped.as_str(), (0, 0)),
            ("grantor_", (0, 0)),
            ("hunter2", (1, 1)),
            ("wrong", (1, 1)),
        ] {
            for request in [grant(id, secret, &[]), grant_post(id, secret, &[])] {
                let answer = send(&server, request).await;
                assert!(matches!(answer.status, 200 | 401), "{answer:?}");
                assert_eq!((clients.take(), verifier.take()), work, "{id} {secret}");
            }
        }
    }
    let encoded = verifier.encoded.lock().unwrap();
    assert!(encoded.iter().any(|hash| hash == "plain:hunter2"), "the client's own hash");
    assert!(encoded.iter().any(|hash| hash != "plain:hunter2"), "the decoy where there is none");
}

#[tokio::test]
async fn t41_without_imported_secrets_a_foreign_secret_costs_nothing() {
    let world = World::new();
    let clients = FakeClients::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(clients.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .resource(grantor::Resource::new(API))
        .build()
        .await
        .unwrap();
    world.client_with("imported", |client| client.credential(imported("hunter2"))).await;
    for id in ["imported", "nobody"] {
        refused(&send(&server, grant(id, "hunter2", &[])).await, 401, "invalid_client");
    }
    assert_eq!(clients.take(), 0);
}

#[tokio::test]
async fn t42_nothing_is_cut_off_or_added() {
    let world = World::new();
    let (server, ..) = counted(&world).await;
    let right = world.client("demo").await;
    let long = "k".repeat(80);
    world.client_with("old", |client| client.credential(imported(&long))).await;
    assert_eq!(send(&server, grant("demo", &right, &[])).await.status, 200);
    assert_eq!(send(&server, grant("old", &long, &[])).await.status, 200);
    for (id, secret) in [("demo", right), ("old", long)] {
        for wrong in [
            format!("{secret}x"),
            format!("{secret} "),
            format!(" {secret}"),
            format!("{secret}\n"),
            secret[..72].to_owned(),
            secret[1..].to_owned(),
            secret.to_uppercase(),
            format!("{secret}{secret}"),
        ] {
            refused(&send(&server, grant(id, &wrong, &[])).await, 401, "invalid_client");
        }
        let nul = format!("{secret}\0");
        refused(&send(&server, grant(id, &nul, &[])).await, 401, "invalid_client");
        refused(&send(&server, grant_post(id, &nul, &[])).await, 400, "invalid_request");
    }
}

#[tokio::test]
async fn t43_what_is_stored_does_not_work_as_the_secret() {
    let world = World::new();
    let (server, ..) = counted(&world).await;
    let (_, credential) = world.secret("demo");
    let client = Client::builder(client_id("demo"), AuthMethod::CLIENT_SECRET_BASIC)
        .credential(credential)
        .credential(imported("hunter2"))
        .scope(scope("read"))
        .build()
        .unwrap();
    world.insert(&client).await;
    let text = client.to_document().unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let digest = document["credentials"][0]["kind"]["digest"]["digest"].as_str().unwrap();
    let id = document["credentials"][0]["id"].as_str().unwrap();
    for stored in
        [digest.to_owned(), format!("grantor_{id}_{digest}"), "plain:hunter2".to_owned(), id.to_owned(), text]
    {
        refused(&send(&server, grant("demo", &stored, &[])).await, 401, "invalid_client");
    }
    assert_eq!(send(&server, grant("demo", "hunter2", &[])).await.status, 200);
}

#[tokio::test]
async fn t44_huge_secrets_and_ids_are_refused_before_any_work() {
    let world = World::new();
    let (server, clients, verifier) = counted(&world).await;
    world.client("demo").await;
    let huge = "x".repeat(512 * 1024);
    refused(&send(&server, grant_post("demo", &huge, &[])).await, 413, "invalid_request");
    refused(&send(&server, grant_post(&huge, "x", &[])).await, 413, "invalid_request");
    refused(&send(&server, grant("demo", &huge, &[])).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::HeadersTooLarge);
    refused(&send(&server, grant("demo", &"x".repeat(9000), &[])).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::AuthorizationTooLarge);
    for length in [1025, 5000] {
        let long = "x".repeat(length);
        for request in [grant("demo", &long, &[]), grant_post("demo", &long, &[]), grant(&long, "x", &[])] {
            let answer = send(&server, request).await;
            assert!(matches!(answer.status, 400 | 401), "{answer:?}");
        }
    }
    refused(&send(&server, grant(&"x".repeat(256), "x", &[])).await, 401, "invalid_client");
    assert_eq!((clients.take(), verifier.take()), (0, 0));
}

#[tokio::test]
async fn t45_basic_is_split_at_the_first_colon_and_then_decoded() {
    let world = World::new();
    let (server, ..) = counted(&world).await;
    world.client_with("a:b", |client| client.credential(imported("c:d%e+f"))).await;
    let with =
        |pair: &str| post(&[("grant_type", "client_credentials")]).header("authorization", basic_raw(pair));
    assert_eq!(send(&server, with("a%3Ab:c:d%25e%2Bf")).await.status, 200);
    assert_eq!(send(&server, with("a%3ab:c%3Ad%25e%2bf")).await.status, 200);
    for bad in ["a:b:c:d%25e%2Bf", "a%3Ab:c:d%zz", "a%3Ab:c:d%00", "a%3Ab", "%ff:x", "a%3Ab:c:d%e+f"] {
        refused(&send(&server, with(bad)).await, 401, "invalid_client");
    }
    let raw = [b"a%3Ab:".as_slice(), &[0xff]].concat();
    let request = post(&[("grant_type", "client_credentials")]).header("authorization", basic_raw(raw));
    refused(&send(&server, request).await, 401, "invalid_client");
}

#[tokio::test]
async fn t46_client_ids_compare_byte_for_byte() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("Demo-1").await;
    assert_eq!(send(&server, grant("Demo-1", &secret, &[])).await.status, 200);
    for other in [
        "demo-1",
        "DEMO-1",
        " Demo-1",
        "Demo-1 ",
        "Demo-1\u{200b}",
        "\u{feff}Demo-1",
        "\u{ff24}emo-1",
        "Demo\u{2010}1",
        "Demo-1\0",
        "Demo-1\n",
        "Demo%2D1",
        "Demo-01",
    ] {
        let answer = send(&server, grant(other, &secret, &[])).await;
        refused(&answer, 401, "invalid_client");
    }
}

#[tokio::test]
async fn t47_two_identities_in_one_request_are_refused() {
    let world = World::new();
    let server = world.server().await;
    let a = world.client("a").await;
    let b = world.client("b").await;
    for request in [
        grant("a", &a, &[("client_id", "b")]),
        grant("a", &a, &[("client_id", "A")]),
        grant("a", &a, &[("client_id", "a ")]),
        grant("a", &a, &[("client_id", "b"), ("client_secret", &b)]),
        grant("b", &b, &[("client_id", "a")]),
    ] {
        refused(&send(&server, request).await, 400, "invalid_request");
    }
    assert_eq!(world.events.reason(), Reason::ClientIdMismatch);
    refused(&send(&server, grant("b", &a, &[])).await, 401, "invalid_client");
}

/// A secret's digest is bound to its client: a stolen row works for nobody else.
#[tokio::test]
async fn t47_a_credential_copied_to_another_client_does_not_open_it() {
    let world = World::new();
    let server = world.server().await;
    let (secret, credential) = world.secret("a");
    world.client_with("b", |client| client.credentials([credential])).await;
    refused(&send(&server, grant("b", secret.expose(), &[])).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::SecretWrong);
}

#[tokio::test]
async fn t48_two_authorization_headers_are_refused() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for second in [basic("demo", &secret), "Bearer x".to_owned(), String::new()] {
        let request = grant("demo", &secret, &[]).header("Authorization", second);
        refused(&send(&server, request).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::AuthorizationRepeated);
    }
}

#[tokio::test]
async fn t49_only_the_registered_method_works() {
    let world = World::new();
    let server = world.server().await;
    let basic = world.client("basic").await;
    let by = |id: &'static str, method: &'static str| {
        world.client_with(id, move |client| client.auth_method(AuthMethod::new(method)))
    };
    let body = by("post", "client_secret_post").await;
    let jwt = by("jwt", "private_key_jwt").await;
    let tls = by("tls", "tls_client_auth").await;
    let case = by("case", "CLIENT_SECRET_BASIC").await;
    assert_eq!(send(&server, grant("basic", &basic, &[])).await.status, 200);
    assert_eq!(send(&server, grant_post("post", &body, &[])).await.status, 200);
    for request in [
        grant_post("basic", &basic, &[]),
        grant("post", &body, &[]),
        grant("jwt", &jwt, &[]),
        grant_post("jwt", &jwt, &[]),
        grant("tls", &tls, &[]),
        grant("case", &case, &[]),
    ] {
        refused(&send(&server, request).await, 401, "invalid_client");
        assert_eq!(world.events.reason(), Reason::MethodNotRegistered);
    }
}

#[tokio::test]
async fn t50_there_are_no_public_clients() {
    let none = Client::builder(client_id("demo"), AuthMethod::new("none"));
    assert!(none.build().is_err());
    let text = Client::builder(client_id("demo"), AuthMethod::CLIENT_SECRET_BASIC)
        .build()
        .unwrap()
        .to_document()
        .unwrap()
        .replace("client_secret_basic", "none");
    assert!(!Client::from_document(&text).unwrap_err().is_unavailable());
    let world = World::new();
    let server = world.server().await;
    world.client_with("demo", |client| client.credentials([])).await;
    let request = post(&[("grant_type", "client_credentials"), ("client_id", "demo")]);
    refused(&send(&server, request).await, 401, "invalid_client");
}

#[tokio::test]
async fn t55_fifty_wrong_secrets_lock_nobody_out() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let wrong = world.secret("demo").0;
    for _ in 0..50 {
        refused(&send(&server, grant("demo", wrong.expose(), &[])).await, 401, "invalid_client");
    }
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
}

#[tokio::test]
async fn t55_a_limited_attempt_is_429_with_retry_after_and_no_work() {
    let world = World::new();
    let limiter = Limiter::new(Verdict::Limit(Duration::from_millis(1500)));
    let clients = FakeClients::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(clients.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .events(world.events.clone())
        .resource(grantor::Resource::new(API).scopes(["read", "write"]))
        .rate_limiter(limiter.clone())
        .build()
        .await
        .unwrap();
    let secret = world.client("demo").await;
    for (wait, told) in [(0, "1"), (1500, "2"), (90_000, "90")] {
        limiter.say(Verdict::Limit(Duration::from_millis(wait)));
        let answer = send(&server, grant("demo", &secret, &[])).await;
        refused(&answer, 429, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), Some(told));
        assert_eq!(world.events.reason(), Reason::RateLimited);
    }
    assert_eq!(clients.finds.load(Ordering::SeqCst), 0, "nothing is looked up");
    assert_eq!(limiter.take(), ["admit"; 3], "and nothing counted against it");
    limiter.say(Verdict::Admit);
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
}

#[tokio::test]
async fn t55_the_limiter_is_asked_before_any_hashing_and_told_of_failures_only() {
    let world = World::new();
    let limiter = Limiter::new(Verdict::Admit);
    let verifier = CountingVerifier { journal: limiter.journal.clone(), ..CountingVerifier::default() };
    let server = world
        .builder()
        .executor(TestExecutor::default())
        .imported_secrets(verifier)
        .rate_limiter(limiter.clone())
        .build()
        .await
        .unwrap();
    limiter.take();
    let secret = world.client_with("demo", |client| client.credential(imported("hunter2"))).await;
    send(&server, grant("demo", "hunter2", &[])).await;
    assert_eq!(limiter.take(), ["admit", "hash"]);
    send(&server, grant("demo", "wrong", &[])).await;
    assert_eq!(limiter.take(), ["admit", "hash", "penalise"]);
    send(&server, grant("demo", &secret, &[])).await;
    assert_eq!(limiter.take(), ["admit"]);
    send(&server, grant("demo", &secret, &[("scope", "unknown")])).await;
    assert_eq!(limiter.take(), ["admit"], "who he is was not in question");
    send(&server, grant("demo", "grantor_garbage", &[])).await;
    assert_eq!(limiter.take(), ["admit", "penalise"]);
}

#[tokio::test]
async fn t55_an_assertion_that_fails_counts_and_says_whose_it_claims_to_be() {
    let world = World::new();
    let limiter = Limiter::new(Verdict::Admit);
    let server = world.builder().rate_limiter(limiter.clone()).build().await.unwrap();
    let key = Signing::es256();
    world.key_client("demo", &[&key]).await;
    let once = Assertion::of("demo").sign(&key);
    accepted(&server, &once, "the first time").await;
    assert_eq!(limiter.take(), ["admit"]);
    let expired = Assertion::of("demo").claim("exp", NOW - 60).sign(&key);
    let issuer = Assertion::of("demo").claim("iss", "other").sign(&key);
    let forged = Assertion::of("demo").sign(&Signing::es256());
    for failing in [&once, &expired, &issuer, &forged] {
        refused(&present(&server, failing).await, 401, "invalid_client");
        assert_eq!(limiter.take(), ["admit", "penalise"]);
        let seen = world.events.last();
        assert_eq!(seen.client_id.as_deref(), Some("demo"));
    }
    rejected(&world, &server, "no.jwt.at-all").await;
    assert!(limiter.take().is_empty(), "nobody has been named, and nothing was worked out");
}

#[tokio::test]
async fn t55_a_failing_store_is_not_held_against_the_client() {
    let world = World::new();
    let limiter = Limiter::new(Verdict::Admit);
    let clients = FakeClients::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(clients.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .resource(grantor::Resource::new(API))
        .rate_limiter(limiter.clone())
        .build()
        .await
        .unwrap();
    let secret = world.client("demo").await;
    clients.say(FakeAnswer::Unavailable);
    refused(&send(&server, grant("demo", &secret, &[])).await, 503, "temporarily_unavailable");
    assert_eq!(limiter.take(), ["admit"]);
}

#[tokio::test]
async fn t55_a_limiter_that_is_away_admits_and_an_event_says_so() {
    let world = World::new();
    let server = world.builder().rate_limiter(Limiter::new(Verdict::Fail)).build().await.unwrap();
    let secret = world.client("demo").await;
    world.events.clear();
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
    assert_eq!(world.events.count(&Kind::RateLimiterFailed), 1);
    refused(&send(&server, grant("demo", "wrong", &[])).await, 401, "invalid_client");
    assert_eq!(world.events.count(&Kind::RateLimiterFailed), 3, "asked once more, and told in vain");
    let source = StoreError::unavailable("limiter-down-7f3");
    assert_eq!(world.events.all()[0].source, chain(&source));
}
