//! `insert`, `update` and `delete`, one after the other.

use grantor::store::{Delete, Insert, Revision, Update};

use super::{Changing, FIRST, Keeps, Registry, expect, expect_none, ids_of, insert, update, walk_all};
use crate::broken::{Checked, Promise};
use crate::fixture::Fixture;

/// An id that is taken stays as it is.
pub(crate) async fn insert_never_overwrites<R: Changing, F: Fixture>(fixture: &F, promise: Promise) -> Checked
where
    F::Store: Registry<R>,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let record = R::named(promise, "a", "one")?;
    insert(promise, &one, &record).await?;
    for revision in [FIRST, FIRST.next(), Revision::new(1), Revision::new((1 << 53) - 1)] {
        for store in [&one, &other] {
            let exists = promise.of(store.insert(revision, &R::named(promise, "a", "other")?)).await?;
            promise.holds(exists == Insert::Exists, || format!("the second insert was {exists:?}"))?;
            expect(promise, &one, &record, FIRST).await?;
            expect(promise, &other, &record, FIRST).await?;
        }
    }
    Ok(())
}

/// Compare and swap, with revisions up to the last that every database holds exactly.
pub(crate) async fn update_needs_the_current_revision_and_leaves_the_next<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    for (number, first) in [1, 41, u64::from(u32::MAX), (1 << 53) - 3].into_iter().enumerate() {
        let (id, first) = (format!("name-{number}"), Revision::new(first));
        let inserted = R::named(promise, &id, "inserted")?;
        let done = promise.of(one.insert(first, &inserted)).await?;
        promise.holds(done == Insert::Done, || format!("the first insert was {done:?}"))?;
        expect(promise, &other, &inserted, first).await?;
        let wrong = [first.get() - 1, first.get() + 1, 7];
        for revision in wrong.map(Revision::new).into_iter().filter(|revision| *revision != first) {
            update(promise, &other, revision, &R::named(promise, &id, "lost")?, Update::Conflict).await?;
            expect(promise, &one, &inserted, first).await?;
        }
        let updated = R::named(promise, &id, "updated")?;
        update(promise, &one, first, &updated, Update::Done).await?;
        expect(promise, &other, &updated, first.next()).await?;
        for store in [&one, &other] {
            update(promise, store, first, &R::named(promise, &id, "stale")?, Update::Conflict).await?;
            expect(promise, &one, &updated, first.next()).await?;
        }
        update(promise, &other, first.next(), &inserted, Update::Done).await?;
        expect(promise, &one, &inserted, first.next().next()).await?;
    }
    let missing = R::named(promise, "missing", "nobody")?;
    update(promise, &one, Revision::ABSENT, &missing, Update::Missing).await?;
    update(promise, &one, FIRST, &missing, Update::Missing).await?;
    expect_none::<R>(promise, &other, missing.id()).await
}

/// What was deleted stays so, until somebody inserts it anew.
pub(crate) async fn delete_is_final<R: Changing, F: Fixture>(fixture: &F, promise: Promise) -> Checked
where
    F::Store: Registry<R>,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let record = R::named(promise, "a", "one")?;
    let delete = promise.of(one.delete(record.id())).await?;
    promise.holds(delete == Delete::Missing, || format!("a delete of nothing was {delete:?}"))?;
    insert(promise, &one, &record).await?;
    update(promise, &one, FIRST, &record, Update::Done).await?;
    expect(promise, &other, &record, FIRST.next()).await?;
    for expected in [Delete::Done, Delete::Missing] {
        let delete = promise.of(one.delete(record.id())).await?;
        promise.holds(delete == expected, || format!("the delete was {delete:?}, not {expected:?}"))?;
        for store in [&one, &other] {
            expect_none::<R>(promise, store, record.id()).await?;
            for revision in [FIRST, FIRST.next(), FIRST.next().next(), Revision::ABSENT] {
                update(promise, store, revision, &R::named(promise, "a", "stale")?, Update::Missing).await?;
            }
            expect_none::<R>(promise, store, record.id()).await?;
        }
    }
    let listed = walk_all::<R>(promise, &other, 10).await?;
    promise.holds(listed.is_empty(), || format!("what was deleted is listed: {:?}", ids_of(&listed)))?;

    let (again, first) = (R::named(promise, "a", "again")?, Revision::new(977));
    let done = promise.of(other.insert(first, &again)).await?;
    promise.holds(done == Insert::Done, || format!("an insert of an id that was deleted was {done:?}"))?;
    for stale in [FIRST, FIRST.next()] {
        update(promise, &one, stale, &R::named(promise, "a", "stale")?, Update::Conflict).await?;
        expect(promise, &one, &again, first).await?;
    }
    Ok(())
}

/// The next `find` and `list` of any process see a write that has returned, whatever they were told before.
pub(crate) async fn what_is_written_is_seen_at_once_by_every_handle<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    let handles = [fixture.open().await, fixture.open().await];
    for number in 0..20 {
        let mut turns = handles.iter().cycle().skip(number % 2);
        let (Some(writer), Some(reader)) = (turns.next(), turns.next()) else { continue };
        let id = format!("name-{}", number / 4);
        let its_id = R::id_of(promise, &id)?;
        expect_none::<R>(promise, reader, &its_id).await?;
        let inserted = R::named(promise, &id, "inserted")?;
        insert(promise, writer, &inserted).await?;
        expect(promise, reader, &inserted, FIRST).await?;
        let disabled = inserted.with_enabled(promise, false)?;
        update(promise, writer, FIRST, &disabled, Update::Done).await?;
        expect(promise, reader, &disabled, FIRST.next()).await?;
        let listed = walk_all::<R>(promise, reader, 10).await?;
        let shown =
            listed.iter().any(|shown| shown.record() == &disabled && shown.revision() == FIRST.next());
        promise.holds(shown, || format!("what was updated is not in the list: {:?}", ids_of(&listed)))?;
        let delete = promise.of(writer.delete(&its_id)).await?;
        promise.holds(delete == Delete::Done, || format!("the delete was {delete:?}"))?;
        expect_none::<R>(promise, reader, &its_id).await?;
        let listed = walk_all::<R>(promise, reader, 10).await?;
        promise.holds(listed.is_empty(), || format!("what was deleted is listed: {:?}", ids_of(&listed)))?;
    }
    Ok(())
}
