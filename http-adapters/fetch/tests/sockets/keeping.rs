//! T60, T61: how long a set is kept, who is asked how often, and what happens while a source is away.

use std::sync::Arc;

use grantor::KeySetFetcher;

use crate::source::{ManualClock, Reply, Source, key_sets, keys};

/// With 40 unknown kids in a row the source is asked once; a good kid works on.
#[tokio::test]
async fn t60_unknown_kids_ask_no_more_than_the_rest_allows() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    source.put("/jwks", Reply::json(keys(2)));
    let (sets, of) = (key_sets(&clock), source.at("/jwks"));
    let first = sets.key_set(&of, None).await.unwrap();
    for _ in 0..40 {
        let again = sets.key_set(&of, Some(&first)).await.unwrap();
        assert!(Arc::ptr_eq(&again, &first), "the same one back: there is no newer");
    }
    assert_eq!(source.hits(), 1);
    clock.advance(29);
    sets.key_set(&of, Some(&first)).await.unwrap();
    assert_eq!(source.hits(), 0);
    clock.advance(1);
    let newer = sets.key_set(&of, Some(&first)).await.unwrap();
    assert!(!Arc::ptr_eq(&newer, &first));
    assert_eq!(source.hits(), 1);
    let now = sets.key_set(&of, Some(&first)).await.unwrap();
    assert!(Arc::ptr_eq(&now, &newer), "who saw the old one gets what is there since");
    assert_eq!(source.hits(), 0);
}

#[tokio::test]
async fn t60_an_empty_set_and_a_failure_rest_as_well() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    source.put("/empty", Reply::json(keys(0)));
    let sets = key_sets(&clock);
    for path in ["/empty", "/missing"] {
        for round in 0..3 {
            for _ in 0..40 {
                let seen = sets.key_set(&source.at(path), None).await.ok();
                let _ = sets.key_set(&source.at(path), seen.as_ref()).await;
            }
            assert_eq!(source.hits(), 1, "{path} {round}");
            clock.advance(30);
        }
    }
}

/// A clock that was set back neither keeps a set for ever nor a source at rest for ever.
#[tokio::test]
async fn t60_t61_a_clock_that_was_set_back() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    source.put("/jwks", Reply::json(keys(2)));
    let (sets, of) = (key_sets(&clock), source.at("/jwks"));
    sets.key_set(&of, None).await.unwrap();
    clock.advance(-86_400);
    source.put("/jwks", Reply::json(keys(1)));
    assert_eq!(sets.key_set(&of, None).await.unwrap().len(), 1);
    assert_eq!(source.hits(), 2);
}

#[tokio::test]
async fn t60_one_flight_for_all_who_wait() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    source.put("/jwks", Reply::json(keys(2)));
    let sets = key_sets(&clock);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (sets, of) = (sets.clone(), source.at("/jwks"));
            tokio::spawn(async move { sets.key_set(&of, None).await.unwrap().len() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 2);
    }
    assert_eq!(source.hits(), 1);
}

/// Whoever hangs up in the middle does not stop the fetch, so hanging up is no way round the rest.
#[tokio::test]
async fn t60_a_caller_that_is_gone_leaves_the_flight_to_the_others() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    source.put("/jwks", Reply::json(keys(2)));
    let (sets, of) = (key_sets(&clock), source.at("/jwks"));
    for _ in 0..20 {
        // Polled once, which begins the fetch, and dropped.
        let call = sets.key_set(&of, None);
        tokio::select! {
            biased;
            _ = call => {}
            () = std::future::ready(()) => {}
        }
    }
    assert_eq!(sets.key_set(&of, None).await.unwrap().len(), 2);
    assert_eq!(source.hits(), 1);
}

/// A removed key is gone within five minutes, whatever the source said of its age.
#[tokio::test]
async fn t61_a_removed_key_ends_within_five_minutes() {
    for stated in ["cache-control: max-age=31536000, immutable\r\n", "", "cache-control: no-store\r\n"] {
        let (source, clock) = (Source::start().await, ManualClock::new());
        source.put("/jwks", Reply::new(200, stated, keys(2)));
        let (sets, of) = (key_sets(&clock), source.at("/jwks"));
        assert_eq!(sets.key_set(&of, None).await.unwrap().len(), 2);
        source.put("/jwks", Reply::new(200, stated, keys(1)));
        clock.advance(300);
        assert_eq!(sets.key_set(&of, None).await.unwrap().len(), 1, "{stated}: replaced and not merged");
        assert_eq!(source.hits(), 2);
    }
}

