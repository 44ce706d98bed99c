//! A full store refuses. It never makes room by forgetting what still counts.

use std::error::Error;

use grantor::Stores;
use grantor::store::{
    Claim, ClientRegistry, Consume, InitialAccess, InitialAccessStore, Insert, Revision, StoreError,
    TokenState, TokenStore, TrustRegistry,
};

use crate::fixture::{NOW, access, at, builder, client, done, issuer, proof, race, record, token};

fn is_full<T>(answer: Result<T, StoreError>, option: &str) -> bool {
    let names = |error: &StoreError| error.source().is_some_and(|source| source.to_string().contains(option));
    answer.is_err_and(|error| error.is_unavailable() && names(&error))
}

#[test]
fn a11_8_flooding_does_not_forget_a_claim_and_new_ones_are_refused() {
    let store = builder().0.max_claims(1000).build();
    for number in 0..1000 {
        assert_eq!(done(store.claim(&proof(number), at(NOW + 300))).unwrap(), Claim::First);
    }
    for number in 1000..20_000 {
        assert!(is_full(done(store.claim(&proof(number), at(NOW + 300))), "max_claims"), "{number}");
    }
    for number in 0..1000 {
        assert_eq!(done(store.claim(&proof(number), at(NOW + 300))).unwrap(), Claim::Replayed, "{number}");
    }
    assert_eq!(store.usage().claims, 1000);
    done(store.revoke(&token(1), at(NOW))).expect("each kind has a bound of its own");
}

#[test]
fn a11_8_a_flood_from_many_threads_passes_the_bound_by_none() {
    let store = builder().0.max_claims(100).build();
    let rounds = race(16, 200, |round, thread| done(store.claim(&proof(16 * round + thread), at(NOW + 300))));
    let first: Vec<usize> =
        (0..3200).filter(|n| matches!(rounds[n / 16][n % 16], Ok(Claim::First))).collect();
    assert_eq!((first.len(), store.usage().claims), (100, 100));
    for number in first {
        assert_eq!(done(store.claim(&proof(number), at(NOW + 300))).unwrap(), Claim::Replayed, "{number}");
    }
}

#[test]
fn a_refused_claim_has_spent_nothing() {
    let store = builder().0.max_claims(1).build();
    assert_eq!(done(store.claim(&proof(1), at(NOW))).unwrap(), Claim::First);
    assert!(is_full(done(store.claim(&proof(2), at(NOW + 300))), "max_claims"));
    assert_eq!(done(store.prune(at(NOW + 1), 10)).unwrap(), 1);
    assert_eq!(done(store.claim(&proof(2), at(NOW + 300))).unwrap(), Claim::First);
}

#[test]
fn a_full_store_makes_room_by_what_may_be_forgotten_and_by_nothing_else() {
    let (builder, clock) = builder();
    let store = builder.max_claims(64).build();
    for number in 0..64 {
        let until = if number == 63 { NOW } else { NOW + 5000 };
        assert_eq!(done(store.claim(&proof(number), at(until))).unwrap(), Claim::First);
    }
    clock.set(NOW + 900);
    assert!(
        is_full(done(store.claim(&proof(100), at(NOW + 5000))), "max_claims"),
        "still inside its 15 minutes"
    );
    clock.set(NOW + 901);
    assert_eq!(done(store.claim(&proof(100), at(NOW + 5000))).unwrap(), Claim::First);
    assert!(is_full(done(store.claim(&proof(101), at(NOW + 5000))), "max_claims"));
    for number in (0..63).chain([100]) {
        assert_eq!(done(store.claim(&proof(number), at(NOW))).unwrap(), Claim::Replayed, "{number}");
    }
}

#[test]
fn places_that_change_hands_at_once_are_counted_once() {
    let (builder, clock) = builder();
    let store = builder.max_claims(500).build();
    for number in 0..500 {
        assert_eq!(done(store.claim(&proof(number), at(NOW))).unwrap(), Claim::First);
    }
    clock.set(NOW + 901);
    race(16, 200, |round, thread| {
        done(store.claim(&proof(1000 + 8 * round + thread / 2), at(NOW + 9000))).is_ok()
    });
    assert_eq!(store.usage().claims, 500);
    assert_eq!(done(store.prune(at(NOW + 9001), 10_000)).unwrap(), 500);
    assert_eq!(store.usage().claims, 0);
}

