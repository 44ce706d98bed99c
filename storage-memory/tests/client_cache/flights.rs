//! One read of the store for all who want the same client at once.

use std::error::Error;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake};
use std::thread;

use grantor::store::ClientStore;

use crate::fixture::{NOW, cache, done, find, id, insert, name, poll, wait};

#[test]
fn a_hundred_finds_of_one_cold_id_on_as_many_threads_are_one_read() {
    for round in 0..50 {
        let (cache, behind, _) = cache();
        insert(&behind, "a", "n");
        behind.yield_once();
        let barrier = Barrier::new(100);
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    barrier.wait();
                    assert_eq!(name(wait(cache.find(&id("a")))).as_deref(), Some("n"));
                });
            }
        });
        assert_eq!((behind.finds(), behind.running()), (1, 0), "round {round}");
    }
}

#[test]
fn all_who_wait_are_woken_and_get_the_answer_of_the_one_read() {
    let (cache, behind, _) = cache();
    for (text, expected) in [("known", Some("n")), ("unknown", None)] {
        if let Some(name) = expected {
            insert(&behind, text, name);
        }
        behind.shut();
        let before = behind.finds();
        thread::scope(|scope| {
            let waiting: Vec<_> =
                (0..20).map(|_| scope.spawn(|| name(wait(cache.find(&id(text)))))).collect();
            while behind.running() == 0 {
                thread::yield_now();
            }
            behind.open();
            behind.release();
            for one in waiting {
                assert_eq!(one.join().unwrap().as_deref(), expected);
            }
        });
        assert_eq!(behind.finds() - before, 1, "{text}");
    }
}

#[test]
fn different_ids_do_not_wait_for_each_other() {
    let (cache, behind, _) = cache();
    behind.shut();
    let (a, b) = (id("a"), id("b"));
    let mut slow = pin!(cache.find(&a));
    assert!(poll(slow.as_mut()).is_pending());
    behind.open();
    assert!(done(cache.find(&b)).unwrap().is_none());
    assert!(poll(slow.as_mut()).is_pending());
    behind.release();
    assert!(poll(slow).is_ready());
}

#[test]
fn whoever_began_may_leave_and_the_others_get_the_same_read() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let mut first = Box::pin(cache.find(&a));
    assert!(poll(first.as_mut()).is_pending());
    thread::scope(|scope| {
        let second = scope.spawn(|| name(wait(cache.find(&a))));
        let mut third = Box::pin(cache.find(&a));
        assert!(poll(third.as_mut()).is_pending());
        drop(first);
        drop(third);
        behind.release();
        behind.open();
        // Began before or after the others had left: in either case it gets its answer.
        assert_eq!(second.join().unwrap().as_deref(), Some("n"));
    });
    assert_eq!(behind.running(), 0);
}

/// No second read where the first caller leaves: the one on its way goes on for those who wait.
#[test]
fn a_read_outlives_whoever_began_it() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let mut first = Box::pin(cache.find(&a));
    let mut second = pin!(cache.find(&a));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    drop(first);
    assert!(poll(second.as_mut()).is_pending());
    behind.release();
    assert!(matches!(poll(second), Poll::Ready(Ok(Some(_)))));
    assert_eq!(behind.finds(), 1);
}

/// What nobody waits for holds no connection.
#[test]
fn a_read_that_all_have_left_ends_and_the_next_find_reads_anew() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let mut callers: Vec<_> = (0..3).map(|_| cache.find(&a)).collect();
    assert!(callers.iter_mut().all(|caller| poll(caller.as_mut()).is_pending()));
    drop(callers);
    assert_eq!(behind.running(), 0, "given up");
    assert!(format!("{cache:?}").contains("reads: 0"), "nothing is left of it: {cache:?}");
    behind.open();
    assert_eq!(find(&cache, "a").as_deref(), Some("n"));
    assert_eq!(behind.finds(), 2);
}

/// As with a timer that has run out: whoever looks first finds it, and it wakes nobody any more.
#[test]
fn whoever_finds_the_read_done_wakes_the_others() {
    #[derive(Default)]
    struct Bell(AtomicBool);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.store(true, SeqCst);
        }
    }
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let (a, bell) = (id("a"), Arc::new(Bell::default()));
    let (mut first, second) = (pin!(cache.find(&a)), pin!(cache.find(&a)));
    assert!(first.as_mut().poll(&mut Context::from_waker(&bell.clone().into())).is_pending());
    let unwoken = behind.release_unwoken();
    assert!(poll(second).is_ready());
    assert!(bell.0.load(SeqCst), "the first was woken by the second");
    assert!(poll(first).is_ready());
    drop(unwoken);
}

