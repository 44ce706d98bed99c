//! A change through the cache is seen by every find that begins after it.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::Poll;
use std::thread;

use grantor::store::{ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, Update};

use crate::fixture::{Behind, Cache, FIRST, cache, done, find, id, insert, name, named, poll, wait};

#[test]
fn update_and_delete_are_seen_at_once() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    assert_eq!(find(&cache, "a").as_deref(), Some("old"));
    assert_eq!(done(cache.update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
    assert_eq!(done(cache.delete(&id("a"))).unwrap(), Delete::Done);
    assert_eq!(find(&cache, "a"), None);
}

#[test]
fn an_id_that_was_unknown_is_found_as_soon_as_it_is_registered() {
    let (cache, behind, _) = cache();
    assert_eq!((find(&cache, "a"), find(&cache, "a"), behind.finds()), (None, None, 1));
    assert_eq!(done(cache.insert(FIRST, &named("a", "new"))).unwrap(), Insert::Done);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
}

#[test]
fn a_listing_goes_past_the_cache() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    assert_eq!(done(cache.list(&ClientQuery::first(10))).unwrap().clients.len(), 1);
}

/// "Perhaps stored": the store failed after it had written.
#[test]
fn a_change_that_failed_is_seen_too() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    assert!(find(&cache, "a").is_some() && find(&cache, "b").is_none());
    behind.fail(true);
    assert!(done(cache.update(FIRST, &named("a", "new"))).is_err());
    assert!(done(cache.insert(FIRST, &named("b", "new"))).is_err());
    behind.fail(false);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
    assert_eq!(find(&cache, "b").as_deref(), Some("new"));
    behind.fail(true);
    assert!(done(cache.delete(&id("a"))).is_err());
    behind.fail(false);
    assert_eq!(find(&cache, "a"), None);
}

/// Whoever changes a client may be cut off at any await, when the store has written already.
#[test]
fn a_change_that_was_given_up_half_way_is_seen_too() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    assert!(find(&cache, "a").is_some() && find(&cache, "b").is_none());
    behind.shut();
    let (new_a, new_b) = (named("a", "new"), named("b", "new"));
    let mut update = cache.update(FIRST, &new_a);
    let mut insert = cache.insert(FIRST, &new_b);
    assert!(poll(update.as_mut()).is_pending() && poll(insert.as_mut()).is_pending());
    drop((update, insert));
    behind.open();
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
    assert_eq!(find(&cache, "b").as_deref(), Some("new"));
}

