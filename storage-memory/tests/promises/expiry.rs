//! What is removed, by `prune` and by the store itself, and what is not.

use grantor::store::{Claim, Insert, TokenState, TokenStore};

use crate::fixture::{NOW, at, builder, done, proof, race, record, store, token};

const MINUTES_15: i64 = 15 * 60;

#[test]
fn prune_removes_only_what_ended_before() {
    let store = store();
    for number in 0..30 {
        let until = NOW + number as i64;
        assert_eq!(done(store.claim(&proof(number), at(until))).unwrap(), Claim::First);
        assert_eq!(
            done(TokenStore::insert(&store, &token(number), &record("client", until))).unwrap(),
            Insert::Done
        );
        done(store.revoke(&token(100 + number), at(until))).unwrap();
    }
    assert_eq!(done(store.prune(at(NOW + 10), 1000)).unwrap(), 30, "10 of each kind");
    for number in 0..30 {
        let expected = if number < 10 { Claim::First } else { Claim::Replayed };
        assert_eq!(done(store.claim(&proof(number), at(NOW))).unwrap(), expected, "{number}");
        let live = matches!(done(TokenStore::find(&store, &token(number))).unwrap(), TokenState::Live(_));
        let revoked =
            matches!(done(TokenStore::find(&store, &token(100 + number))).unwrap(), TokenState::Revoked);
        assert_eq!((live, revoked), (number >= 10, number >= 10), "{number}");
    }
}

#[test]
fn prune_is_bounded_by_its_limit() {
    let store = store();
    for number in 0..500 {
        assert_eq!(done(store.claim(&proof(number), at(NOW))).unwrap(), Claim::First);
        done(store.revoke(&token(number), at(NOW))).unwrap();
    }
    let counts: Vec<u32> = (0..5).map(|_| done(store.prune(at(NOW + 1), 300)).unwrap()).collect();
    assert_eq!(counts, [300, 300, 300, 100, 0]);
    assert_eq!(done(store.prune(at(NOW + 1), 0)).unwrap(), 0);
    assert_eq!((store.usage().claims, store.usage().tokens), (0, 0));
}

#[test]
fn several_nodes_may_prune_at_once_and_each_entry_counts_once() {
    let store = store();
    for number in 0..2000 {
        assert_eq!(done(store.claim(&proof(number), at(NOW + (number % 2) as i64))).unwrap(), Claim::First);
    }
    let counts = race(8, 1, |_, _| done(store.prune(at(NOW + 1), 100_000)).unwrap());
    assert_eq!(counts[0].iter().sum::<u32>(), 1000);
    assert_eq!(store.usage().claims, 1000);
}

#[test]
fn t103_for_15_minutes_past_until_only_prune_removes() {
    let (builder, clock) = builder();
    let store = builder.build();
    for number in 0..200 {
        assert_eq!(done(store.claim(&proof(number), at(NOW))).unwrap(), Claim::First);
    }
    clock.set(NOW + MINUTES_15);
    for number in 0..2000 {
        let expected = if number < 200 { Claim::Replayed } else { Claim::First };
        assert_eq!(done(store.claim(&proof(number), at(NOW + 9000))).unwrap(), expected, "{number}");
    }
    assert_eq!(store.usage().claims, 2000);
    assert_eq!(done(store.prune(at(NOW + 1), 1000)).unwrap(), 200);
}

#[test]
fn writes_take_ended_entries_with_them_so_that_memory_is_given_back_without_a_sweep() {
    let (builder, clock) = builder();
    let store = builder.build();
    for number in 0..10_000 {
        assert_eq!(done(store.claim(&proof(number), at(NOW))).unwrap(), Claim::First);
        done(store.revoke(&token(number), at(NOW))).unwrap();
    }
    clock.set(NOW + MINUTES_15 + 1);
    let mut before = store.usage().claims;
    for number in 10_000..20_000 {
        assert_eq!(done(store.claim(&proof(number), at(NOW + 9000))).unwrap(), Claim::First);
        done(store.revoke(&token(number), at(NOW + 9000))).unwrap();
        let after = store.usage().claims;
        assert!(after + 4 > before && after <= before + 1, "{before} became {after} in one write");
        before = after;
    }
    assert_eq!((store.usage().claims, store.usage().tokens), (10_000, 10_000));
}

/// The server's clock is an hour behind that of the store, so every `until` has ended when it comes.
#[test]
fn t103_a_claim_that_comes_late_is_not_forgotten_at_once() {
    let (builder, clock) = builder();
    let store = builder.build();
    for now in [NOW, NOW + MINUTES_15] {
        clock.set(now);
        for number in 0..200 {
            let expected = if now == NOW { Claim::First } else { Claim::Replayed };
            assert_eq!(done(store.claim(&proof(number), at(NOW - 3600))).unwrap(), expected, "{number}");
        }
    }
    clock.set(NOW + MINUTES_15 + 1);
    for number in 1000..4000 {
        assert_eq!(done(store.claim(&proof(number), at(NOW + 9000))).unwrap(), Claim::First);
    }
    assert_eq!(store.usage().claims, 3000, "and yet it does not stay for ever");
}
