//! `claim`: exactly one caller is ever first.

use grantor::store::{Claim, TokenStore};
use grantor_storage_memory::MemoryStore;

use crate::fixture::{NOW, at, builder, done, proof, store};

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
