//! What [`TokenStore`] promises.

use grantor::store::{Claim, TokenStore};

use crate::broken::Promise;
use crate::ids::{at, proof};
use crate::race::{THREADS, race};
use crate::{Broken, Fixture};

/// Many present one proof at the same moment, again and again.
///
/// # Errors
///
/// [`Broken`] unless exactly one was first each time.
pub async fn of_24_claims_at_once_exactly_one_is_first<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "of any number of claims of one proof exactly one is First",
        "a stolen client assertion that is sent at the same moment gets a token too (RFC 7523 §3 (7))",
    );
    let rounds = race(fixture, promise, 64, async |store, round, thread| {
        promise.of(store.claim(&proof(round), at(300 + thread as u64))).await
    })?;
    for (round, answers) in rounds.iter().enumerate() {
        let first = answers.iter().filter(|answer| **answer == Claim::First).count();
        promise.holds(first == 1, || format!("in round {round} {first} of {THREADS} were First"))?;
    }
    Ok(())
}
