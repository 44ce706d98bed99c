//! `load` and `replace`: compare and swap.

use grantor::store::{KeyRecord, KeySet, KeyStore, PrivateKey, Replace, Revision};
use grantor::{KeyId, Timestamp};
use grantor_storage_memory::MemoryStore;

use crate::fixture::{done, race, store};

fn keys(kid: &str) -> KeySet {
    let private = PrivateKey::Unknown(Default::default());
    let key = KeyRecord::builder(KeyId::new(kid).unwrap(), "ES256", Default::default(), private);
    let (start, end) = (Timestamp::EPOCH, Timestamp::MAX);
    KeySet::default().with(key.published(start, end).signs(start, end).build().unwrap()).unwrap()
}

fn load(store: &MemoryStore) -> (Vec<String>, Revision) {
    let (keys, revision) = done(store.load()).unwrap();
    (keys.keys().iter().map(|key| key.kid().to_string()).collect(), revision)
}

#[test]
fn nothing_stored_yet_is_an_empty_set_at_revision_absent() {
    assert_eq!(load(&store()), (vec![], Revision::ABSENT));
}

#[test]
fn only_a_writer_at_the_current_revision_wins() {
    let store = store();
    assert_eq!(done(store.replace(Revision::new(7), &keys("a"))).unwrap(), Replace::Lost);
    assert_eq!(load(&store), (vec![], Revision::ABSENT));
    assert_eq!(done(store.replace(Revision::ABSENT, &keys("b"))).unwrap(), Replace::Won);
    assert_eq!(done(store.replace(Revision::ABSENT, &keys("c"))).unwrap(), Replace::Lost);
    assert_eq!(load(&store), (vec!["b".to_owned()], Revision::new(1)));
}

#[test]
fn of_24_writers_at_one_revision_exactly_one_wins_and_its_keys_are_there() {
    let store = store();
    let rounds = race(24, 200, |round, thread| {
        let expected = Revision::new(round as u64);
        done(store.replace(expected, &keys(&format!("{round}-{thread}")))).unwrap()
    });
    let winners =
        rounds.iter().map(|answers| answers.iter().filter(|answer| **answer == Replace::Won).count());
    assert!(winners.clone().all(|count| count == 1), "{:?}", winners.collect::<Vec<_>>());
    let last = rounds[199].iter().position(|answer| *answer == Replace::Won).unwrap();
    assert_eq!(load(&store), (vec![format!("199-{last}")], Revision::new(200)));
}
