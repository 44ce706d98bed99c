//! `claim`: exactly one caller is ever first.

use grantor::store::{Claim, TokenState, TokenStore};
use grantor::{Jti, ProofId, ProofNamespace, Timestamp, TokenId};

use super::{prune_all, word};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, bytes_that_differ_by_a_bit, proof, token};
use crate::race::{THREADS, race_often};

/// Many present one proof at the same moment, again and again.
pub async fn of_24_claims_at_once_exactly_one_is_first<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "of any number of claims of one proof exactly one is First",
        "whoever sends a client assertion many times at the same moment gets many tokens (RFC 7523 §3 (7)); make \
         it one atomic insert-if-absent, never a look and then a write",
    );
    let rounds = race_often(fixture, promise, 64, async |store, round, thread| {
        promise.of(store.claim(&proof(round), at(300 + thread as u64))).await
    })?;
    for (round, answers) in rounds.iter().enumerate() {
        let first = answers.iter().filter(|answer| **answer == Claim::First).count();
        promise.holds(first == 1, || format!("in round {round} {first} of {THREADS} were First"))?;
    }
    let late = fixture.open().await;
    for round in 0..rounds.len() {
        expect(promise, &late, &proof(round), Claim::Replayed).await?;
    }
    Ok(())
}

/// What one process has spent no other can spend.
pub async fn a_claim_is_spent_for_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a proof that was claimed through one handle is spent for every other",
        "an assertion could be sent once to each process of the issuer, and each would issue a token",
    );
    let handles = [fixture.open().await, fixture.open().await, fixture.open().await];
    for number in 0..handles.len() * 8 {
        for (turn, store) in handles.iter().cycle().skip(number).take(handles.len()).enumerate() {
            let expected = if turn == 0 { Claim::First } else { Claim::Replayed };
            expect(promise, store, &proof(number), expected).await?;
        }
    }
    Ok(())
}

/// Owners and jti that run together when they are written one after the other.
pub async fn claims_are_kept_apart_by_namespace_owner_and_jti<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "proofs of different owners, jti or namespaces are apart",
        "one sender could burn the assertions of another, or two proofs would pass for one",
    );
    let pairs = [
        ("ab", "c"),
        ("a", "bc"),
        ("a", "b"),
        ("b", "a"),
        ("a:b", "c"),
        ("a", "b:c"),
        ("a/b", "c"),
        ("a", "b/c"),
        ("a\0b", "c"),
        ("a", "b c"),
        ("a b", "c"),
        ("A", "b"),
        ("a ", "b"),
        ("a", "b "),
        ("", "ab"),
        ("client", "a"),
        ("issuer", "a"),
        ("https://issuer.example.com", "a"),
        ("https://issuer.example.com/", "a"),
        ("%", "_"),
        ("{a}", "'"),
    ];
    let (one, other) = (fixture.open().await, fixture.open().await);
    for expected in [Claim::First, Claim::Replayed] {
        let store = if expected == Claim::First { &one } else { &other };
        for (owner, jti) in pairs {
            let jti = promise.made(Jti::new(jti))?;
            for namespace in [ProofNamespace::Client, ProofNamespace::Issuer, ProofNamespace::Dpop] {
                expect(promise, store, &ProofId::new(namespace, owner, &jti), expected).await?;
            }
        }
    }
    Ok(())
}

/// All 256 bits of an id count, zeros, quotes and line ends in it too.
pub async fn ids_of_proofs_differ_by_every_bit<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "ids of proofs compare by all of their 256 bits",
        "two proofs that a store takes for one lock out a client; one that it cannot find again is spent twice",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let ids = bytes_that_differ_by_a_bit();
    for id in &ids {
        expect(promise, &one, &ProofId::from_bytes(*id), Claim::First).await?;
    }
    for id in &ids {
        expect(promise, &other, &ProofId::from_bytes(*id), Claim::Replayed).await?;
    }
    Ok(())
}

