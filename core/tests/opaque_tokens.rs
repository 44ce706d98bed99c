//! Opaque tokens (design §9): 256 random bits, of which a store keeps a digest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use data_encoding::BASE32_DNSSEC;
use grantor::event::FaultKind;
use grantor::store::{TokenRecord, TokenState, TokenStore};
use grantor::{AuthorizationServer, Entropy, EntropyError, Resource, Stores, TokenFormat, TokenId};
use support::*;

async fn watched(world: &World) -> (AuthorizationServer, FakeTokens) {
    let tokens = FakeTokens::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
    let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
        .clock(world.clock.clone())
        .events(world.events.clone())
        .resource(api(TokenFormat::Opaque))
        .build()
        .await
        .unwrap();
    (server, tokens)
}

/// Row 33: the form, of which 52 letters are 256 bits.
fn random_part(token: &str) -> Vec<u8> {
    let random = token.strip_prefix("grantor_at_").unwrap();
    BASE32_DNSSEC.decode(&random.as_bytes()[..52]).unwrap()
}

#[tokio::test]
async fn rfc6749_s10_10_256_random_bits_and_no_two_alike() {
    let world = World::new();
    let server = world.with_format(TokenFormat::Opaque).await;
    let secret = world.client("billing").await;
    let mut seen = HashSet::new();
    let mut ones = vec![0_u32; 256];
    const TOKENS: u32 = 500;
    for _ in 0..TOKENS {
        let token = token_of(&server, "billing", &secret).await;
        assert_eq!(token.len(), 70);
        assert!(
            !token.contains('.') && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        );
        let random = random_part(&token);
        assert_eq!(random.len(), 32);
        for (bit, count) in ones.iter_mut().enumerate() {
            *count += u32::from(random[bit / 8] >> (bit % 8) & 1);
        }
        assert!(seen.insert(token), "unique");
    }
    // Each of the 256 bits is random: 500 throws are 250 ± 11, and this is nine of those.
    assert!(ones.iter().all(|count| (150..350).contains(count)), "{ones:?}");
}

/// Randomness whose every byte is known.
#[derive(Clone, Debug)]
struct Told(Arc<Mutex<u8>>);

impl Entropy for Told {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(*self.0.lock().unwrap());
        Ok(())
    }
}

/// They are those of the injected source, all of them, and of nothing else.
#[tokio::test]
async fn s9_the_bits_come_from_the_port() {
    let world = World::new();
    let told = Told(Arc::new(Mutex::new(1)));
    let resource = api(TokenFormat::Opaque);
    let server = world.bare().resource(resource).entropy(told.clone()).build().await.unwrap();
    let secret = world.client("billing").await;
    for byte in [7, 8] {
        *told.0.lock().unwrap() = byte;
        assert_eq!(random_part(&token_of(&server, "billing", &secret).await), [byte; 32]);
    }
    // The same bits again: the store says so, and no token is given out that would be another client's.
    let answer = send(&server, grant("billing", &secret, &[])).await;
    refused(&answer, 500, "server_error");
    assert_eq!(world.events.last().kind, Kind::Failed(FaultKind::Internal));
    assert!(world.events.last().source.contains("randomness"), "{}", world.events.last().source);
}

/// Row 32, T78: the store has a digest and what the token means; neither is the token.
#[tokio::test]
async fn s10_3_t78_the_store_keeps_a_digest() {
    let world = World::new();
    let (server, tokens) = watched(&world).await;
    let secret = world.client_with("billing", |client| client.token_epoch(4)).await;
    let token = send(&server, grant("billing", &secret, &[("scope", "read")])).await.access_token();
    assert_eq!(tokens.take_calls(), ["insert"]);
    let id = TokenId::of_opaque(token.as_bytes());
    assert_eq!(*tokens.ids.lock().unwrap(), [id]);
    let TokenState::Live(record) = TokenStore::find(&world.store, &id).await.unwrap() else { panic!("live") };
    assert_eq!((record.client_id().as_str(), record.audience().as_str()), ("billing", API));
    assert_eq!((record.scope().as_str(), record.epoch()), ("read", 4));
    assert_eq!((record.issued_at(), record.expires_at()), (at(NOW), at(NOW + 600)));
    let document: &str = &record.to_document().unwrap();
    let parsed = TokenRecord::from_document(document).unwrap();
    for text in [document, &format!("{parsed:?}{parsed:#?}"), &format!("{:?}", world.store)] {
        for part in [&token[..], &token[11..], &token[11..40], &token[63..]] {
            assert!(!text.contains(part), "{text}");
        }
    }
}

