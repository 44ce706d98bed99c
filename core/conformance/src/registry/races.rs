//! `insert`, `update`, `delete` and `find`, all at once.

use grantor::store::{Delete, Insert, Revision, Update};

use super::{Changing, FIRST, Finds, Keeps, Registry, differing, expect, expect_none, insert};
use crate::broken::{Checked, Promise};
use crate::fixture::Fixture;
use crate::race::{THREADS, race_often};

/// Many register one id at the same moment, each another record.
pub(crate) async fn of_24_inserts_at_once_exactly_one_is_done<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    let name = |thread: usize| format!("of thread {thread}");
    let rounds = race_often(fixture, promise, 48, async |store, round, thread| {
        let record = R::named(promise, &format!("name-{round}"), &name(thread))?;
        promise.of(store.insert(Revision::new(thread as u64 + 1), &record)).await
    })?;
    let store = fixture.open().await;
    for (round, answers) in rounds.iter().enumerate() {
        let won: Vec<usize> = (0..THREADS).filter(|at| answers.get(*at) == Some(&Insert::Done)).collect();
        let [winner] = won[..] else {
            return Err(promise.broken(format!("in round {round} {} of {THREADS} were Done", won.len())));
        };
        let record = R::named(promise, &format!("name-{round}"), &name(winner))?;
        expect(promise, &store, &record, Revision::new(winner as u64 + 1)).await?;
    }
    Ok(())
}

/// Many change one record at the same moment, again and again.
pub(crate) async fn of_24_updates_at_one_revision_exactly_one_is_done<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    let name = |round: usize, thread: usize| format!("of thread {thread} in round {round}");
    insert(promise, &fixture.open().await, &R::named(promise, "a", "inserted")?).await?;
    let rounds = race_often(fixture, promise, 64, async |store, round, thread| {
        let expected = Revision::new(FIRST.get() + round as u64);
        let record = R::named(promise, "a", &name(round, thread))?;
        let update = promise.of(store.update(expected, &record)).await?;
        if update == Update::Done && round % 2 == 1 {
            expect(promise, store, &record, expected.next()).await?;
        }
        Ok(update)
    })?;
    let mut last = 0;
    for (round, answers) in rounds.iter().enumerate() {
        let won: Vec<usize> = (0..THREADS).filter(|at| answers.get(*at) == Some(&Update::Done)).collect();
        let [winner] = won[..] else {
            return Err(promise.broken(format!("in round {round} {} of {THREADS} were Done", won.len())));
        };
        last = winner;
    }
    let record = R::named(promise, "a", &name(rounds.len() - 1, last))?;
    expect(promise, &fixture.open().await, &record, Revision::new(FIRST.get() + rounds.len() as u64)).await
}

/// One deletes what the others have read and change.
pub(crate) async fn an_update_beside_a_delete_brings_nothing_back<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    let id = |round: usize| format!("name-{}", round / 2);
    let rounds = race_often(fixture, promise, 80, async |store, round, thread| {
        let record = R::named(promise, &id(round), &format!("of thread {thread}"))?;
        match (round % 2, thread) {
            (0, 0) => insert(promise, store, &record).await,
            (0, _) => Ok(()),
            (_, 7) => {
                let delete = promise.of(store.delete(record.id())).await?;
                promise.holds(delete == Delete::Done, || format!("the only delete was {delete:?}"))?;
                expect_none::<R>(promise, store, record.id()).await
            }
            (_, _) => {
                let _any = promise.of(store.update(FIRST, &record)).await?;
                Ok(())
            }
        }
    })?;
    let store = fixture.open().await;
    for round in 0..rounds.len() {
        expect_none::<R>(promise, &store, &R::id_of(promise, &id(round))?).await?;
    }
    Ok(())
}

/// One writer changes all of a record at once, to and fro, and nobody ever reads a part of each.
pub(crate) async fn one_is_read_as_one_snapshot<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    let (even, odd): (R, R) = (version(promise, "even")?, version(promise, "odd")?);
    let at = |revision: Revision| if revision.get().is_multiple_of(2) { &even } else { &odd };
    insert(promise, &fixture.open().await, at(FIRST)).await?;
    race_often(fixture, promise, 16, async |store, round, thread| {
        for step in 0..6 {
            if thread == 0 {
                let expected = Revision::new(FIRST.get() + 6 * round as u64 + step);
                let update = promise.of(store.update(expected, at(expected.next()))).await?;
                promise
                    .holds(update == Update::Done, || format!("the only writer's update was {update:?}"))?;
            }
            let Some(found) = promise.of(store.find(even.id())).await? else {
                return Err(promise.broken("what is only updated was not found"));
            };
            let (record, revision) = (found.record(), found.revision());
            promise.holds(record == at(revision), || {
                format!("at {revision:?} there differ {:?}", differing(record, at(revision)))
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

/// A record that differs from its other version in every member that a store may keep apart.
fn version<R: Changing>(promise: Promise, word: &str) -> Checked<R> {
    promise.made(R::from_document(&R::document_of_word("a", word, word == "even")))
}
