//! `insert`, `update`, `delete` and `find`, all at once.

use grantor::Scope;
use grantor::store::{Client, ClientRegistry, ClientStore, Credential, Delete, Insert, Revision, Update};

use super::{FIRST, expect, expect_none, insert};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::client_id;
use crate::race::{THREADS, race_often};
use crate::records::named;

/// Many register one id at the same moment, each another record.
pub async fn of_24_inserts_at_once_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "of any number of inserts of one client exactly one is Done, and its record is the one that is kept",
        "two would believe that the id is theirs; make it one atomic insert-if-absent",
    );
    let name = |thread: usize| format!("of thread {thread}");
    let rounds = race_often(fixture, promise, 48, async |store, round, thread| {
        let client = named(promise, &format!("client-{round}"), &name(thread))?;
        promise.of(store.insert(Revision::new(thread as u64 + 1), &client)).await
    })?;
    let store = fixture.open().await;
    for (round, answers) in rounds.iter().enumerate() {
        let won: Vec<usize> = (0..THREADS).filter(|at| answers.get(*at) == Some(&Insert::Done)).collect();
        let [winner] = won[..] else {
            return Err(promise.broken(format!("in round {round} {} of {THREADS} were Done", won.len())));
        };
        let client = named(promise, &format!("client-{round}"), &name(winner))?;
        expect(promise, &store, &client, Revision::new(winner as u64 + 1)).await?;
    }
    Ok(())
}

/// Many change one client at the same moment, again and again.
pub async fn of_24_updates_at_one_revision_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "of any number of updates at one revision exactly one is Done, and its record is the one that is kept",
        "the others would believe that their change was kept, such as that a secret was taken away; make it one \
         atomic compare-and-swap",
    );
    let name = |round: usize, thread: usize| format!("of thread {thread} in round {round}");
    insert(promise, &fixture.open().await, &named(promise, "a", "inserted")?).await?;
    let rounds = race_often(fixture, promise, 64, async |store, round, thread| {
        let expected = Revision::new(FIRST.get() + round as u64);
        let client = named(promise, "a", &name(round, thread))?;
        let update = promise.of(store.update(expected, &client)).await?;
        if update == Update::Done && round % 2 == 1 {
            expect(promise, store, &client, expected.next()).await?;
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
    let client = named(promise, "a", &name(rounds.len() - 1, last))?;
    expect(promise, &fixture.open().await, &client, Revision::new(FIRST.get() + rounds.len() as u64)).await
}

/// One deletes what the others have read and change.
pub async fn an_update_beside_a_delete_brings_nothing_back<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "an update and a delete of one client at once end in none",
        "a client that was deleted would be back, and delete said that it was gone",
    );
    let id = |round: usize| format!("client-{}", round / 2);
    let rounds = race_often(fixture, promise, 80, async |store, round, thread| {
        let client = named(promise, &id(round), &format!("of thread {thread}"))?;
        match (round % 2, thread) {
            (0, 0) => insert(promise, store, &client).await,
            (0, _) => Ok(()),
            (_, 7) => {
                let delete = promise.of(store.delete(client.id())).await?;
                promise.holds(delete == Delete::Done, || format!("the only delete was {delete:?}"))?;
                expect_none(promise, store, client.id()).await
            }
            (_, _) => {
                let _any = promise.of(store.update(FIRST, &client)).await?;
                Ok(())
            }
        }
    })?;
    let store = fixture.open().await;
    for round in 0..rounds.len() {
        expect_none(promise, &store, &client_id(promise, &id(round))?).await?;
    }
    Ok(())
}

/// One writer changes all of a record at once, to and fro, and nobody ever reads a part of each.
pub async fn a_client_is_read_as_one_snapshot<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "find gives one snapshot of a client and the revision of that very record",
        "a new secret with an old scope lets in whoever was given the new secret with rights that were taken away",
    );
    let (even, odd) = (version(promise, "even")?, version(promise, "odd")?);
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
                return Err(promise.broken("a client that is only updated was not found"));
            };
            let (record, revision) = (found.record(), found.revision());
            promise.holds(record == at(revision), || {
                let (name, scope) = (record.name(), record.scope());
                let credential = record.credentials().first().map(Credential::id);
                format!("at {revision:?} name {name:?}, scope {scope}, credential {credential:?}")
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

/// A record that differs from its other version in every member that a store may keep apart.
fn version(promise: Promise, word: &str) -> Checked<Client> {
    let scope = promise.made(Scope::parse(word))?;
    let credentials: Vec<String> = (0..10)
        .map(|number| format!(r#"{{"id":"{word}-{number}","kind":{{"newer":"{word}"}},"label":"{word}"}}"#))
        .collect();
    let document = format!(
        r#"{{"v":1,"id":"a","name":"{word}","enabled":{},"auth_method":"client_secret_basic",
        "credentials":[{}],"grant_types":["client_credentials","{word}"],"scope":"{scope}",
        "resources":["https://{word}.example.com"],"token_epoch":{},"metadata":{{"{word}":"{word}"}}}}"#,
        word == "even",
        credentials.join(","),
        word.len()
    );
    promise.made(Client::from_document(&document))
}
