//! `consume`, and what ends it, one after the other.

use grantor::store::{Consume, Delete, InitialAccess, InitialAccessStore};

use super::{access, consume, delete, expect, id_of};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::hostile_ids;
use crate::registry::{insert, walk_all};

/// By whatever most is asked for: the store does not know the record's.
pub async fn uses_are_counted_up_to_the_most<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "a use is counted where fewer than the most were, and is otherwise Spent and changes nothing",
        "more clients would be registered with a token than its maker permitted, or fewer",
    );
    let handles = [fixture.open().await, fixture.open().await];
    let [one, other] = &handles;
    let token = access(promise, "a", "token")?;
    let id = token.id();
    insert(promise, one, &token).await?;
    consume(promise, one, id, 0, Consume::Spent).await?;
    expect(promise, other, &token, 0).await?;
    // As many as the most, then none, then as many as a higher most leaves.
    let (mut uses, mut turns) = (0, handles.iter().cycle());
    for most in [3_u32, 1, 3, 5, 4, 6, 9] {
        let left = most.saturating_sub(uses);
        for (expected, store) in (0..left + 3).zip(&mut turns) {
            let outcome = if expected < left { Consume::Done } else { Consume::Spent };
            consume(promise, store, id, most, outcome).await?;
        }
        uses += left;
        expect(promise, one, &token, uses).await?;
        expect(promise, other, &token, uses).await?;
    }
    // One that has no bound, and past where numbers of 8 bits end.
    for store in handles.iter().cycle().take(300) {
        consume(promise, store, id, u32::MAX, Consume::Done).await?;
    }
    expect(promise, one, &token, uses + 300).await?;
    consume(promise, other, id, uses + 300, Consume::Spent).await
}

/// Any process that is asked next knows of it.
pub async fn a_use_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "once consume has returned the next consume, find and list see it, through every handle",
        "a token for one client would register one at each process",
    );
    let handles = [fixture.open().await, fixture.open().await];
    for number in 0..10 {
        let mut turns = handles.iter().cycle().skip(number % 2);
        let (Some(writer), Some(reader)) = (turns.next(), turns.next()) else { continue };
        let token = access(promise, &format!("name-{number}"), "token")?;
        insert(promise, writer, &token).await?;
        expect(promise, reader, &token, 0).await?;
        consume(promise, writer, token.id(), 2, Consume::Done).await?;
        expect(promise, reader, &token, 1).await?;
        listed(promise, reader, &token, 1).await?;
        consume(promise, reader, token.id(), 2, Consume::Done).await?;
        expect(promise, writer, &token, 2).await?;
        for store in [writer, reader] {
            consume(promise, store, token.id(), 2, Consume::Spent).await?;
            listed(promise, store, &token, 2).await?;
        }
    }
    Ok(())
}

/// It shows this record, used so many times.
async fn listed(
    promise: Promise,
    store: &impl InitialAccessStore,
    token: &InitialAccess,
    uses: u32,
) -> Checked {
    let listed = walk_all::<InitialAccess>(promise, store, 3).await?;
    let seen = listed.iter().find(|shown| shown.record() == token).map(|shown| shown.revision().get());
    promise.holds(seen == Some(uses.into()), || {
        format!("the list shows {:?} with a count of {seen:?}, and it was used {uses} times", token.id())
    })
}

/// What was deleted registers nobody, and comes back only as something new.
pub async fn delete_is_final<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "a token that is absent or was deleted is Missing, and a later one of its id begins at 0",
        "a token that leaked and was taken away would go on registering clients, or a new one be used up from the start",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    for most in [0, 1, u32::MAX] {
        consume(promise, &one, &id_of(promise, "absent")?, most, Consume::Missing).await?;
    }
    let (token, id) = (access(promise, "a", "token")?, id_of(promise, "a")?);
    for most in [2, 1] {
        insert(promise, &one, &token).await?;
        expect(promise, &other, &token, 0).await?;
        for _use in 0..most {
            consume(promise, &other, &id, most, Consume::Done).await?;
        }
        delete(promise, &one, &id).await?;
        for store in [&one, &other] {
            for most in [1, most, u32::MAX] {
                consume(promise, store, &id, most, Consume::Missing).await?;
            }
            let found = promise.of(store.find(&id)).await?;
            promise.holds(found.is_none(), || format!("after its delete there was {found:?}"))?;
            let again = promise.of(store.delete(&id)).await?;
            promise.holds(again == Delete::Missing, || format!("the second delete was {again:?}"))?;
            let listed = walk_all::<InitialAccess>(promise, store, 10).await?;
            promise.holds(listed.is_empty(), || "what was deleted is listed".to_owned())?;
        }
    }
    Ok(())
}

/// A use or a delete of an id that could be a pattern, a range or a prefix of others.
pub async fn a_use_or_a_delete_touches_no_other<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "a use or a delete touches the token of that very id and no other",
        "a token would be used up by registrations with another one, or go with it",
    );
    const USED: [&str; 4] = ["_", "a", "A", "a-b"];
    const DELETED: [&str; 4] = ["a_", ".", "aa", "1"];
    let (one, other) = (fixture.open().await, fixture.open().await);
    let mut ids = hostile_ids::<InitialAccess>();
    ids.push("a-b".to_owned());
    let tokens: Vec<InitialAccess> =
        ids.iter().map(|id| access(promise, id, &format!("of {id:.100}"))).collect::<Checked<_>>()?;
    for token in &tokens {
        insert(promise, &one, token).await?;
    }
    for (used, deleted) in USED.iter().zip(DELETED) {
        consume(promise, &one, &id_of(promise, used)?, 9, Consume::Done).await?;
        delete(promise, &one, &id_of(promise, deleted)?).await?;
    }
    for token in &tokens {
        if DELETED.contains(&token.id().as_str()) {
            let found = promise.of(other.find(token.id())).await?;
            promise.holds(found.is_none(), || format!("after its delete there was {found:?}"))?;
        } else {
            expect(promise, &other, token, u32::from(USED.contains(&token.id().as_str()))).await?;
        }
    }
    Ok(())
}
