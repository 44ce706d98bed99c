//! `insert` and `find`.

use std::time::Duration;

use grantor::store::{Insert, TokenRecord, TokenState, TokenStore};
use grantor::{Timestamp, TokenId};

use super::{prune_all, word};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, bytes_that_differ_by_a_bit, token};
use crate::race::{THREADS, race_often};
use crate::records::token_of;

/// Many store one token at the same moment, each another record.
pub async fn of_24_inserts_at_once_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "of any number of inserts of one token exactly one is Done, and its record is the one that is kept",
        "a token would carry the rights of somebody else; make it one atomic insert-if-absent",
    );
    let rounds = race_often(fixture, promise, 48, async |store, round, thread| {
        let record = token_of(promise, &format!("client-{thread}"), at(100))?;
        promise.of(store.insert(&token(round), &record)).await
    })?;
    let store = fixture.open().await;
    for (round, answers) in rounds.iter().enumerate() {
        let won: Vec<usize> = (0..THREADS).filter(|at| answers.get(*at) == Some(&Insert::Done)).collect();
        let [winner] = won[..] else {
            return Err(promise.broken(format!("in round {round} {} of {THREADS} were Done", won.len())));
        };
        let record = token_of(promise, &format!("client-{winner}"), at(100))?;
        expect_live(promise, &store, &token(round), &record).await?;
    }
    Ok(())
}

/// A second insert of an id changes neither the record nor how long it is kept.
pub async fn insert_never_overwrites_a_token<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "insert never overwrites a token",
        "a token that was issued would change its client, scope or life",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let first = token_of(promise, "first", at(107))?;
    for number in 0..2 {
        done(promise, &one, &token(number), &first).await?;
    }
    for until in [at(9000), at(107), at(61)] {
        let again = token_of(promise, "second", until)?;
        let insert = promise.of(other.insert(&token(0), &again)).await?;
        promise.holds(insert == Insert::Exists, || format!("the second insert was {insert:?}"))?;
        expect_live(promise, &one, &token(0), &first).await?;
    }
    let removed = prune_all(promise, &one, at(107)).await?;
    promise.holds(removed == 0, || format!("pruning before its until took {removed}"))?;
    expect_live(promise, &other, &token(0), &first).await?;
    let removed = prune_all(promise, &one, at(108)).await?;
    let both_or_none = removed == 0 || removed == 2;
    promise.holds(both_or_none, || format!("of two tokens until {} pruning took {removed}", at(107)))
}

/// Neither a tombstone nor a token that was revoked comes to life.
pub async fn insert_never_overwrites_a_revocation<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "insert never overwrites a revocation",
        "a token that was revoked before it was stored, or after, would be honoured",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let record = token_of(promise, "client", at(100))?;
    done(promise, &one, &token(1), &record).await?;
    for id in [token(0), token(1)] {
        promise.of(one.revoke(&id, at(100))).await?;
        for store in [&one, &other] {
            let insert = promise.of(store.insert(&id, &record)).await?;
            promise
                .holds(insert == Insert::Exists, || format!("an insert of a revoked id was {insert:?}"))?;
            let state = promise.of(store.find(&id)).await?;
            promise.holds(word(&state) == "Revoked", || format!("after it the id is {}", word(&state)))?;
        }
    }
    Ok(())
}

/// What one process stored every other finds at once, whatever it was told before.
pub async fn an_insert_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "find sees every insert that has returned, through every handle",
        "a token that was just issued would be refused: never read from a replica that lags, cache no absence",
    );
    let handles = [fixture.open().await, fixture.open().await];
    for number in 0..40 {
        let mut turns = handles.iter().cycle().skip(number % 2);
        let (Some(writer), Some(reader)) = (turns.next(), turns.next()) else { continue };
        let before = promise.of(reader.find(&token(number))).await?;
        promise.holds(word(&before) == "Absent", || format!("before any insert it is {}", word(&before)))?;
        let record = token_of(promise, &format!("client-{number}"), at(100))?;
        done(promise, writer, &token(number), &record).await?;
        expect_live(promise, reader, &token(number), &record).await?;
        expect_live(promise, writer, &token(number), &record).await?;
    }
    Ok(())
}

/// All 256 bits of an id count, zeros, quotes and line ends in it too.
pub async fn ids_of_tokens_differ_by_every_bit<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "ids of tokens compare by all of their 256 bits",
        "one token would be taken for another, or a revocation would not be found again",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let ids = bytes_that_differ_by_a_bit();
    let record = |number: usize| token_of(promise, &format!("client-{number}"), at(100));
    for (number, id) in ids.iter().enumerate() {
        done(promise, &one, &TokenId::from_bytes(*id), &record(number)?).await?;
    }
    for (number, id) in ids.iter().enumerate() {
        let id = TokenId::from_bytes(*id);
        expect_live(promise, &other, &id, &record(number)?).await?;
        if number % 2 == 0 {
            promise.of(one.revoke(&id, at(100))).await?;
        }
    }
    for (number, id) in ids.iter().enumerate() {
        let state = promise.of(other.find(&TokenId::from_bytes(*id))).await?;
        let expected = if number % 2 == 0 { "Revoked" } else { "Live" };
        promise
            .holds(word(&state) == expected, || format!("id {id:?} is {}, not {expected}", word(&state)))?;
    }
    Ok(())
}

/// Core judges expiry by its own clock.
pub async fn a_token_that_has_expired_is_still_found<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a token that has expired, or never will, is found all the same until it is pruned",
        "on a machine whose clock is ahead, tokens that are still good would be refused",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let long_ago = Timestamp::EPOCH.plus(Duration::from_secs(1_000_000_007));
    for (number, until) in [long_ago, at(0), Timestamp::MAX].into_iter().enumerate() {
        let record = token_of(promise, "client", until)?;
        done(promise, &one, &token(number), &record).await?;
        expect_live(promise, &other, &token(number), &record).await?;
    }
    Ok(())
}

async fn done(promise: Promise, store: &impl TokenStore, id: &TokenId, record: &TokenRecord) -> Checked {
    let insert = promise.of(store.insert(id, record)).await?;
    promise.holds(insert == Insert::Done, || format!("the first insert of {id:?} was {insert:?}"))
}

async fn expect_live(
    promise: Promise,
    store: &impl TokenStore,
    id: &TokenId,
    record: &TokenRecord,
) -> Checked {
    match promise.of(store.find(id)).await? {
        TokenState::Live(found) if *found == *record => Ok(()),
        TokenState::Live(found) => {
            let (subject, expected) = (found.subject(), record.subject());
            Err(promise.broken(format!("{id:?} has a record of {subject:?}, not that of {expected:?}")))
        }
        state @ (TokenState::Absent | TokenState::Revoked) => {
            Err(promise.broken(format!("{id:?} is {}, not Live", word(&state))))
        }
    }
}