/// One digest may stand for a proof and for a token.
pub async fn a_proof_and_a_token_of_the_same_bytes_are_apart<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a proof and a token of the same 32 bytes are apart",
        "spending a proof would revoke a token, or a revocation would let a proof pass for spent",
    );
    let store = fixture.open().await;
    expect(promise, &store, &proof(1), Claim::First).await?;
    let state = promise.of(store.find(&TokenId::from_bytes(*proof(1).as_bytes()))).await?;
    let absent = matches!(state, TokenState::Absent);
    promise.holds(absent, || format!("a claim made a token of the same bytes {}", word(&state)))?;
    promise.of(store.revoke(&token(2), at(100))).await?;
    expect(promise, &store, &proof(2), Claim::First).await?;
    promise.of(store.revoke(&token(1), at(100))).await?;
    expect(promise, &store, &proof(1), Claim::Replayed).await
}

/// Expiry permits removal, and core, whose clock may differ, asks for it by `prune`.
pub async fn a_claim_whose_until_has_passed_is_still_spent<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a claim whose until has passed, or lies as far ahead as can be, is spent all the same",
        "on a machine whose clock is behind, an assertion that is still honoured could be spent again",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let moments =
        [Timestamp::EPOCH, Timestamp::EPOCH.plus(std::time::Duration::from_secs(1)), long_ago(), at(0)];
    let moments: Vec<_> = moments.into_iter().chain([Timestamp::MAX]).collect();
    for (number, until) in moments.iter().enumerate() {
        let claim = promise.of(one.claim(&proof(number), *until)).await?;
        promise.holds(claim == Claim::First, || format!("the first claim until {until} was {claim:?}"))?;
    }
    for number in 100..150 {
        expect(promise, &one, &proof(number), Claim::First).await?;
    }
    for (number, until) in moments.iter().enumerate() {
        let claim = promise.of(other.claim(&proof(number), *until)).await?;
        promise
            .holds(claim == Claim::Replayed, || format!("the second claim until {until} was {claim:?}"))?;
    }
    Ok(())
}

/// The `until` of the claim that was first stays.
pub async fn a_replay_does_not_move_until<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "Replayed changes nothing, the remembered until included",
        "whoever replays could have the claim forgotten sooner, and then spend the proof again, or kept for ever",
    );
    let store = fixture.open().await;
    for number in 0..3 {
        let claim = promise.of(store.claim(&proof(number), at(107))).await?;
        promise.holds(claim == Claim::First, || format!("the first claim was {claim:?}"))?;
    }
    for (number, until) in [(1, Timestamp::MAX), (1, at(9000)), (2, at(3)), (2, Timestamp::EPOCH)] {
        let claim = promise.of(store.claim(&proof(number), until)).await?;
        promise.holds(claim == Claim::Replayed, || format!("the second claim was {claim:?}"))?;
    }
    for before in [at(4), at(107)] {
        let removed = prune_all(promise, &store, before).await?;
        promise.holds(removed == 0, || {
            format!("pruning before {before} took {removed}, of until {}", at(107))
        })?;
    }
    let removed = prune_all(promise, &store, at(108)).await?;
    let expected = if removed == 0 { Claim::Replayed } else { Claim::First };
    let all_or_none = removed == 0 || removed == 3;
    promise.holds(all_or_none, || format!("of three claims until {} pruning took {removed}", at(107)))?;
    for number in 0..3 {
        expect(promise, &store, &proof(number), expected).await?;
    }
    Ok(())
}

/// In 2001, past by any clock.
fn long_ago() -> Timestamp {
    Timestamp::EPOCH.plus(std::time::Duration::from_secs(1_000_000_007))
}

async fn expect(promise: Promise, store: &impl TokenStore, id: &ProofId, expected: Claim) -> Checked {
    let claim = promise.of(store.claim(id, at(1000))).await?;
    promise.holds(claim == expected, || format!("{id:?} was {claim:?}, not {expected:?}"))
}
