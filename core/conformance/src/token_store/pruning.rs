//! `prune`: what has ended goes, in bounded batches, and nothing else does.
//!
//! A store that expires entries by itself may return 0 and keep them: then all of them must still be there.

use grantor::Timestamp;
use grantor::store::{Claim, Insert, TokenStore};

use super::{prune_all, word};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, proof, token};
use crate::race::{THREADS, race, race_often};
use crate::records::token_of;

/// Entries of each kind that end one second after the other, and one that never does.
pub async fn prune_removes_only_what_ended_before<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "prune removes what ended before the given moment, all of it and nothing else",
        "a claim that goes too soon is spent again, a revocation that goes too soon ends; what never goes fills the \
         disk",
    );
    const ENDED: usize = 11;
    let store = fixture.open().await;
    let ends: Vec<Timestamp> = (0..30).map(|number| at(101 + number)).chain([Timestamp::MAX]).collect();
    for (number, until) in ends.iter().enumerate() {
        let claim = promise.of(store.claim(&proof(number), *until)).await?;
        promise.holds(claim == Claim::First, || format!("a first claim was {claim:?}"))?;
        let insert = promise.of(store.insert(&token(number), &token_of(promise, "client", *until)?)).await?;
        promise.holds(insert == Insert::Done, || format!("a first insert was {insert:?}"))?;
        promise.of(store.revoke(&token(1000 + number), *until)).await?;
    }
    let removed = prune_all(promise, &store, at(101 + ENDED as u64)).await? as usize;
    let (mut claims, mut tokens) = (0, 0);
    for (number, until) in ends.iter().enumerate() {
        let kinds = [
            promise.of(store.claim(&proof(number), at(9000))).await? == Claim::First,
            word(&promise.of(store.find(&token(number))).await?) == "Absent",
            word(&promise.of(store.find(&token(1000 + number))).await?) == "Absent",
        ];
        let [claim, token, tombstone] = kinds.map(usize::from);
        claims += claim;
        tokens += token + tombstone;
        let spared = number < ENDED || kinds == [false; 3];
        let before = at(101 + ENDED as u64);
        promise.holds(spared, || format!("pruning before {before} took what ends {until}: {kinds:?}"))?;
    }
    let gone = claims + tokens;
    promise.holds(removed == gone, || format!("it said that {removed} went, and {gone} did"))?;
    let whole = [0, ENDED].contains(&claims) && [0, 2 * ENDED].contains(&tokens);
    let seen =
        || format!("of {ENDED} claims {claims} went, of {} tokens and revocations {tokens}", 2 * ENDED);
    promise.holds(whole, seen)
}

/// Batches of several sizes. Core calls again while as many go as may.
pub async fn prune_is_bounded_by_its_limit_and_counts_what_went<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "prune removes at most limit entries and returns how many went",
        "a batch without bound holds up requests; a wrong count ends the pruning too soon, or never",
    );
    let store = fixture.open().await;
    let count: u32 = 60;
    for number in 0..count as usize {
        promise.of(store.revoke(&token(number), at(50))).await?;
    }
    let mut removed = 0;
    for limit in [1, 7, 1, 20, 7, 1000, u32::MAX] {
        let went = promise.of(store.prune(at(51), limit)).await?;
        removed += went;
        let mut gone = 0;
        for number in 0..count as usize {
            let state = promise.of(store.find(&token(number))).await?;
            gone += u32::from(word(&state) == "Absent");
        }
        promise.holds(went <= limit, || format!("at most {limit} were to go, and it says {went}"))?;
        promise.holds(gone == removed, || format!("so far it says that {removed} went, and {gone} did"))?;
        let all_it_may = removed == 0 || went == limit.min(count - (removed - went));
        promise.holds(all_it_may, || {
            format!("of {count}, {removed} have gone; with limit {limit} {went} went")
        })?;
    }
    Ok(())
}

