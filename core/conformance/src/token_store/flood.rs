//! Memory pressure is no reason to forget.

use grantor::store::{Claim, Insert, TokenState, TokenStore};

use super::word;
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, proof, token};
use crate::race::{THREADS, race};
use crate::records::token_of;

/// How many each thread of a flood writes.
const EACH: usize = 150;

/// Thousands of claims from all sides, and the first ones are as spent as the last.
pub async fn no_claim_is_forgotten_in_a_flood<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a claim is not forgotten before its until, however many others come",
        "whoever may send assertions could flood the store until it forgets one, and then spend that one again; a \
         store that is full answers unavailable",
    );
    for expected in [Claim::First, Claim::Replayed] {
        race(fixture, promise, 1, async |store, _, thread| {
            // Those that come back are asked for by another handle than the one that claimed them.
            let turn = if expected == Claim::First { thread } else { (thread + 1) % THREADS };
            for number in turn * EACH..(turn + 1) * EACH {
                let claim = promise.of(store.claim(&proof(number), at(100))).await?;
                let seen = || format!("claim {number} of {} was {claim:?}, not {expected:?}", THREADS * EACH);
                promise.holds(claim == expected, seen)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Thousands of tokens and revocations from all sides, and the first ones are still known.
pub async fn no_token_or_revocation_is_forgotten_in_a_flood<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a token or revocation is not forgotten before its until, however many others come",
        "a revoked JWT that the store forgets is honoured again; a store that is full answers unavailable",
    );
    let record = token_of(promise, "client", at(100))?;
    race(fixture, promise, 1, async |store, _, thread| {
        for number in thread * EACH..(thread + 1) * EACH {
            if number % 2 == 0 {
                promise.of(store.revoke(&token(number), at(100))).await?;
            } else {
                let insert = promise.of(store.insert(&token(number), &record)).await?;
                promise.holds(insert == Insert::Done, || format!("insert {number} was {insert:?}"))?;
            }
        }
        Ok(())
    })?;
    race(fixture, promise, 1, async |store, _, thread| {
        let turn = (thread + 1) % THREADS;
        for number in turn * EACH..(turn + 1) * EACH {
            let state = promise.of(store.find(&token(number))).await?;
            let expected = if number % 2 == 0 { "Revoked" } else { "Live" };
            let seen = || format!("token {number} of {} is {}, not {expected}", THREADS * EACH, word(&state));
            promise.holds(word(&state) == expected, seen)?;
            if let TokenState::Live(found) = &state {
                promise.holds(**found == record, || format!("token {number} has another record"))?;
            }
        }
        Ok(())
    })?;
    Ok(())
}