/// One that lost has learned that the record is another one.
#[test]
fn a_change_that_was_refused_drops_what_was_cached() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    assert!(find(&cache, "a").is_some());
    assert_eq!(done(behind.elsewhere().update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
    assert_eq!(done(cache.update(FIRST, &named("a", "mine"))).unwrap(), Update::Conflict);
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
}

/// The read has the old record in its hands when `change` happens, and lands after it.
fn old_read_lands_after(change: impl FnOnce(&Cache, &Behind)) {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    behind.shut();
    let a = id("a");
    let mut early = pin!(cache.find(&a));
    assert!(poll(early.as_mut()).is_pending(), "it has read, and waits");
    behind.open();

    change(&cache, &behind);
    let mut late = pin!(cache.find(&a));
    let Poll::Ready(found) = poll(late.as_mut()) else { panic!("joined the read of before the change") };
    assert_eq!(name(found).as_deref(), Some("new"), "a find that began after the change");

    behind.release();
    let Poll::Ready(Ok(Some(_))) = poll(early) else {
        panic!("the one that began before it has an answer too")
    };
    assert_eq!(find(&cache, "a").as_deref(), Some("new"), "the old read has landed, and nobody sees it");
    assert_eq!(behind.finds(), 2, "the new record stayed cached");
}

#[test]
fn a_read_of_before_an_update_does_not_outlive_it() {
    old_read_lands_after(|cache, _| {
        assert_eq!(done(cache.update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
    });
}

#[test]
fn a_read_of_before_a_deletion_and_registration_does_not_outlive_them() {
    old_read_lands_after(|cache, _| {
        assert_eq!(done(cache.delete(&id("a"))).unwrap(), Delete::Done);
        assert_eq!(done(cache.insert(Revision::new(977), &named("a", "new"))).unwrap(), Insert::Done);
    });
}

#[test]
fn a_read_of_before_a_failed_update_does_not_outlive_it() {
    old_read_lands_after(|cache, behind| {
        behind.fail(true);
        assert!(done(cache.update(FIRST, &named("a", "new"))).is_err());
        behind.fail(false);
    });
}

#[test]
fn a_read_of_before_it_was_told_to_forget_does_not_land() {
    old_read_lands_after(|cache, behind| {
        assert_eq!(done(behind.elsewhere().update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
        cache.forget(&id("a"));
    });
    old_read_lands_after(|cache, behind| {
        assert_eq!(done(behind.elsewhere().update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
        cache.forget_all();
    });
}

/// The same where nobody asks between the change and the landing.
#[test]
fn an_old_read_that_lands_into_an_empty_cache_stays_out() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    behind.shut();
    let a = id("a");
    let mut early = pin!(cache.find(&a));
    assert!(poll(early.as_mut()).is_pending());
    behind.open();
    assert_eq!(done(cache.update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
    behind.release();
    assert!(poll(early).is_ready());
    assert_eq!(find(&cache, "a").as_deref(), Some("new"));
}

#[test]
fn a_host_that_hears_of_a_change_makes_it_seen() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    insert(&behind, "b", "kept");
    assert!(find(&cache, "a").is_some() && find(&cache, "b").is_some() && find(&cache, "c").is_none());
    assert_eq!(done(behind.elsewhere().update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
    insert(&behind, "c", "new");
    let heard = {
        let cache = cache.clone();
        move |change: &str| cache.forget(&id(change))
    };
    heard("a");
    assert_eq!((find(&cache, "a").as_deref(), find(&cache, "c")), (Some("new"), None));
    assert_eq!(behind.finds(), 4, "only that one was read again");
    cache.forget_all();
    assert_eq!(find(&cache, "c").as_deref(), Some("new"));
    assert!(find(&cache, "a").is_some() && find(&cache, "b").is_some());
    assert_eq!(behind.finds(), 7);
}

/// One thread changes a client and knows what the others must see at least; the others find it all the time.
#[test]
fn no_find_on_any_thread_goes_back_behind_a_change_that_has_returned() {
    const LAST: u64 = 20_000;
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.yield_once();
    let returned = AtomicU64::new(FIRST.get());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let least = returned.load(SeqCst);
                    let found = wait(cache.find(&id("a"))).unwrap().unwrap().revision().get();
                    assert!(found >= least, "found {found} after {least} had been stored");
                    if least == LAST {
                        break;
                    }
                }
            });
        }
        for number in FIRST.get()..LAST {
            assert_eq!(wait(cache.update(Revision::new(number), &named("a", "n"))).unwrap(), Update::Done);
            returned.store(number + 1, SeqCst);
        }
    });
}

/// Whoever changes a record, or manages a registration, goes by what is there now: a token that another process has rotated is dead
/// here too, and the new one is good.
#[test]
fn latest_reads_past_the_cache() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "old");
    assert_eq!(find(&cache, "a").as_deref(), Some("old"));
    assert_eq!(done(behind.elsewhere().update(FIRST, &named("a", "new"))).unwrap(), Update::Done);
    assert_eq!(find(&cache, "a").as_deref(), Some("old"), "as it may, for a while");
    let latest = done(cache.latest(&id("a"))).unwrap().unwrap();
    assert_eq!((latest.record().name(), latest.revision()), (Some("new"), FIRST.next()));
    assert_eq!(done(behind.elsewhere().delete(&id("a"))).unwrap(), Delete::Done);
    assert!(done(cache.latest(&id("a"))).unwrap().is_none());
}
