//! Many processes that tell at the same moment.

use grantor::store::{CredentialUsage, CredentialUse};

use super::{expect, used};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::at;
use crate::race::{THREADS, race, race_often};

/// How many each thread of a flood tells of, and how many at a time.
const EACH: usize = 150;
const AT_A_TIME: usize = 15;

/// Each tells of another time of one credential.
pub async fn of_24_touches_at_once_the_latest_use_counts<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "of any number of touches of one credential at once the latest use counts",
        "the process that writes last would decide; make it one atomic write of the later time",
    );
    let rounds = race_often(fixture, promise, 40, async |store, round, thread| {
        let later = (thread + round) % THREADS;
        let time = at(107 - later as u64);
        promise.of(store.touch(&[used(promise, &format!("client-{round}"), "secret", time)?])).await
    })?;
    let store = fixture.open().await;
    for round in 0..rounds.len() {
        expect(promise, &store, &format!("client-{round}"), &[("secret", at(107))]).await?;
    }
    Ok(())
}

/// Each tells of another credential of one client.
pub async fn of_24_touches_at_once_none_is_lost<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "of any number of touches of one client's credentials at once none is lost",
        "the uses of a client that are read, changed and written back whole overwrite each other",
    );
    let name = |thread: usize| format!("secret-{thread}");
    let rounds = race_often(fixture, promise, 40, async |store, round, thread| {
        let use_of_one = used(promise, &format!("client-{round}"), &name(thread), at(thread as u64))?;
        promise.of(store.touch(&[use_of_one])).await
    })?;
    let store = fixture.open().await;
    let names: Vec<String> = (0..THREADS).map(name).collect();
    let expected: Vec<_> = names.iter().map(String::as_str).zip((0..).map(at)).collect();
    for round in 0..rounds.len() {
        expect(promise, &store, &format!("client-{round}"), &expected).await?;
    }
    Ok(())
}

/// All processes tell of the same credentials, each in an order of its own: two that wait for each other never end, or
/// one of them is told that it failed.
pub async fn batches_that_cross_are_all_remembered<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    const CLIENTS: usize = 6;
    const CREDENTIALS: usize = 5;
    let promise = Promise::new(
        "batches of the same credentials at once all succeed, whatever order each is in",
        "processes that hold each other's rows fail or hang at every hour: take them in one order",
    );
    let id = |number: usize| (format!("client-{}", number % CLIENTS), format!("secret-{}", number / CLIENTS));
    race(fixture, promise, 24, async |store, round, thread| {
        let time = at((round * THREADS + thread) as u64);
        let mut batch = (0..CLIENTS * CREDENTIALS)
            .map(|number| used(promise, &id(number).0, &id(number).1, time))
            .collect::<Checked<Vec<CredentialUse>>>()?;
        batch.rotate_left((7 * thread) % (CLIENTS * CREDENTIALS));
        if thread % 2 == 1 {
            batch.reverse();
        }
        promise.of(store.touch(&batch)).await
    })?;
    let latest = at((24 * THREADS - 1) as u64);
    let store = fixture.open().await;
    let names: Vec<String> = (0..CREDENTIALS).map(|number| format!("secret-{number}")).collect();
    let expected: Vec<_> = names.iter().map(|name| (name.as_str(), latest)).collect();
    for client in 0..CLIENTS {
        expect(promise, &store, &format!("client-{client}"), &expected).await?;
    }
    Ok(())
}

/// Thousands of uses from all sides, and the first ones are remembered as the last.
pub async fn no_use_is_forgotten_in_a_flood<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "a use is remembered for 400 days, however many others come",
        "a credential of which nothing is known seems never used, and an operator takes it away",
    );
    let name = |number: usize| format!("client-{number}");
    race(fixture, promise, 1, async |store, _, thread| {
        let mine: Vec<usize> = (thread * EACH..(thread + 1) * EACH).collect();
        for numbers in mine.chunks(AT_A_TIME) {
            let batch =
                numbers.iter().map(|number| used(promise, &name(*number), "secret", at(*number as u64)));
            promise.of(store.touch(&batch.collect::<Checked<Vec<_>>>()?)).await?;
        }
        Ok(())
    })?;
    race(fixture, promise, 1, async |store, _, thread| {
        let turn = (thread + 1) % THREADS;
        for number in turn * EACH..(turn + 1) * EACH {
            expect(promise, store, &name(number), &[("secret", at(number as u64))]).await?;
        }
        Ok(())
    })?;
    Ok(())
}