#[test]
fn a_full_store_refuses_tokens_and_tombstones_and_still_revokes_what_it_holds() {
    let store = builder().0.max_tokens(2).build();
    for number in 0..2 {
        assert_eq!(
            done(TokenStore::insert(&store, &token(number), &record("client", NOW + 600))).unwrap(),
            Insert::Done
        );
    }
    assert!(is_full(done(TokenStore::insert(&store, &token(2), &record("client", NOW + 600))), "max_tokens"));
    assert!(is_full(done(store.revoke(&token(2), at(NOW + 600))), "max_tokens"));
    assert_eq!(
        done(TokenStore::insert(&store, &token(1), &record("other", NOW + 600))).unwrap(),
        Insert::Exists
    );
    done(store.revoke(&token(0), at(NOW + 600))).unwrap();
    let states: Vec<_> =
        (0..3).map(|number| done(TokenStore::find(&store, &token(number))).unwrap()).collect();
    assert!(
        matches!(states[..], [TokenState::Revoked, TokenState::Live(_), TokenState::Absent]),
        "{states:?}"
    );
}

#[test]
fn t86_registration_cannot_fill_it_past_its_bound() {
    let store = builder().0.max_clients(2).build();
    let insert = |id: &str| done(ClientRegistry::insert(&store, Revision::new(1), &client(id)));
    assert_eq!(insert("a").unwrap(), Insert::Done);
    assert_eq!(insert("b").unwrap(), Insert::Done);
    assert!(is_full(insert("c"), "max_clients"));
    assert_eq!(insert("a").unwrap(), Insert::Exists);
    let _gone = done(ClientRegistry::delete(&store, client("a").id())).unwrap();
    assert_eq!(insert("c").unwrap(), Insert::Done);
}

#[test]
fn trusted_issuers_have_a_bound_of_their_own() {
    let store = builder().0.max_trusted_issuers(2).max_clients(0).build();
    let insert = |name: &str| done(TrustRegistry::insert(&store, Revision::new(1), &issuer(name)));
    assert_eq!(insert("https://a.example").unwrap(), Insert::Done);
    assert_eq!(insert("https://b.example").unwrap(), Insert::Done);
    assert!(is_full(insert("https://c.example"), "max_trusted_issuers"));
    assert_eq!(insert("https://a.example").unwrap(), Insert::Exists);
    let _gone = done(TrustRegistry::delete(&store, issuer("https://a.example").issuer())).unwrap();
    assert_eq!(insert("https://c.example").unwrap(), Insert::Done);
    assert_eq!(store.usage().trusted_issuers, 2);
}

#[test]
fn initial_access_tokens_have_a_bound_of_their_own_and_a_full_store_counts_their_uses() {
    let store = builder().0.max_initial_access_tokens(2).max_clients(0).build();
    let tokens = ["a", "b", "c"].map(access);
    let insert = |token: &InitialAccess| done(InitialAccessStore::insert(&store, token));
    assert_eq!(insert(&tokens[0]).unwrap(), Insert::Done);
    assert_eq!(insert(&tokens[1]).unwrap(), Insert::Done);
    assert!(is_full(insert(&tokens[2]), "max_initial_access_tokens"));
    assert_eq!(insert(&tokens[0]).unwrap(), Insert::Exists);
    assert_eq!(done(store.consume(tokens[0].id(), 1)).unwrap(), Consume::Done);
    assert_eq!(done(store.consume(tokens[0].id(), 1)).unwrap(), Consume::Spent);
    assert_eq!(done(store.consume(tokens[2].id(), 1)).unwrap(), Consume::Missing);
    let _gone = done(InitialAccessStore::delete(&store, tokens[0].id())).unwrap();
    assert_eq!(insert(&tokens[2]).unwrap(), Insert::Done);
    assert_eq!(store.usage().initial_access_tokens, 2);
}

#[test]
fn a_store_that_becomes_all_stores_brings_them_along() {
    let stores = format!("{:?}", Stores::from(builder().0.build()));
    assert!(stores.contains("trust: Some(MemoryStore"), "{stores}");
    assert!(stores.contains("initial_access: Some(MemoryStore"), "{stores}");
}

#[test]
fn it_shows_how_much_it_holds_and_none_of_it() {
    let store = builder().0.build();
    assert_eq!(
        done(ClientRegistry::insert(&store, Revision::new(1), &client("marked"))).unwrap(),
        Insert::Done
    );
    assert_eq!(
        format!("{store:?}"),
        "MemoryStore(Usage { clients: 1, trusted_issuers: 0, initial_access_tokens: 0, claims: 0, tokens: 0, credential_uses: 0 })"
    );
}
