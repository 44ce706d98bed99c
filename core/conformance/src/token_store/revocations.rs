//! `revoke`: idempotent, monotone, and seen at once.

use std::time::Duration;

use grantor::store::{Insert, TokenStore};
use grantor::{Timestamp, TokenId};

use super::{prune_all, word};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, token};
use crate::race::{THREADS, race_often};
use crate::records::token_of;

/// The next `find` of any process sees a revocation that has returned, whatever it was told before.
pub async fn revoke_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "once revoke has returned the next find sees it, through every handle",
        "a revoked token would go on being honoured: never read from a replica that lags, cache no state",
    );
    let handles = [fixture.open().await, fixture.open().await, fixture.open().await];
    for number in 0..60 {
        let mut turns = handles.iter().cycle().skip(number % 3);
        let (Some(writer), Some(reader)) = (turns.next(), turns.next()) else { continue };
        // Every second one is a JWT, of which nothing is stored before.
        let opaque = number % 2 == 0;
        if opaque {
            let record = token_of(promise, "client", at(100))?;
            let insert = promise.of(writer.insert(&token(number), &record)).await?;
            promise.holds(insert == Insert::Done, || format!("the insert was {insert:?}"))?;
        }
        expect(promise, reader, &token(number), if opaque { "Live" } else { "Absent" }).await?;
        promise.of(writer.revoke(&token(number), at(100))).await?;
        for store in [reader, writer] {
            expect(promise, store, &token(number), "Revoked").await?;
        }
    }
    Ok(())
}

/// Twice is as once, and an id of which nothing is known is revoked too.
pub async fn revoke_is_idempotent_and_leaves_a_tombstone<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "revoke is idempotent, and leaves a tombstone where there was nothing",
        "a JWT is revoked by its tombstone alone: without one it stays valid until it expires (RFC 7009 §2)",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let record = token_of(promise, "client", at(100))?;
    let insert = promise.of(one.insert(&token(0), &record)).await?;
    promise.holds(insert == Insert::Done, || format!("the insert was {insert:?}"))?;
    for id in [token(0), token(1)] {
        for store in [&one, &other, &one] {
            promise.of(store.revoke(&id, at(100))).await?;
            expect(promise, &one, &id, "Revoked").await?;
            expect(promise, &other, &id, "Revoked").await?;
        }
    }
    expect(promise, &one, &token(2), "Absent").await
}

/// However often it is revoked, the latest `until` of all counts.
pub async fn revoke_is_monotone<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "revoke is monotone: of all given until the latest is kept",
        "a second revocation with an earlier until would have the first forgotten, and the token live again",
    );
    let store = fixture.open().await;
    let calls: [&[u64]; 5] = [&[107], &[107, 50], &[50, 107], &[20, 107, 50], &[107, 107]];
    for (number, calls) in calls.iter().enumerate() {
        for until in *calls {
            promise.of(store.revoke(&token(number), at(*until))).await?;
        }
    }
    kept_until(promise, &store, calls.len(), 107).await
}

/// A token that is revoked is remembered as long as it would have been alive.
pub async fn revoke_keeps_the_until_of_the_record<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a revoked token is remembered until the later of the record's until and that of the revocation",
        "a token revoked with an early until would be unknown before it ends, and could be stored anew",
    );
    let store = fixture.open().await;
    let pairs = [(107, 107), (107, 80), (107, 0), (80, 107)];
    for (number, (recorded, revoked)) in pairs.into_iter().enumerate() {
        let record = token_of(promise, "client", at(recorded))?;
        let insert = promise.of(store.insert(&token(number), &record)).await?;
        promise.holds(insert == Insert::Done, || format!("the insert was {insert:?}"))?;
        promise.of(store.revoke(&token(number), at(revoked))).await?;
    }
    kept_until(promise, &store, pairs.len(), 107).await
}

/// Many revoke one token at the same moment, each until another time.
pub async fn of_24_revocations_at_once_the_latest_until_counts<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "of any number of revocations at once the latest until counts",
        "the revocation that is written last would decide, and may be forgotten while the token is still good",
    );
    let rounds = race_often(fixture, promise, 40, async |store, round, thread| {
        let later = (thread + round) % THREADS;
        promise.of(store.revoke(&token(round), at(107 - later as u64))).await
    })?;
    kept_until(promise, &fixture.open().await, rounds.len(), 107).await
}

/// Whichever of the two comes first, the token is revoked in the end.
pub async fn an_insert_beside_a_revocation_ends_revoked<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "an insert and a revocation of one id at once end Revoked",
        "a token that is revoked while it is stored would stay alive, though revoke said that it had ended",
    );
    let record = token_of(promise, "client", at(100))?;
    let rounds = race_often(fixture, promise, 48, async |store, round, thread| {
        if thread % 4 == 0 {
            promise.of(store.revoke(&token(round), at(100))).await?;
            return expect(promise, store, &token(round), "Revoked").await;
        }
        let _either = promise.of(store.insert(&token(round), &record)).await?;
        Ok(())
    })?;
    let store = fixture.open().await;
    for round in 0..rounds.len() {
        expect(promise, &store, &token(round), "Revoked").await?;
    }
    Ok(())
}

/// Expiry permits removal, and core, whose clock may differ, asks for it by `prune`.
pub async fn a_revocation_whose_until_has_passed_is_still_seen<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a revocation whose until has passed, or lies as far ahead as can be, is seen all the same",
        "on a machine whose clock is behind, a token that is still good would live again",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let long_ago = Timestamp::EPOCH.plus(Duration::from_secs(1_000_000_007));
    for (number, until) in [Timestamp::EPOCH, long_ago, at(0), Timestamp::MAX].into_iter().enumerate() {
        promise.of(one.revoke(&token(number), until)).await?;
        expect(promise, &other, &token(number), "Revoked").await?;
    }
    Ok(())
}

/// The first `count` tokens are revoked, and are kept until that second and no longer, unless the store expires
/// entries by itself.
async fn kept_until(promise: Promise, store: &impl TokenStore, count: usize, until: u64) -> Checked {
    for before in [at(until - 1), at(until)] {
        let removed = prune_all(promise, store, before).await?;
        promise.holds(removed == 0, || {
            format!("pruning before {before} took {removed} that end {}", at(until))
        })?;
        for number in 0..count {
            expect(promise, store, &token(number), "Revoked").await?;
        }
    }
    let removed = prune_all(promise, store, at(until + 1)).await? as usize;
    let all_or_none = removed == 0 || removed == count;
    promise.holds(all_or_none, || format!("of {count} that end {} pruning took {removed}", at(until)))?;
    for number in 0..count {
        expect(promise, store, &token(number), if removed == 0 { "Revoked" } else { "Absent" }).await?;
    }
    Ok(())
}

async fn expect(promise: Promise, store: &impl TokenStore, id: &TokenId, expected: &str) -> Checked {
    let state = promise.of(store.find(id)).await?;
    promise.holds(word(&state) == expected, || format!("{id:?} is {}, not {expected}", word(&state)))
}
