//! One document that is kept for a while: one flight at a time, a rest between two, and never merged with an older one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grantor::Timestamp;
use tokio::sync::OwnedMutexGuard;

use crate::failure::Failure;
use crate::fetcher::{Fetched, Fetcher};

/// A source is asked no more often than this, whatever it answers and whoever asks (T60).
const REST: Duration = Duration::from_secs(30);
/// The bounds of what a document's own headers may say. Beyond it is fetched again behind a request.
const FRESH: (Duration, Duration) = (REST, Duration::from_secs(240));
/// An older document is not used without asking, so that a key that was taken back ends within five minutes (T61).
const MOST_AGE: Duration = Duration::from_secs(300);
/// A document is used for so long while its source fails. Whoever has stolen a key and can keep its owner from being
/// asked uses it that long, so it is no more than it takes to put a web server right.
const WHILE_AWAY: Duration = Duration::from_secs(3600);

/// A document of one source, or what became of asking for it. Clones are one.
pub(crate) struct Kept<T>(Arc<Shelf<T>>);

struct Shelf<T> {
    /// Held by who is asking, until the answer is on the shelf.
    flight: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<State<T>>,
}

struct State<T> {
    held: Option<Held<T>>,
    asked_at: Option<Timestamp>,
    failure: Option<Arc<Failure>>,
}

struct Held<T> {
    document: Arc<T>,
    fetched_at: Timestamp,
    fresh_for: Duration,
}

/// What is to be done for a caller.
enum Verdict<T> {
    Use(Arc<T>),
    /// Use it, and ask again behind the request.
    Stale(Arc<T>),
    Refuse(Failure),
    Ask,
}

impl<T> Kept<T> {
    pub(crate) fn new() -> Self {
        let state = State { held: None, asked_at: None, failure: None };
        Self(Arc::new(Shelf { flight: Arc::default(), state: Mutex::new(state) }))
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// The document, fetched by `fetch` if it has to be. `seen` is one that will not do.
    pub(crate) async fn get<F>(
        &self,
        fetcher: &Fetcher,
        seen: Option<&Arc<T>>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, Failure>
    where
        F: Future<Output = Result<Fetched<T>, Failure>> + Send + 'static,
    {
        match self.verdict(fetcher.0.clock.now(), seen) {
            Verdict::Use(document) => return Ok(document),
            Verdict::Refuse(failure) => return Err(failure),
            Verdict::Stale(document) => {
                // Where somebody is asking already, or just has, there is nothing to do.
                let flight = Arc::clone(&self.0.flight).try_lock_owned();
                let is_stale = || matches!(self.verdict(fetcher.0.clock.now(), seen), Verdict::Stale(_));
                if let Some(flight) = flight.ok().filter(|_| is_stale()) {
                    self.ask(fetcher, flight, fetch());
                }
                return Ok(document);
            }
            Verdict::Ask => {}
        }
        let flight = Arc::clone(&self.0.flight).lock_owned().await;
        // Whoever held it may have brought what this caller wants.
        match self.verdict(fetcher.0.clock.now(), seen) {
            Verdict::Use(document) | Verdict::Stale(document) => return Ok(document),
            Verdict::Refuse(failure) => return Err(failure),
            Verdict::Ask => {}
        }
        self.ask(fetcher, flight, fetch()).await.map_err(|_| Failure::Ended)?;
        match self.verdict(fetcher.0.clock.now(), seen) {
            Verdict::Use(document) | Verdict::Stale(document) => Ok(document),
            Verdict::Refuse(failure) => Err(failure),
            Verdict::Ask => Err(Failure::Ended),
        }
    }

    /// In a task of its own: a caller that hangs up in the middle neither ends it nor lets another one begin.
    fn ask<F>(&self, fetcher: &Fetcher, flight: OwnedMutexGuard<()>, fetch: F) -> tokio::task::JoinHandle<()>
    where
        F: Future<Output = Result<Fetched<T>, Failure>> + Send + 'static,
    {
        let (shelf, fetcher) = (Arc::clone(&self.0), fetcher.clone());
        tokio::spawn(async move {
            let fetched_at = fetcher.0.clock.now();
            let outcome = fetcher.in_time(fetch).await;
            shelf.put(fetched_at, outcome, fetcher.0.clock.now());
            drop(flight);
        })
    }

    fn verdict(&self, now: Timestamp, seen: Option<&Arc<T>>) -> Verdict<T> {
        let state = self.0.state();
        let rests = state.asked_at.is_some_and(|asked_at| is_within(asked_at, now, REST));
        let held = state.held.as_ref().filter(|held| is_within(held.fetched_at, now, WHILE_AWAY));
        let is_held = |seen: &Arc<T>| held.is_some_and(|held| Arc::ptr_eq(seen, &held.document));
        match (held, &state.failure) {
            // What is wanted may be in the newer one that could not be had: nobody knows that it is not (design §12).
            (Some(_), Some(failure)) if rests && seen.is_some_and(is_held) => {
                Verdict::Refuse(Failure::Resting(Arc::clone(failure)))
            }
            (Some(held), _) => {
                let is_seen = seen.is_some_and(|seen| Arc::ptr_eq(seen, &held.document));
                let is_old = !is_within(held.fetched_at, now, MOST_AGE);
                let document = Arc::clone(&held.document);
                if rests {
                    Verdict::Use(document)
                } else if is_seen || is_old {
                    Verdict::Ask
                } else if is_within(held.fetched_at, now, held.fresh_for) {
                    Verdict::Use(document)
                } else {
                    Verdict::Stale(document)
                }
            }
            (None, Some(failure)) if rests => Verdict::Refuse(Failure::Resting(Arc::clone(failure))),
            (None, _) => Verdict::Ask,
        }
    }
}

impl<T> Shelf<T> {
    /// What was brought takes the place of what was there; a failure leaves that where it is, unless it takes it back.
    fn put(&self, fetched_at: Timestamp, outcome: Result<Fetched<T>, Failure>, now: Timestamp) {
        let mut state = self.state();
        state.asked_at = Some(now);
        match outcome {
            Ok(Fetched { value, fresh_for }) => {
                let (least, most) = FRESH;
                let fresh_for = fresh_for.unwrap_or(most).clamp(least, most);
                state.held = Some(Held { document: Arc::new(value), fetched_at, fresh_for });
                state.failure = None;
            }
            Err(failure) => {
                if failure.takes_back() {
                    state.held = None;
                }
                state.failure = Some(Arc::new(failure));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether no more than `span` has passed. A clock that was set back has passed it: what it says of age is unknown.
fn is_within(from: Timestamp, now: Timestamp, span: Duration) -> bool {
    from <= now && now < from.plus(span)
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("asked_at", &self.0.state().asked_at).finish_non_exhaustive()
    }
}
