//! How much is kept.

use crate::fixture::{Behind, Cache, NOW, bounded, cache, find, insert};

/// How many of these ids are found without asking the store.
fn cached(cache: &Cache, behind: &Behind, ids: &[String]) -> usize {
    let mut hits = 0;
    for id in ids {
        let before = behind.finds();
        let _either = find(cache, id);
        hits += usize::from(behind.finds() == before);
    }
    hits
}

#[test]
fn no_more_clients_than_the_bound() {
    let (cache, behind, _) = bounded(160);
    let ids: Vec<String> = (0..1000).map(|number| format!("c{number}")).collect();
    for id in &ids {
        insert(&behind, id, "n");
        assert_eq!(find(&cache, id).as_deref(), Some("n"));
    }
    assert!(format!("{cache:?}").contains("clients: 160, unknown: 0"), "{cache:?}");
    assert_eq!(cached(&cache, &behind, &ids[999..]), 1, "the last one is kept");
    assert_eq!(cached(&cache, &behind, &ids[..100]), 0, "the first ones are not");
}

#[test]
fn one_that_is_read_again_takes_no_second_place() {
    let (cache, behind, clock) = bounded(16);
    insert(&behind, "a", "n");
    for moment in 0..100 {
        clock.set(NOW + 10 * moment);
        assert_eq!(find(&cache, "a").as_deref(), Some("n"));
    }
    assert!(format!("{cache:?}").contains("clients: 1, unknown: 0"), "{cache:?}");
}

#[test]
fn a_flood_of_invented_ids_puts_no_client_out_and_is_bounded() {
    let (cache, behind, _) = cache();
    let known: Vec<String> = (0..1000).map(|number| format!("known{number}")).collect();
    for id in &known {
        insert(&behind, id, "n");
        assert!(find(&cache, id).is_some());
    }
    let invented: Vec<String> = (0..20_000).map(|number| format!("invented{number}")).collect();
    assert_eq!(cached(&cache, &behind, &invented), 0);
    assert_eq!(cached(&cache, &behind, &known), 1000);
    assert!(format!("{cache:?}").contains("clients: 1000, unknown: 1024"), "{cache:?}");
}

/// A bound of nothing is a small one: what has just been read stays.
#[test]
fn a_bound_of_zero_is_the_least() {
    let (cache, behind, _) = bounded(0);
    for number in 0..1000 {
        let text = format!("c{number}");
        insert(&behind, &text, "n");
        assert_eq!((find(&cache, &text), find(&cache, &text)), (Some("n".into()), Some("n".into())));
        assert_eq!(behind.finds(), number + 1);
    }
    assert!(format!("{cache:?}").contains("clients: 16,"), "{cache:?}");
}
