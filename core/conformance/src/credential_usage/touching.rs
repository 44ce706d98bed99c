//! `touch` and `last_used`, one after the other.

use grantor::store::CredentialUsage;

use super::{expect, used};
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::ids::at;

/// Several processes tell of one credential, and what one of them tells may have waited for long.
pub async fn the_later_of_two_uses_counts_in_any_order<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "of two times of one credential the later one stays, in whatever order they are told",
        "a process that tells late would make a credential seem unused since then, and an operator takes it away",
    );
    let handles = [fixture.open().await, fixture.open().await];
    let told: [&[u64]; 5] = [&[107], &[107, 50], &[50, 107], &[20, 107, 50], &[107, 107]];
    for (number, times) in told.iter().enumerate() {
        let client = format!("client-{number}");
        for (time, store) in times.iter().zip(handles.iter().cycle()) {
            promise.of(store.touch(&[used(promise, &client, "secret", at(*time))?])).await?;
        }
        for store in &handles {
            expect(promise, store, &client, &[("secret", at(107))]).await?;
        }
    }
    // One that is too late is no reason to forget the others that come with it.
    let [store, _] = &handles;
    let both = |a, b| Ok([used(promise, "client", "a", at(a))?, used(promise, "client", "b", at(b))?]);
    promise.of(store.touch(&both(50, 50)?)).await?;
    promise.of(store.touch(&both(40, 60)?)).await?;
    promise.of(store.touch(&both(70, 55)?)).await?;
    expect(promise, store, "client", &[("a", at(70)), ("b", at(60))]).await
}

/// Neither rounded nor cut off.
pub async fn a_use_comes_back_to_the_second<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "the time of a use comes back to the second, also past the year 2038",
        "a time in the past makes a credential seem unused that is in use",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let times = [("a", 0), ("b", 1), ("c", 59), ("d", 61), ("e", 3599), ("f", 86_399), ("g", 25_000_003)];
    let told = times.map(|(credential, seconds)| (credential, at(seconds)));
    for (credential, at) in told {
        promise.of(one.touch(&[used(promise, "client", credential, at)?])).await?;
    }
    expect(promise, &other, "client", &told).await
}

/// An operator's command is another process than the one that saw the use.
pub async fn a_use_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "last_used sees every touch that has returned, through every handle",
        "whoever rotates a secret would not see that the old one is in use elsewhere",
    );
    let handles = [fixture.open().await, fixture.open().await];
    for number in 0..20 {
        let mut turns = handles.iter().cycle().skip(number % 2);
        let (Some(writer), Some(reader)) = (turns.next(), turns.next()) else { continue };
        let client = format!("client-{number}");
        expect(promise, reader, &client, &[]).await?;
        for time in [at(7), at(8)] {
            promise.of(writer.touch(&[used(promise, &client, "secret", time)?])).await?;
            for store in [reader, writer] {
                expect(promise, store, &client, &[("secret", time)]).await?;
            }
        }
    }
    Ok(())
}

/// The largest batch that core sends, over many clients with many credentials each.
pub async fn a_batch_of_1000_is_remembered_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    const CLIENTS: usize = 40;
    let promise = Promise::new(
        "all of a batch of 1000 uses are remembered",
        "a store that keeps a part of it would never keep the rest: the same would be left out each hour",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    for later in [0, 1000] {
        let batch: Result<Vec<_>, Broken> = (0..1000)
            .map(|number| {
                let (client, credential) = (number % CLIENTS, number / CLIENTS);
                let (client, credential) = (format!("client-{client}"), format!("secret-{credential}"));
                used(promise, &client, &credential, at(later + number as u64))
            })
            .collect();
        promise.of(one.touch(&batch?)).await?;
        for client in 0..CLIENTS {
            let names: Vec<String> = (0..1000 / CLIENTS).map(|number| format!("secret-{number}")).collect();
            let numbered = names.iter().enumerate();
            let expected: Vec<_> = numbered
                .map(|(number, name)| (name.as_str(), at(later + (number * CLIENTS + client) as u64)))
                .collect();
            expect(promise, &other, &format!("client-{client}"), &expected).await?;
        }
    }
    Ok(())
}