/// The read wakes itself, as one that yields does, and the caller who polled it leaves at once: whoever came between
/// the two must be woken all the same.
#[test]
fn no_wake_is_lost_when_the_caller_who_got_it_leaves() {
    for _ in 0..3000 {
        let (cache, behind, _) = cache();
        insert(&behind, "a", "n");
        behind.yield_once();
        let a = id("a");
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                let _either = poll(pin!(cache.find(&a)));
            });
            barrier.wait();
            assert_eq!(name(wait(cache.find(&a))).as_deref(), Some("n"));
        });
    }
}

#[test]
fn a_failure_reaches_all_who_wait_and_is_never_cached() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let mut callers: Vec<_> = (0..3).map(|_| cache.find(&a)).collect();
    assert!(callers.iter_mut().all(|caller| poll(caller.as_mut()).is_pending()));
    behind.fail(true);
    behind.release();
    for mut caller in callers {
        let Poll::Ready(Err(error)) = poll(caller.as_mut()) else { panic!("no failure") };
        assert!(error.is_unavailable());
        assert_eq!(
            error.source().unwrap().to_string(),
            "told to fail",
            "the source is kept for the operator"
        );
    }
    assert_eq!(behind.finds(), 1);
    assert!(format!("{cache:?}").contains("reads: 0"), "nothing is left of it: {cache:?}");
    behind.open();
    assert!(done(cache.find(&a)).is_err(), "still down: asked again");
    behind.fail(false);
    assert_eq!(find(&cache, "a").as_deref(), Some("n"));
}

#[test]
fn a_failure_never_makes_an_old_entry_last() {
    let (cache, behind, clock) = cache();
    insert(&behind, "a", "n");
    assert!(find(&cache, "a").is_some() && find(&cache, "b").is_none());
    behind.fail(true);
    clock.set(NOW + 4);
    assert!(find(&cache, "a").is_some() && find(&cache, "b").is_none(), "in its time it needs no store");
    clock.set(NOW + 5);
    assert!(done(cache.find(&id("a"))).is_err() && done(cache.find(&id("b"))).is_err());
}

#[test]
fn a_store_that_panics_fails_all_who_wait_and_then_serves_again() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let mut callers: Vec<_> = (0..3).map(|_| cache.find(&a)).collect();
    assert!(callers.iter_mut().all(|caller| poll(caller.as_mut()).is_pending()));
    behind.panic(true);
    behind.release();
    assert!(callers.iter_mut().all(|caller| matches!(poll(caller.as_mut()), Poll::Ready(Err(_)))));
    behind.panic(false);
    behind.open();
    assert_eq!(find(&cache, "a").as_deref(), Some("n"));
}

/// The record may be as old as the beginning of the read.
#[test]
fn the_time_to_live_counts_from_before_the_read() {
    let (cache, behind, clock) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let mut slow = pin!(cache.find(&a));
    assert!(poll(slow.as_mut()).is_pending());
    clock.set(NOW + 3);
    behind.release();
    behind.open();
    assert!(poll(slow).is_ready());
    clock.set(NOW + 4);
    assert!(find(&cache, "a").is_some());
    assert_eq!(behind.finds(), 1);
    clock.set(NOW + 5);
    assert!(find(&cache, "a").is_some());
    assert_eq!(behind.finds(), 2);
}

/// One that waits and has not looked yet does not keep the failure alive for others.
#[test]
fn nobody_joins_a_read_that_has_failed() {
    let (cache, behind, _) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let (mut first, mut second) = (pin!(cache.find(&a)), pin!(cache.find(&a)));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    behind.fail(true);
    behind.release();
    assert!(matches!(poll(first), Poll::Ready(Err(_))));
    behind.fail(false);
    behind.open();
    assert_eq!(find(&cache, "a").as_deref(), Some("n"));
    assert!(matches!(poll(second), Poll::Ready(Err(_))));
}

/// A store that takes ten seconds: whoever asks at the sixth gets no record from before the first.
#[test]
fn nobody_joins_a_read_that_began_longer_ago_than_the_time_to_live() {
    let (cache, behind, clock) = cache();
    insert(&behind, "a", "n");
    behind.shut();
    let a = id("a");
    let (mut first, mut second, mut third) =
        (pin!(cache.find(&a)), pin!(cache.find(&a)), pin!(cache.find(&a)));
    assert!(poll(first.as_mut()).is_pending());
    clock.set(NOW + 4);
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(behind.finds(), 1);
    clock.set(NOW + 5);
    assert!(poll(third.as_mut()).is_pending());
    assert_eq!(behind.finds(), 2);
    behind.release();
    behind.open();
    assert!(poll(third).is_ready() && poll(first).is_ready() && poll(second).is_ready());
    clock.set(NOW + 9);
    assert!(find(&cache, "a").is_some());
    assert_eq!(
        behind.finds(),
        2,
        "the later read is cached from its own beginning, and the older one did not replace it"
    );
}
