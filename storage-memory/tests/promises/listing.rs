//! `list`: pages in byte order.

use std::sync::atomic::{AtomicBool, Ordering};

use grantor::store::{ClientQuery, ClientRegistry, Insert, Revision};
use grantor_storage_memory::MemoryStore;

use crate::fixture::{client, done, id, named, race, store};

fn insert(store: &MemoryStore, text: &str, name: Option<&str>) {
    let record = name.map_or_else(|| client(text), |name| named(text, name));
    assert_eq!(done(ClientRegistry::insert(store, Revision::new(1), &record)).unwrap(), Insert::Done);
}

fn page(store: &MemoryStore, query: &ClientQuery) -> (Vec<String>, bool) {
    let page = done(store.list(query)).unwrap();
    (page.clients.iter().map(|client| client.record().id().to_string()).collect(), page.next.is_some())
}

/// Every page until there is no more.
fn walk(store: &MemoryStore, query: &ClientQuery) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut query = query.clone();
    loop {
        let (ids, more) = page(store, &query);
        assert!(ids.len() <= query.limit());
        seen.extend(ids);
        if !more {
            return seen;
        }
        query = query.starting_after(id(seen.last().expect("a page before more is never empty")));
    }
}

#[test]
fn pages_come_in_byte_order_and_say_whether_there_is_more() {
    let store = store();
    assert_eq!(page(&store, &ClientQuery::first(10)), (vec![], false));
    for text in ["b", "B", "a", "aa", "~", " ", "10", "9"] {
        insert(&store, text, None);
    }
    let ordered = [" ", "10", "9", "B", "a", "aa", "b", "~"].map(str::to_owned);
    for limit in 1..10 {
        assert_eq!(walk(&store, &ClientQuery::first(limit)), ordered, "{limit}");
    }
    assert_eq!(page(&store, &ClientQuery::first(8)), (ordered.to_vec(), false));
    assert_eq!(page(&store, &ClientQuery::first(7)), (ordered[..7].to_vec(), true));
    assert_eq!(
        page(&store, &ClientQuery::first(8).starting_after(id("absent"))),
        (ordered[6..].to_vec(), false)
    );
    assert_eq!(page(&store, &ClientQuery::first(8).starting_after(id("~"))), (vec![], false));
}

#[test]
fn a_name_prefix_selects_byte_for_byte_across_long_runs_of_others() {
    let store = store();
    for number in 0..2000 {
        let name = match number % 700 {
            0 => Some("Billing"),
            1 => Some("billing"),
            2 => Some("Bil%"),
            3 => None,
            _ => Some("other"),
        };
        insert(&store, &format!("{number:04}"), name);
    }
    let prefixed = |prefix: &str| ClientQuery::first(2).with_name_prefix(prefix);
    assert_eq!(walk(&store, &prefixed("Bill")), ["0000", "0700", "1400"]);
    assert_eq!(walk(&store, &prefixed("bill")), ["0001", "0701", "1401"]);
    assert_eq!(walk(&store, &prefixed("Bil%")), ["0002", "0702", "1402"]);
    assert!(
        !page(&store, &prefixed("Bill").starting_after(id("0000"))).1,
        "the two that are left fill the page"
    );
    assert_eq!(walk(&store, &prefixed("none")), [""; 0]);
    assert_eq!(walk(&store, &prefixed("")).len(), 2000, "the empty prefix, and no name at all");
}

#[test]
fn a_limit_outside_1_to_1000_becomes_the_nearest() {
    let store = store();
    for number in 0..1001 {
        insert(&store, &format!("{number:04}"), None);
    }
    for (limit, expected) in [(0, 1), (1, 1), (1000, 1000), (usize::MAX, 1000)] {
        let query = ClientQuery::first(limit);
        let (ids, more) = page(&store, &query);
        assert_eq!((ids.len(), more), (expected, true), "{limit}");
    }
}

#[test]
fn paging_neither_skips_nor_repeats_while_others_insert_and_delete() {
    let store = store();
    let lasting: Vec<String> = (0..600).map(|number| format!("{number:04}")).collect();
    for text in &lasting {
        insert(&store, text, None);
    }
    let listed = AtomicBool::new(false);
    race(3, 1, |_, thread| {
        if thread == 0 {
            for limit in [1, 7, 100, 255, 256, 257] {
                let seen = walk(&store, &ClientQuery::first(limit));
                assert!(seen.is_sorted_by(|one, next| one < next), "each once, in order");
                let lasted: Vec<_> = seen.into_iter().filter(|text| text.len() == 4).collect();
                assert_eq!(lasted, lasting, "limit {limit}");
            }
            listed.store(true, Ordering::SeqCst);
            return;
        }
        for number in (0..100_000).take_while(|_| !listed.load(Ordering::SeqCst)) {
            let text = format!("{:04}-{thread}", (number * 7) % 600);
            let _either = done(ClientRegistry::insert(&store, Revision::new(1), &client(&text))).unwrap();
            let old = format!("{:04}-{thread}", (number * 7 + 300) % 600);
            let _either = done(store.delete(&id(&old))).unwrap();
        }
    });
}
