//! `load` and `replace`.

use grantor::store::{KeySet, KeyStore, Replace, Revision};

use super::{expect, replace};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::race::{THREADS, race_often};
use crate::records::keys_of;

const ONE_WINS: Promise = Promise::new(
    "of any number of replacements at one revision exactly one wins, and its keys are what is kept",
    "nodes would sign with keys that are in no published set, and every API would refuse their tokens; make it \
     one atomic compare-and-swap",
);

/// A fresh store says that it is fresh.
pub async fn nothing_stored_yet_is_an_empty_set_at_revision_absent<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "nothing stored yet is the empty set at Revision::ABSENT, and no error",
        "the first server would not start, or would plan on keys that nobody made",
    );
    let store = fixture.open().await;
    expect(promise, &store, &KeySet::default(), Revision::ABSENT).await?;
    for revision in [1, 2, u64::from(u32::MAX)] {
        let keys = keys_of(promise, "early")?;
        replace(promise, &store, Revision::new(revision), &keys, Replace::Lost).await?;
    }
    expect(promise, &store, &KeySet::default(), Revision::ABSENT).await
}

/// What the first servers of a new issuer do, all at once. Worth repeating, since a fresh store has one such moment.
pub async fn of_24_first_replacements_at_once_exactly_one_wins<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    race_from_absent(fixture, 1).await
}

/// Many rotate at the same moment, again and again.
pub async fn of_24_replacements_at_once_exactly_one_wins<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    race_from_absent(fixture, 64).await
}

async fn race_from_absent<F: Fixture>(fixture: &F, rounds: usize) -> Checked
where
    F::Store: KeyStore,
{
    let promise = ONE_WINS;
    let answers = race_often(fixture, promise, rounds, async |store, round, thread| {
        let keys = keys_of(promise, &format!("key-{round}-{thread}"))?;
        let answer = promise.of(store.replace(Revision::new(round as u64), &keys)).await?;
        if answer == Replace::Won && round % 2 == 1 {
            // What the winner sees is its own.
            expect(promise, store, &keys, Revision::new(round as u64 + 1)).await?;
        }
        Ok(answer)
    })?;
    let mut last = 0;
    for (round, answers) in answers.iter().enumerate() {
        let won: Vec<usize> = (0..THREADS).filter(|at| answers.get(*at) == Some(&Replace::Won)).collect();
        let [winner] = won[..] else {
            return Err(promise.broken(format!("at revision {round} {} of {THREADS} won", won.len())));
        };
        last = winner;
    }
    let keys = keys_of(promise, &format!("key-{}-{last}", answers.len() - 1))?;
    expect(promise, &fixture.open().await, &keys, Revision::new(answers.len() as u64)).await
}

/// A writer at any revision but the current one has no effect.
pub async fn a_writer_that_lost_has_changed_nothing<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "a replacement at any revision but the current one is Lost and changes nothing; one that Won is at the next",
        "a node that slept through a rotation would bring back the old keys and drop those that sign now",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let keys = keys_of(promise, "first")?;
    replace(promise, &one, Revision::ABSENT, &keys, Replace::Won).await?;
    expect(promise, &other, &keys, Revision::ABSENT.next()).await?;
    let second = keys_of(promise, "second")?;
    replace(promise, &one, Revision::ABSENT.next(), &second, Replace::Won).await?;
    for stale in [0, 1, 3, 4, u64::from(u32::MAX), (1 << 53) - 1] {
        for store in [&one, &other] {
            let lost = keys_of(promise, &format!("lost-{stale}"))?;
            replace(promise, store, Revision::new(stale), &lost, Replace::Lost).await?;
            expect(promise, &one, &second, Revision::new(2)).await?;
        }
    }
    replace(promise, &other, Revision::new(2), &KeySet::default(), Replace::Won).await?;
    expect(promise, &one, &KeySet::default(), Revision::new(3)).await?;
    replace(promise, &one, Revision::ABSENT, &keys, Replace::Lost).await
}

/// The next `load` of any process sees a replacement that has returned.
pub async fn a_replacement_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "once replace has returned the next load sees it, through every handle",
        "a node would plan on old keys, lose each time, and never publish the new ones",
    );
    let handles = [fixture.open().await, fixture.open().await];
    for number in 0..20 {
        let mut turns = handles.iter().cycle().skip(number % 2);
        let (Some(writer), Some(reader)) = (turns.next(), turns.next()) else { continue };
        let (_, before) = promise.of(reader.load()).await?;
        let keys = keys_of(promise, &format!("key-{number}"))?;
        replace(promise, writer, before, &keys, Replace::Won).await?;
        expect(promise, reader, &keys, before.next()).await?;
        expect(promise, writer, &keys, before.next()).await?;
    }
    Ok(())
}

/// Whoever loads while others replace gets the keys of that very revision.
pub async fn keys_and_revision_are_one_snapshot<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "load gives a key set and the revision of that very set",
        "a node that plans on old keys at the new revision wins, and the keys of another node are gone",
    );
    let version = |revision: Revision| keys_of(promise, &format!("key-{}", revision.get()));
    race_often(fixture, promise, 16, async |store, round, thread| {
        for step in 1..=4 {
            if thread == 0 {
                let expected = Revision::new(4 * round as u64 + step - 1);
                replace(promise, store, expected, &version(expected.next())?, Replace::Won).await?;
            }
            let (keys, revision) = promise.of(store.load()).await?;
            let fits = if revision == Revision::ABSENT { KeySet::default() } else { version(revision)? };
            promise.holds(keys == fits, || format!("{keys:?} was loaded at {revision:?}"))?;
        }
        Ok(())
    })?;
    Ok(())
}
