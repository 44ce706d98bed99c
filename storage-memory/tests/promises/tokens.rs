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
