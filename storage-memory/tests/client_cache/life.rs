//! How long an entry is used, by a clock that may go anywhere.

use std::time::Duration;

use grantor::store::{ClientRegistry, ClientStore, Delete, Update};
use grantor_storage_memory::{ClientCache, MemoryStore};

use crate::fixture::{FIRST, NOW, cache, done, find, id, insert, named};

#[test]
fn a_client_is_read_once_in_its_time_to_live() {
    let (cache, behind, clock) = cache();
    insert(&behind, "a", "old");
    for seconds in 0..5 {
        clock.set(NOW + seconds);
        assert_eq!(find(&cache, "a").as_deref(), Some("old"));
        if seconds == 0 {
            assert_eq!(done(behind.elsewhere().update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
        }
    }
    assert_eq!(behind.finds(), 1, "five finds in 4 s");
    clock.set(NOW + 5);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"), "at 5 s");
    assert_eq!(behind.finds(), 2);
}

#[test]
fn an_unknown_id_is_cached_as_long_and_no_longer() {
    let (cache, behind, clock) = cache();
    assert_eq!(find(&cache, "a"), None);
    insert(&behind, "a", "new");
    clock.set(NOW + 4);
    assert_eq!(find(&cache, "a"), None, "registered elsewhere 4 s ago");
    assert_eq!(behind.finds(), 1);
    clock.set(NOW + 5);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
}

/// The newer read wins also where the older entry would last longer, by a clock that went forth and back.
#[test]
fn a_newer_read_replaces_an_older_one_of_either_kind() {
    let (cache, behind, clock) = cache();
    insert(&behind, "a", "old");
    assert_eq!(find(&cache, "a").as_deref(), Some("old"));
    assert_eq!(done(behind.elsewhere().delete(&id("a"))).unwrap(), Delete::Done);
    clock.set(NOW - 1);
    assert_eq!(find(&cache, "a"), None);
    clock.set(NOW);
    assert_eq!(find(&cache, "a"), None, "read after the one that found it");
    insert(&behind, "a", "new");
    clock.set(NOW - 2);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
    clock.set(NOW + 3);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"), "read after the one that did not");
}

/// T103. An entry from the future would otherwise last until the clock has caught up.
#[test]
fn t103_a_clock_that_is_set_back_keeps_nothing_alive() {
    let (cache, behind, clock) = cache();
    insert(&behind, "a", "old");
    assert_eq!(find(&cache, "a").as_deref(), Some("old"));
    assert_eq!(done(behind.elsewhere().update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
    for back in [1, 600, 86_400] {
        clock.set(NOW - back);
        assert_eq!(find(&cache, "a").as_deref(), Some("new"), "{back} s back");
    }
    assert_eq!(behind.finds(), 4);
}

#[test]
fn more_than_a_minute_and_less_than_a_second_are_refused() {
    let build = |span| ClientCache::builder(MemoryStore::new()).time_to_live(span).build();
    for span in [Duration::from_secs(1), Duration::from_secs(60)] {
        assert!(build(span).is_ok(), "{span:?}");
    }
    for (span, shown) in [
        (Duration::ZERO, "0ns"),
        (Duration::from_millis(999), "999ms"),
        (Duration::from_millis(60_001), "60.001s"),
        (Duration::MAX, "s:"),
    ] {
        let refused = build(span).unwrap_err().to_string();
        assert!(refused.contains(shown) && refused.contains("1 to 60 s"), "{refused}");
    }
}

#[test]
fn the_operator_is_told() {
    let (cache, ..) = cache();
    assert_eq!(
        cache.caveats(),
        [
            "what the store behind says",
            "clients are cached for 5 s: a change made in another process is seen that late"
        ]
    );
    let minute = ClientCache::builder(cache).time_to_live(Duration::from_secs(60)).build().unwrap();
    assert!(minute.caveats().last().unwrap().contains(" 60 s"), "{:?}", minute.caveats());
}

#[test]
fn a_clone_is_the_same_cache() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    assert_eq!(find(&cache, "a"), find(&cache.clone(), "a"));
    assert_eq!(behind.finds(), 1);
}
