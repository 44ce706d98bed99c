//! Many at the same moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use grantor::store::{Consume, CountedAccess, InitialAccess, InitialAccessStore, Insert};

use super::{access, consume, delete, expect, id_of};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::race::{THREADS, race, race_often};
use crate::registry::insert;

/// Each of them more than once, so that uses cross all the time.
pub async fn of_24_consumes_at_once_as_many_are_done_as_were_left<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    const TURNS: usize = 3;
    let promise = Promise::new(
        "of any number of uses at once exactly as many are Done as were left, and the rest are Spent",
        "two who share a token for one client both register one; make it one atomic count up to the most",
    );
    // From one use to more than there are takers.
    let most_of = |round: usize| [1, 1, 2, 7, 23, 40, 71, 72, 73][round % 9];
    let name = |round: usize| format!("name-{}", round / 2);
    // Each first round only inserts.
    let rounds = race_often(fixture, promise, 72, async |store, round, thread| {
        let (token, most) = (access(promise, &name(round), "token")?, most_of(round / 2));
        if round % 2 == 0 {
            if thread == 0 {
                insert(promise, store, &token).await?;
            }
            return Ok(Vec::new());
        }
        let mut outcomes = Vec::with_capacity(TURNS);
        for _turn in 0..TURNS {
            outcomes.push(promise.of(store.consume(token.id(), most)).await?);
        }
        Ok(outcomes)
    })?;
    let store = fixture.open().await;
    for (round, outcomes) in rounds.iter().enumerate().filter(|(round, _)| round % 2 == 1) {
        let most = most_of(round / 2);
        let left = usize::try_from(most).unwrap_or(usize::MAX).min(THREADS * TURNS);
        let count = |outcome| outcomes.iter().flatten().filter(|found| **found == outcome).count();
        let (done, spent) = (count(Consume::Done), count(Consume::Spent));
        promise.holds((done, spent) == (left, THREADS * TURNS - left), || {
            format!(
                "of {most} uses that were left {done} were Done and {spent} Spent, of {}",
                THREADS * TURNS
            )
        })?;
        let counted = u32::try_from(left).unwrap_or(u32::MAX);
        expect(promise, &store, &access(promise, &name(round), "token")?, counted).await?;
    }
    Ok(())
}

/// One deletes what the others use.
pub async fn a_consume_beside_a_delete_brings_nothing_back<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "uses and a delete of one token at once end in none, and no use is Done once delete has returned",
        "a token that was taken away would register clients again, and delete said that it was gone",
    );
    let name = |round: usize| format!("name-{}", round / 2);
    let rounds = race_often(fixture, promise, 80, async |store, round, thread| {
        let token = access(promise, &name(round), "token")?;
        match (round % 2, thread) {
            (0, 0) => insert(promise, store, &token).await,
            (0, _) => Ok(()),
            (_, 7) => {
                delete(promise, store, token.id()).await?;
                consume(promise, store, token.id(), u32::MAX, Consume::Missing).await
            }
            (_, _) => {
                let mut is_gone = false;
                for _use in 0..3 {
                    let outcome = promise.of(store.consume(token.id(), u32::MAX)).await?;
                    let kept = outcome == if is_gone { Consume::Missing } else { outcome };
                    promise.holds(kept, || format!("after Missing a use was {outcome:?}"))?;
                    promise
                        .holds(outcome != Consume::Spent, || "one without a bound was Spent".to_owned())?;
                    is_gone = outcome == Consume::Missing;
                }
                Ok(())
            }
        }
    })?;
    let store = fixture.open().await;
    for round in (1..rounds.len()).step_by(2) {
        let id = id_of(promise, &name(round))?;
        consume(promise, &store, &id, u32::MAX, Consume::Missing).await?;
        let found = promise.of(store.find(&id)).await?;
        promise.holds(found.is_none(), || format!("after its delete there was {found:?}"))?;
        // And of what might have stayed of it nothing counts for the next one.
        insert(promise, &store, &access(promise, &name(round), "again")?).await?;
        expect(promise, &store, &access(promise, &name(round), "again")?, 0).await?;
    }
    Ok(())
}

/// Many make a token of one id, each another record.
pub async fn of_24_inserts_at_once_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "of any number of inserts of one id exactly one is Done, and its record is the one that is kept",
        "somebody would hold a token that opens nothing; make it one atomic insert-if-absent",
    );
    let label = |thread: usize| format!("of thread {thread}");
    let rounds = race_often(fixture, promise, 48, async |store, round, thread| {
        let token = access(promise, &format!("name-{round}"), &label(thread))?;
        let insert = promise.of(store.insert(&token)).await?;
        if insert == Insert::Done {
            // An insert that comes late must not take the use back.
            consume(promise, store, token.id(), 1, Consume::Done).await?;
        }
        Ok(insert)
    })?;
    let store = fixture.open().await;
    for (round, answers) in rounds.iter().enumerate() {
        let won: Vec<usize> = (0..THREADS).filter(|at| answers.get(*at) == Some(&Insert::Done)).collect();
        let [winner] = won[..] else {
            return Err(promise.broken(format!("in round {round} {} of {THREADS} were Done", won.len())));
        };
        expect(promise, &store, &access(promise, &format!("name-{round}"), &label(winner))?, 1).await?;
    }
    Ok(())
}

/// One token goes and another one of its id comes, to and fro, and nobody ever reads the count of the one with the other.
pub async fn a_record_and_its_count_are_one_snapshot<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "find gives one snapshot of a token and the count of its very uses",
        "an operator would be told of a new token that it was used, or of a used one that it was not",
    );
    let (fresh, used) = (access(promise, "a", "fresh")?, access(promise, "a", "used")?);
    let reading = AtomicUsize::new(THREADS - 1);
    race(fixture, promise, 1, async |store, _, thread| {
        if thread > 0 {
            let read = read_often(promise, store, &fresh, &used).await;
            reading.fetch_sub(1, Ordering::SeqCst);
            return read;
        }
        for _step in (0..100_000).take_while(|_| reading.load(Ordering::SeqCst) > 0) {
            insert(promise, store, &used).await?;
            for _use in 0..2 {
                consume(promise, store, used.id(), u32::MAX, Consume::Done).await?;
            }
            delete(promise, store, used.id()).await?;
            insert(promise, store, &fresh).await?;
            delete(promise, store, fresh.id()).await?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Of the two that come and go only `used` is used, twice. What is seen while there is none says nothing.
async fn read_often(
    promise: Promise,
    store: &impl InitialAccessStore,
    fresh: &InitialAccess,
    used: &InitialAccess,
) -> Checked {
    let (mut seen, mut looks) = (0, 0);
    while seen < 100 && looks < 3000 {
        looks += 1;
        let Some(CountedAccess { access, uses, .. }) = promise.of(store.find(used.id())).await? else {
            thread::yield_now();
            continue;
        };
        seen += 1;
        let is_one = (access == *used && uses <= 2) || (access == *fresh && uses == 0);
        promise.holds(is_one, || format!("the token {:?} with a count of {uses}", access.label()))?;
    }
    Ok(())
}