/// It is stored before anybody sees it: what could not be stored is not given out.
#[tokio::test]
async fn s3_t77_an_insert_that_fails_gives_no_token() {
    for (instead, status, error) in [
        (FakeClaim::Unavailable, 503, "temporarily_unavailable"),
        (FakeClaim::Corrupt, 500, "server_error"),
        (FakeClaim::Taken, 500, "server_error"),
    ] {
        let world = World::new();
        let (server, tokens) = watched(&world).await;
        let secret = world.client("billing").await;
        let usage = world.store.usage();
        tokens.break_call("insert", instead);
        let answer = send(&server, grant("billing", &secret, &[])).await;
        refused(&answer, status, error);
        assert!(!answer.text().contains("grantor_at_"));
        let kind = if status == 503 { FaultKind::Unavailable } else { FaultKind::Internal };
        assert_eq!(world.events.last().kind, Kind::Failed(kind));
        assert_eq!(world.events.count(&Kind::Issued), 0);
        assert_eq!(world.store.usage(), usage);
        tokens.mend();
        assert_eq!(send(&server, grant("billing", &secret, &[])).await.status, 200);
    }
}

/// §3: the client's proof is spent before the token is stored; a refusal stores nothing.
#[tokio::test]
async fn s3_claim_comes_before_insert_and_a_refusal_stores_nothing() {
    let world = World::new();
    let (server, tokens) = watched(&world).await;
    let key = Signing::es256();
    world.key_client("shop", &[&key]).await;
    let assertion = Assertion::of("shop").sign(&key);
    assert_eq!(present(&server, &assertion).await.status, 200);
    assert_eq!(tokens.take_calls(), ["claim", "insert"]);
    refused(&present(&server, &assertion).await, 401, "invalid_client");
    assert_eq!(tokens.take_calls(), ["claim"], "a replay");
    let fresh = || Assertion::of("shop").sign(&key);
    refused(&send(&server, assert_with(&fresh(), &[("scope", "admin")])).await, 400, "invalid_scope");
    assert_eq!(tokens.take_calls(), Vec::<&str>::new());
}

/// One server, a format for each resource; the client cannot tell but by the look of it (RFC 6749 §1.4).
#[tokio::test]
async fn s9_by_resource() {
    let world = World::new();
    let books = Resource::new("https://books.example.com").scopes(["borrow"]).format(TokenFormat::Opaque);
    let server = world.builder().resource(books).build().await.unwrap();
    let secret = world.client_with("billing", |client| client.scope(scope("read borrow"))).await;
    let of = async |wanted: &str| send(&server, grant("billing", &secret, &[("scope", wanted)])).await;
    assert_eq!(of("read").await.access_token().split('.').count(), 3);
    let opaque = of("borrow").await;
    assert!(opaque.access_token().starts_with("grantor_at_"));
    assert_eq!(opaque.json()["token_type"], "Bearer");
    assert_eq!(opaque.json()["expires_in"], 600);
    assert_eq!(opaque.json()["scope"], "borrow");
}

/// An insert never gives life to a revoked token again, nor to another client's (T76).
#[tokio::test]
async fn t76_a_revoked_token_cannot_be_issued_again() {
    let world = World::new();
    let told = Told(Arc::new(Mutex::new(1)));
    let resource = api(TokenFormat::Opaque);
    let server = world.bare().resource(resource).entropy(told.clone()).build().await.unwrap();
    let secret = world.client("billing").await;
    let token = token_of(&server, "billing", &secret).await;
    assert_eq!(revoke(&server, "billing", &secret, &token).await.status, 200);
    let answer = send(&server, grant("billing", &secret, &[])).await;
    refused(&answer, 500, "server_error");
    inactive(&introspect(&server, "billing", &secret, &token).await, "still");
}
