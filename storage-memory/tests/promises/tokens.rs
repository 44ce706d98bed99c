//! `insert`, `find` and `revoke`.

use std::sync::atomic::{AtomicBool, Ordering};

use grantor::TokenId;
use grantor::store::{Insert, TokenState, TokenStore};
use grantor_storage_memory::MemoryStore;

use crate::fixture::{NOW, at, done, race, record, store, token};

fn insert(store: &MemoryStore, id: &TokenId, subject: &str) -> Insert {
    done(TokenStore::insert(store, id, &record(subject, NOW + 600))).unwrap()
}

fn find(store: &MemoryStore, id: &TokenId) -> TokenState {
    done(TokenStore::find(store, id)).unwrap()
}

#[test]
fn a11_6_insert_never_overwrites_a_token() {
    let store = store();
    assert!(matches!(find(&store, &token(1)), TokenState::Absent));
    assert_eq!(insert(&store, &token(1), "first"), Insert::Done);
    assert_eq!(insert(&store, &token(1), "second"), Insert::Exists);
    assert!(matches!(find(&store, &token(1)), TokenState::Live(held) if held.subject() == "first"));
}

#[test]
fn insert_never_overwrites_a_tombstone() {
    let store = store();
    done(store.revoke(&token(1), at(NOW + 600))).unwrap();
    assert_eq!(insert(&store, &token(1), "client"), Insert::Exists);
    assert!(matches!(find(&store, &token(1)), TokenState::Revoked));
}

#[test]
fn of_24_inserts_at_once_exactly_one_is_done_and_its_record_stays() {
    let store = store();
    let rounds = race(24, 100, |round, thread| insert(&store, &token(round), &thread.to_string()));
    for (round, answers) in rounds.iter().enumerate() {
        let winners: Vec<_> = (0..24).filter(|thread| answers[*thread] == Insert::Done).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        let TokenState::Live(held) = find(&store, &token(round)) else { panic!("not live") };
        assert_eq!(held.subject(), winners[0].to_string(), "round {round}");
    }
}

#[test]
fn revoke_ends_a_token_and_leaves_a_tombstone_for_an_absent_id() {
    let store = store();
    assert_eq!(insert(&store, &token(1), "client"), Insert::Done);
    for id in [token(1), token(2)] {
        for _twice in 0..2 {
            done(store.revoke(&id, at(NOW + 600))).unwrap();
            assert!(matches!(find(&store, &id), TokenState::Revoked));
        }
    }
    assert_eq!(store.usage().tokens, 2);
}

/// Whatever comes later, the latest `until` counts: that of the record, or that of either call.
#[test]
fn revoke_is_monotone() {
    for (recorded, first, second) in
        [(None, 100, 50), (None, 50, 100), (Some(100), 50, 20), (Some(60), 20, 100)]
    {
        let store = store();
        if let Some(until) = recorded {
            assert_eq!(
                done(TokenStore::insert(&store, &token(1), &record("client", NOW + until))).unwrap(),
                Insert::Done
            );
        }
        done(store.revoke(&token(1), at(NOW + first))).unwrap();
        done(store.revoke(&token(1), at(NOW + second))).unwrap();
        assert_eq!(done(store.prune(at(NOW + 100), 10)).unwrap(), 0, "{recorded:?} {first} {second}");
        assert!(matches!(find(&store, &token(1)), TokenState::Revoked));
        assert_eq!(done(store.prune(at(NOW + 101), 10)).unwrap(), 1, "{recorded:?} {first} {second}");
        assert!(matches!(find(&store, &token(1)), TokenState::Absent));
    }
}

#[test]
fn of_24_revocations_at_once_the_latest_until_counts() {
    let store = store();
    race(24, 50, |round, thread| {
        done(store.revoke(&token(round), at(NOW + 1 + ((thread + round) % 24) as i64))).unwrap();
    });
    assert_eq!(done(store.prune(at(NOW + 24), 1000)).unwrap(), 0);
    assert_eq!(done(store.prune(at(NOW + 25), 1000)).unwrap(), 50);
}

#[test]
fn an_insert_that_races_a_revocation_never_leaves_the_token_alive() {
    let store = store();
    race(8, 200, |round, thread| {
        if thread == 0 {
            done(store.revoke(&token(round), at(NOW + 600))).unwrap();
        } else {
            let _either = insert(&store, &token(round), "client");
        }
    });
    assert!((0..200).all(|round| matches!(find(&store, &token(round)), TokenState::Revoked)));
}

#[test]
fn once_revoke_has_returned_every_find_sees_it() {
    let store = store();
    let returned: Vec<AtomicBool> = (0..200).map(|_| AtomicBool::new(false)).collect();
    race(4, 200, |round, thread| {
        if thread == 0 {
            assert_eq!(insert(&store, &token(round), "client"), Insert::Done);
            done(store.revoke(&token(round), at(NOW + 600))).unwrap();
            returned[round].store(true, Ordering::SeqCst);
            return;
        }
        for _look in 0..1_000_000 {
            let had_returned = returned[round].load(Ordering::SeqCst);
            let state = find(&store, &token(round));
            if had_returned {
                assert!(matches!(state, TokenState::Revoked), "{state:?}");
                return;
            }
            std::thread::yield_now();
        }
        panic!("revoke never returned");
    });
}

#[test]
fn a_token_past_its_end_is_still_live_to_the_store_since_core_judges_expiry() {
    let store = store();
    assert_eq!(
        done(TokenStore::insert(&store, &token(1), &record("client", NOW - 100))).unwrap(),
        Insert::Done
    );
    assert!(matches!(find(&store, &token(1)), TokenState::Live(_)));
}