/// Each node prunes, at whatever moment.
pub async fn several_may_prune_at_once_and_each_entry_counts_once<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "several may prune at once: each entry is counted once, and what has not ended stays",
        "nodes that get into each other's way would fail, or take what one of them does not know of",
    );
    const EACH: usize = 30;
    let rounds = race(fixture, promise, 2, async |store, round, thread| {
        if round == 0 {
            for number in thread * EACH..(thread + 1) * EACH {
                let claim =
                    promise.of(store.claim(&proof(number), at(50 + 50 * (number as u64 % 2)))).await?;
                promise.holds(claim == Claim::First, || format!("a first claim was {claim:?}"))?;
            }
            return Ok(0);
        }
        prune_all(promise, store, at(100)).await
    })?;
    let store = fixture.open().await;
    let at_once: u32 = rounds.iter().flatten().sum();
    let removed = (at_once + prune_all(promise, &store, at(100)).await?) as usize;
    let ended = THREADS * EACH / 2;
    let all_or_none = removed == 0 || removed == ended;
    promise.holds(all_or_none, || format!("of {ended} that had ended {removed} were counted"))?;
    for number in (1..THREADS * EACH).step_by(2) {
        let claim = promise.of(store.claim(&proof(number), at(100))).await?;
        promise.holds(claim == Claim::Replayed, || format!("one that had not ended was {claim:?}"))?;
    }
    Ok(())
}

/// An entry that had ended when the pruning began, and is revoked for longer before it gets there.
pub async fn prune_spares_what_was_just_revoked_for_longer<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "prune spares an entry whose until was just moved",
        "a revocation that has returned would be undone by a pruning that looked before it",
    );
    let id = |round: usize, thread: usize| token(round / 2 * THREADS + thread);
    let rounds = race_often(fixture, promise, 48, async |store, round, thread| {
        if round % 2 == 0 {
            return promise.of(store.revoke(&id(round, thread), at(50))).await;
        }
        if thread % 3 == 0 {
            prune_all(promise, store, at(51)).await?;
        } else {
            promise.of(store.revoke(&id(round, thread), at(1000))).await?;
        }
        Ok(())
    })?;
    let store = fixture.open().await;
    for (round, thread) in
        (0..rounds.len()).step_by(2).flat_map(|round| (0..THREADS).map(move |at| (round, at)))
    {
        if thread % 3 != 0 {
            let state = promise.of(store.find(&id(round, thread))).await?;
            let seen = || format!("one that was revoked until {} is {}", at(1000), word(&state));
            promise.holds(word(&state) == "Revoked", seen)?;
        }
    }
    Ok(())
}

/// Pruning up to the very second in which things end, while they come.
pub async fn nothing_is_forgotten_before_its_until_while_others_prune<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "no claim and no revocation is forgotten before its until, while others prune up to that second",
        "a proof is spent again or a revoked token lives again, just when the store is busiest",
    );
    const ROUNDS: usize = 12;
    let number = |round: usize, thread: usize| round * THREADS + thread;
    race(fixture, promise, ROUNDS, async |store, round, thread| {
        let number = number(round, thread);
        if thread % 4 == 0 {
            let removed = prune_all(promise, store, at(107)).await?;
            promise
                .holds(removed == 0, || format!("pruning before {} took {removed} that end then", at(107)))?;
        }
        let claim = promise.of(store.claim(&proof(number), at(107))).await?;
        promise.holds(claim == Claim::First, || format!("a first claim was {claim:?}"))?;
        promise.of(store.revoke(&token(number), at(107))).await
    })?;
    still_there(promise, &fixture.open().await, ROUNDS * THREADS).await
}

async fn still_there(promise: Promise, store: &impl TokenStore, count: usize) -> Checked {
    for number in 0..count {
        let claim = promise.of(store.claim(&proof(number), at(107))).await?;
        promise.holds(claim == Claim::Replayed, || format!("a second claim was {claim:?}"))?;
        let state = promise.of(store.find(&token(number))).await?;
        promise.holds(word(&state) == "Revoked", || format!("a revoked token is {}", word(&state)))?;
    }
    Ok(())
}
