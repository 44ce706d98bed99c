//! Finding, registering and changing clients.

use grantor::store::{Client, ClientRegistry, ClientStore, Delete, Insert, Revision, Update, Versioned};
use grantor::{ClientId, Scope};
use grantor_storage_memory::MemoryStore;

use crate::fixture::{client, done, id, named, race, store};

const FIRST: Revision = Revision::new(41);

fn insert(store: &MemoryStore, client: &Client) -> Insert {
    done(ClientRegistry::insert(store, FIRST, client)).unwrap()
}

fn find(store: &MemoryStore, id: &ClientId) -> Option<Versioned<Client>> {
    done(ClientStore::find(store, id)).unwrap()
}

fn name_and_revision(store: &MemoryStore, text: &str) -> Option<(String, u64)> {
    let found = find(store, &id(text))?;
    Some((found.record().name().unwrap_or_default().to_owned(), found.revision().get()))
}

#[test]
fn insert_is_at_its_first_revision_and_never_overwrites() {
    let store = store();
    assert!(find(&store, &id("a")).is_none());
    assert_eq!(insert(&store, &named("a", "one")), Insert::Done);
    assert_eq!(insert(&store, &named("a", "two")), Insert::Exists);
    assert_eq!(name_and_revision(&store, "a"), Some(("one".to_owned(), 41)));
}

#[test]
fn update_needs_the_current_revision_and_leaves_the_next() {
    let store = store();
    assert_eq!(insert(&store, &named("a", "one")), Insert::Done);
    for (expected, outcome) in
        [(40, Update::Conflict), (42, Update::Conflict), (41, Update::Done), (41, Update::Conflict)]
    {
        let new = named("a", &format!("at {expected}"));
        assert_eq!(done(store.update(Revision::new(expected), &new)).unwrap(), outcome, "{expected}");
    }
    assert_eq!(name_and_revision(&store, "a"), Some(("at 41".to_owned(), 42)));
}

#[test]
fn an_older_update_never_brings_a_deleted_client_back() {
    let store = store();
    assert_eq!(insert(&store, &named("a", "one")), Insert::Done);
    assert_eq!(done(store.delete(&id("a"))).unwrap(), Delete::Done);
    assert_eq!(done(store.delete(&id("a"))).unwrap(), Delete::Missing);
    assert_eq!(done(store.update(FIRST, &named("a", "old"))).unwrap(), Update::Missing);
    assert!(find(&store, &id("a")).is_none());

    let again = done(ClientRegistry::insert(&store, Revision::new(977), &named("a", "again"))).unwrap();
    assert_eq!(again, Insert::Done);
    assert_eq!(done(store.update(FIRST, &named("a", "old"))).unwrap(), Update::Conflict);
    assert_eq!(name_and_revision(&store, "a"), Some(("again".to_owned(), 977)));
}

#[test]
fn of_24_inserts_at_once_exactly_one_is_done() {
    let store = store();
    let rounds =
        race(24, 100, |round, thread| insert(&store, &named(&format!("c{round}"), &format!("{thread}"))));
    for (round, answers) in rounds.iter().enumerate() {
        let winners: Vec<_> = (0..24).filter(|thread| answers[*thread] == Insert::Done).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        assert_eq!(name_and_revision(&store, &format!("c{round}")), Some((winners[0].to_string(), 41)));
    }
}

#[test]
fn of_24_updates_at_one_revision_exactly_one_is_done() {
    let store = store();
    assert_eq!(insert(&store, &client("a")), Insert::Done);
    let rounds = race(24, 200, |round, thread| {
        done(store.update(Revision::new(41 + round as u64), &named("a", &format!("{thread}")))).unwrap()
    });
    for (round, answers) in rounds.iter().enumerate() {
        let winners = answers.iter().filter(|answer| **answer == Update::Done).count();
        assert_eq!(winners, 1, "round {round}");
    }
    let last = rounds[199].iter().position(|answer| *answer == Update::Done).unwrap();
    assert_eq!(name_and_revision(&store, "a"), Some((last.to_string(), 241)));
}

/// A writer changes name and scope together, readers never see the one without the other.
#[test]
fn a_client_is_read_as_one_snapshot() {
    let store = store();
    let version = |number: u64| {
        let scope = Scope::parse(&number.to_string()).unwrap();
        named("a", &number.to_string()).to_builder().scope(scope).build().unwrap()
    };
    assert_eq!(insert(&store, &version(41)), Insert::Done);
    race(4, 500, |round, thread| {
        let number = 41 + round as u64;
        if thread == 0 {
            assert_eq!(
                done(store.update(Revision::new(number), &version(number + 1))).unwrap(),
                Update::Done
            );
        }
        let read = find(&store, &id("a")).unwrap();
        assert_eq!(read.record().name(), Some(read.record().scope().as_str()));
        assert_eq!(read.record().name(), Some(read.revision().get().to_string().as_str()));
    });
}

#[test]
fn ids_compare_byte_for_byte_over_all_of_vschar() {
    let store = store();
    let mut ids: Vec<String> = (0x20..=0x7e_u8).map(|byte| char::from(byte).to_string()).collect();
    for byte in 0x20..=0x7e_u8 {
        let byte = char::from(byte);
        ids.extend([format!("id{byte}"), format!("{byte}id"), format!("ID{byte}")]);
    }
    ids.extend([
        "x".repeat(255),
        "X".repeat(255),
        "x".repeat(254),
        "it's".into(),
        "a*".into(),
        "a  b".into(),
    ]);
    ids.sort_unstable();
    ids.dedup();
    for text in &ids {
        assert!(find(&store, &id(text)).is_none(), "{text:?} before it was inserted");
        assert_eq!(insert(&store, &named(text, "n")), Insert::Done, "{text:?}");
    }
    for text in &ids {
        assert_eq!(find(&store, &id(text)).unwrap().record().id().as_str(), text);
    }
    assert_eq!(done(store.delete(&id("a"))).unwrap(), Delete::Done);
    assert!(
        ids.iter().all(|text| find(&store, &id(text)).is_some() == (text != "a")),
        "only that one is gone"
    );
}
