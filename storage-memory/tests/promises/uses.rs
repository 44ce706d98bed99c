//! The last uses of credentials: the one part that makes room by forgetting, and what goes with a client.

use grantor::store::{ClientRegistry, CredentialUsage, CredentialUse, Delete, Insert, Revision};
use grantor::{CredentialId, Stores};

use crate::fixture::{NOW, at, builder, client, done, id, race};

fn used(client: &str, credential: &str, seconds: i64) -> CredentialUse {
    CredentialUse::new(id(client), CredentialId::new(credential).unwrap(), at(seconds))
}

fn known(store: &impl CredentialUsage, client: &str) -> Vec<(String, i64)> {
    let uses = done(store.last_used(&id(client))).unwrap();
    uses.into_iter().map(|(credential, at)| (credential.as_str().to_owned(), at.as_unix())).collect()
}

#[test]
fn a11_8_at_the_bound_the_oldest_use_makes_room_and_nothing_is_refused() {
    let store = builder().0.max_credential_uses(3).build();
    done(store.touch(&[used("a", "one", NOW), used("a", "two", NOW + 2), used("b", "one", NOW + 1)]))
        .unwrap();
    done(store.touch(&[used("a", "one", NOW + 5)])).unwrap();
    done(store.touch(&[used("c", "one", NOW + 3)])).unwrap();
    assert_eq!(known(&store, "a"), [("one".to_owned(), NOW + 5), ("two".to_owned(), NOW + 2)]);
    assert!(known(&store, "b").is_empty(), "it was the oldest, once the one of `a` was used again");
    assert_eq!(known(&store, "c").len(), 1);
    // One that comes so late that it is the oldest itself.
    done(store.touch(&[used("d", "one", NOW)])).unwrap();
    assert!(known(&store, "d").is_empty());
    assert_eq!(store.usage().credential_uses, 3);
}

#[test]
fn a11_8_a_flood_of_uses_from_many_threads_stays_in_bounds_and_fills_no_other_part() {
    let store = builder().0.max_credential_uses(100).max_clients(1).build();
    race(8, 50, |round, thread| {
        let name = format!("client-{}", 8 * round + thread);
        done(store.touch(&[used(&name, "one", NOW), used(&name, "two", NOW + 1)])).unwrap();
    });
    assert_eq!(store.usage().credential_uses, 100);
    assert_eq!(done(ClientRegistry::insert(&store, Revision::new(1), &client("a"))).unwrap(), Insert::Done);
}

#[test]
fn uses_go_with_their_client_and_those_of_others_stay() {
    let store = builder().0.build();
    for name in ["a", "ab"] {
        assert_eq!(
            done(ClientRegistry::insert(&store, Revision::new(1), &client(name))).unwrap(),
            Insert::Done
        );
        done(store.touch(&[used(name, "one", NOW), used(name, "two", NOW)])).unwrap();
    }
    assert_eq!(done(store.delete(&id("a"))).unwrap(), Delete::Done);
    assert!(known(&store, "a").is_empty());
    assert_eq!(known(&store, "ab").len(), 2);
    assert_eq!(store.usage().credential_uses, 2);
}

#[test]
fn a_store_that_becomes_all_stores_brings_them_along() {
    let stores = format!("{:?}", Stores::from(builder().0.build()));
    assert!(stores.contains("usage: Some(MemoryStore"), "{stores}");
}
