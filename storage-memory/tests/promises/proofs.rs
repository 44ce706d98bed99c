//! `claim`: exactly one caller is ever first.

use grantor::TokenId;
use grantor::store::{Claim, TokenState, TokenStore};
use grantor_storage_memory::MemoryStore;

use crate::fixture::{NOW, at, builder, done, proof, race, store, token};

#[test]
fn t05_of_24_claims_at_once_exactly_one_is_first() {
    let store = store();
    let rounds = race(24, 300, |round, thread| {
        let until = at(NOW + 300 + thread as i64);
        done(store.claim(&proof(round), until)).unwrap()
    });
    for (round, answers) in rounds.iter().enumerate() {
        let first = answers.iter().filter(|answer| **answer == Claim::First).count();
        assert_eq!(first, 1, "round {round}");
    }
    assert_eq!(store.usage().claims, 300);
}

#[test]
fn t06_clones_are_one_store_and_two_stores_know_nothing_of_each_other() {
    let store = store();
    let clone = store.clone();
    assert_eq!(done(clone.claim(&proof(1), at(NOW))).unwrap(), Claim::First);
    assert_eq!(done(store.claim(&proof(1), at(NOW))).unwrap(), Claim::Replayed);
    assert_eq!(done(MemoryStore::new().claim(&proof(1), at(NOW))).unwrap(), Claim::First);
}

#[test]
fn t103_a_claim_past_its_until_is_still_spent() {
    let (builder, clock) = builder();
    let store = builder.build();
    assert_eq!(done(store.claim(&proof(1), at(NOW + 60))).unwrap(), Claim::First);
    for now in [NOW + 61, NOW + 60 + 900, NOW - 900] {
        clock.set(now);
        assert_eq!(done(store.claim(&proof(1), at(NOW + 60))).unwrap(), Claim::Replayed, "at {now}");
    }
}

#[test]
fn ids_of_proofs_compare_by_every_bit() {
    let store = store();
    let mut ids = vec![[0_u8; 32]];
    for bit in 0..256 {
        let mut id = [0; 32];
        id[bit / 8] = 1 << (bit % 8);
        ids.push(id);
    }
    for expected in [Claim::First, Claim::Replayed] {
        for id in &ids {
            let proof = grantor::ProofId::from_bytes(*id);
            assert_eq!(done(store.claim(&proof, at(NOW))).unwrap(), expected, "{proof:?}");
        }
    }
}

#[test]
fn a_proof_and_a_token_of_the_same_bytes_are_apart() {
    let store = store();
    assert_eq!(done(store.claim(&proof(1), at(NOW))).unwrap(), Claim::First);
    assert!(matches!(
        done(store.find(&TokenId::from_bytes(*proof(1).as_bytes()))).unwrap(),
        TokenState::Absent
    ));
    done(store.revoke(&token(2), at(NOW))).unwrap();
    assert_eq!(done(store.claim(&proof(2), at(NOW))).unwrap(), Claim::First);
}