/// Between what its headers say and five minutes a set is served at once, and fetched again behind the request.
#[tokio::test]
async fn t61_a_stale_set_is_served_and_replaced_behind_the_request() {
    for (stated, fresh) in [
        ("cache-control: max-age=100\r\n", 100),
        ("cache-control: max-age=1\r\n", 30),
        ("cache-control: no-store\r\n", 30),
        ("cache-control: max-age=3600\r\n", 240),
        ("", 240),
        ("date: Sun, 22 Nov 2026 05:00:00 GMT\r\nexpires: Sun, 22 Nov 2026 05:01:20 GMT\r\n", 80),
    ] {
        let (source, clock) = (Source::start().await, ManualClock::new());
        source.put("/jwks", Reply::new(200, stated, keys(2)));
        let (sets, of) = (key_sets(&clock), source.at("/jwks"));
        let first = sets.key_set(&of, None).await.unwrap();
        source.put("/jwks", Reply::new(200, stated, keys(1)));
        clock.advance(fresh - 1);
        assert!(Arc::ptr_eq(&sets.key_set(&of, None).await.unwrap(), &first), "{stated}");
        assert_eq!(source.hits(), 1, "{stated}: nobody was asked");
        clock.advance(1);
        assert!(Arc::ptr_eq(&sets.key_set(&of, None).await.unwrap(), &first), "{stated}: served at once");
        let mut now = first;
        while now.len() == 2 {
            tokio::task::yield_now().await;
            now = sets.key_set(&of, None).await.unwrap();
        }
        assert_eq!((now.len(), source.hits()), (1, 1), "{stated}: asked once, behind");
    }
}

/// While the source is away the old set stays, for an hour, and the source is asked once in 30 seconds. A newer one is not to be had,
/// which is no answer to whether there is one.
#[tokio::test]
async fn t61_while_a_source_is_away_its_set_stays_for_an_hour() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    source.put("/jwks", Reply::json(keys(2)));
    let (sets, of) = (key_sets(&clock), source.at("/jwks"));
    let first = sets.key_set(&of, None).await.unwrap();
    assert_eq!(source.hits(), 1);
    source.put("/jwks", Reply::new(503, "", "away"));
    for minute in 1..=11 {
        clock.advance(300);
        for _ in 0..5 {
            assert!(Arc::ptr_eq(&sets.key_set(&of, None).await.unwrap(), &first), "{minute}");
            let newer = sets.key_set(&of, Some(&first)).await;
            assert!(newer.is_err(), "{minute}: nobody knows whether a newer one holds what was not found");
        }
        assert_eq!(source.hits(), 1, "{minute}");
    }
    clock.advance(299);
    assert!(sets.key_set(&of, None).await.is_ok(), "59 minutes and 59 seconds");
    clock.advance(1);
    assert!(sets.key_set(&of, None).await.is_err(), "an hour");
    source.put("/jwks", Reply::json(keys(1)));
    clock.advance(30);
    assert_eq!(sets.key_set(&of, None).await.unwrap().len(), 1, "and back");
}

/// A set that shows a private key, or that is gone for good, takes back what was there: its keys end with the next look, not
/// with the hour.
#[tokio::test]
async fn t36_t61_a_set_that_is_taken_back_is_not_kept() {
    let leaked = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}"#;
    for reply in [Reply::json(leaked), Reply::new(410, "", "gone")] {
        let (source, clock) = (Source::start().await, ManualClock::new());
        source.put("/jwks", Reply::json(keys(2)));
        let (sets, of) = (key_sets(&clock), source.at("/jwks"));
        let first = sets.key_set(&of, None).await.unwrap();
        source.put("/jwks", reply);
        clock.advance(300);
        assert!(sets.key_set(&of, Some(&first)).await.is_err());
        assert!(sets.key_set(&of, None).await.is_err(), "nor for anybody else");
    }
}

/// More sources than are kept: the one that was used longest ago is fetched again, the others are not.
#[tokio::test]
async fn t60_a_thousand_sources_are_kept() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    let sets = key_sets(&clock);
    for number in 0..1000 {
        source.put(&format!("/{number}"), Reply::json(keys(1)));
        sets.key_set(&source.at(&format!("/{number}")), None).await.unwrap();
    }
    assert_eq!(source.hits(), 1000);
    sets.key_set(&source.at("/0"), None).await.unwrap();
    source.put("/one-more", Reply::json(keys(1)));
    sets.key_set(&source.at("/one-more"), None).await.unwrap();
    assert_eq!(source.hits(), 1);
    for kept in ["/0", "/2", "/999", "/one-more"] {
        sets.key_set(&source.at(kept), None).await.unwrap();
    }
    assert_eq!(source.hits(), 0);
    sets.key_set(&source.at("/1"), None).await.unwrap();
    assert_eq!(source.hits(), 1, "it had to make room");
}
