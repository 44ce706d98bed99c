//! `insert`, `update` and `delete`, one after the other.

use grantor::store::{ClientQuery, ClientRegistry, Delete, Insert, Revision, Update};

use super::{FIRST, expect, expect_none, ids_of, insert, update, walk};
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::ids::client_id;
use crate::records::named;

/// An id that is taken stays as it is.
pub async fn insert_never_overwrites<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "insert never overwrites a client",
        "whoever may register a client could take over one that exists",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let client = named(promise, "a", "one")?;
    insert(promise, &one, &client).await?;
    for revision in [FIRST, FIRST.next(), Revision::new(1), Revision::new((1 << 53) - 1)] {
        for store in [&one, &other] {
            let exists = promise.of(store.insert(revision, &named(promise, "a", "other")?)).await?;
            promise.holds(exists == Insert::Exists, || format!("the second insert was {exists:?}"))?;
            expect(promise, &one, &client, FIRST).await?;
            expect(promise, &other, &client, FIRST).await?;
        }
    }
    Ok(())
}

/// Compare and swap, with revisions up to the last that every database holds exactly.
pub async fn update_needs_the_current_revision_and_leaves_the_next<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "an update at any revision but the current one is Conflict and changes nothing; one that is Done leaves \
         the next",
        "of two changes one would be lost, such as that a client was disabled or a secret taken away",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    for (number, first) in [1, 41, u64::from(u32::MAX), (1 << 53) - 3].into_iter().enumerate() {
        let (id, first) = (format!("client-{number}"), Revision::new(first));
        let inserted = named(promise, &id, "inserted")?;
        let done = promise.of(one.insert(first, &inserted)).await?;
        promise.holds(done == Insert::Done, || format!("the first insert was {done:?}"))?;
        expect(promise, &other, &inserted, first).await?;
        let wrong = [first.get() - 1, first.get() + 1, 7];
        for revision in wrong.map(Revision::new).into_iter().filter(|revision| *revision != first) {
            update(promise, &other, revision, &named(promise, &id, "lost")?, Update::Conflict).await?;
            expect(promise, &one, &inserted, first).await?;
        }
        let updated = named(promise, &id, "updated")?;
        update(promise, &one, first, &updated, Update::Done).await?;
        expect(promise, &other, &updated, first.next()).await?;
        for store in [&one, &other] {
            update(promise, store, first, &named(promise, &id, "stale")?, Update::Conflict).await?;
            expect(promise, &one, &updated, first.next()).await?;
        }
        update(promise, &other, first.next(), &inserted, Update::Done).await?;
        expect(promise, &one, &inserted, first.next().next()).await?;
    }
    let missing = named(promise, "missing", "nobody")?;
    update(promise, &one, Revision::ABSENT, &missing, Update::Missing).await?;
    update(promise, &one, FIRST, &missing, Update::Missing).await?;
    expect_none(promise, &other, missing.id()).await
}

/// What was deleted stays so, until somebody inserts it anew.
pub async fn delete_is_final<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a deleted client stays deleted: an update that read it before is Missing, and Conflict once the id is taken \
         again",
        "a client that was deleted because its secret leaked would be back, secret and all",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let client = named(promise, "a", "one")?;
    let delete = promise.of(one.delete(client.id())).await?;
    promise.holds(delete == Delete::Missing, || format!("a delete of nothing was {delete:?}"))?;
    insert(promise, &one, &client).await?;
    update(promise, &one, FIRST, &client, Update::Done).await?;
    expect(promise, &other, &client, FIRST.next()).await?;
    for expected in [Delete::Done, Delete::Missing] {
        let delete = promise.of(one.delete(client.id())).await?;
        promise.holds(delete == expected, || format!("the delete was {delete:?}, not {expected:?}"))?;
        for store in [&one, &other] {
            expect_none(promise, store, client.id()).await?;
            for revision in [FIRST, FIRST.next(), FIRST.next().next(), Revision::ABSENT] {
                update(promise, store, revision, &named(promise, "a", "stale")?, Update::Missing).await?;
            }
            expect_none(promise, store, client.id()).await?;
        }
    }
    let listed = walk(promise, &other, &ClientQuery::first(10)).await?;
    promise.holds(listed.is_empty(), || format!("a deleted client is listed: {:?}", ids_of(&listed)))?;

    let (again, first) = (named(promise, "a", "again")?, Revision::new(977));
    let done = promise.of(other.insert(first, &again)).await?;
    promise.holds(done == Insert::Done, || format!("an insert of an id that was deleted was {done:?}"))?;
    for stale in [FIRST, FIRST.next()] {
        update(promise, &one, stale, &named(promise, "a", "stale")?, Update::Conflict).await?;
        expect(promise, &one, &again, first).await?;
    }
    Ok(())
}

/// The next `find` and `list` of any process see a write that has returned, whatever they were told before.
pub async fn what_is_written_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "once insert, update or delete has returned the next find and list see it, through every handle",
        "a client that was disabled or deleted would go on getting tokens: cache nothing that you do not tell of",
    );
    let handles = [fixture.open().await, fixture.open().await];
    for number in 0..20 {
        let mut turns = handles.iter().cycle().skip(number % 2);
        let (Some(writer), Some(reader)) = (turns.next(), turns.next()) else { continue };
        let id = format!("client-{}", number / 4);
        let client_id = client_id(promise, &id)?;
        expect_none(promise, reader, &client_id).await?;
        let inserted = named(promise, &id, "inserted")?;
        insert(promise, writer, &inserted).await?;
        expect(promise, reader, &inserted, FIRST).await?;
        let disabled = promise.made(inserted.to_builder().enabled(false).token_epoch(7).build())?;
        update(promise, writer, FIRST, &disabled, Update::Done).await?;
        expect(promise, reader, &disabled, FIRST.next()).await?;
        let listed = walk(promise, reader, &ClientQuery::first(10)).await?;
        let shown =
            listed.iter().any(|shown| shown.record() == &disabled && shown.revision() == FIRST.next());
        promise.holds(shown, || format!("what was updated is not in the list: {:?}", ids_of(&listed)))?;
        let delete = promise.of(writer.delete(&client_id)).await?;
        promise.holds(delete == Delete::Done, || format!("the delete was {delete:?}"))?;
        expect_none(promise, reader, &client_id).await?;
        let listed = walk(promise, reader, &ClientQuery::first(10)).await?;
        promise.holds(listed.is_empty(), || format!("what was deleted is listed: {:?}", ids_of(&listed)))?;
    }
    Ok(())
}
