//! Ids compare byte for byte.

use grantor::store::{Delete, Update};

use super::{
    Changing, FIRST, Keeps, Record, Registry, expect, expect_none, ids_of, insert, update, walk_all,
};
use crate::broken::{Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::hostile_ids;

/// Ids that differ by case, by spaces, by what a pattern, a script or a cut-off column would overlook.
pub(crate) async fn ids_compare_byte_for_byte<R: Record, F: Fixture>(fixture: &F, promise: Promise) -> Checked
where
    F::Store: Keeps<R>,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let records: Vec<R> = all(promise)?;
    for record in &records {
        expect_none::<R>(promise, &other, record.id()).await?;
        insert(promise, &one, record).await?;
    }
    for record in &records {
        expect(promise, &other, record, R::BEGINS).await?;
    }
    let mut expected: Vec<&str> = records.iter().map(|record| R::text(record.id())).collect();
    expected.sort_unstable();
    let listed = walk_all::<R>(promise, &one, 100).await?;
    let same = ids_of(&listed) == expected;
    promise.holds(same, || format!("of {} records {} are listed, or others", expected.len(), listed.len()))
}

/// An update or a delete of an id that could be a pattern, a range or a prefix of others.
pub(crate) async fn a_change_of_one_touches_no_other<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    let changed = ["%", "_", "*", "a", "A", "'", "\\", "{a}", "?", "a%", " ", "a "];
    let changed: Vec<&str> = changed.into_iter().filter(|id| R::is_id(id)).collect();
    let (one, other) = (fixture.open().await, fixture.open().await);
    let records: Vec<R> = all(promise)?;
    for record in &records {
        insert(promise, &one, record).await?;
    }
    for (number, id) in changed.iter().enumerate() {
        let changed = R::named(promise, id, "changed")?;
        if number % 2 == 0 {
            update(promise, &one, FIRST, &changed, Update::Done).await?;
        } else {
            let delete = promise.of(one.delete(changed.id())).await?;
            promise.holds(delete == Delete::Done, || format!("the delete of {id:?} was {delete:?}"))?;
        }
    }
    for record in &records {
        match changed.iter().position(|id| *id == R::text(record.id())) {
            None => expect(promise, &other, record, FIRST).await?,
            Some(number) if number % 2 == 0 => {
                let changed = R::named(promise, R::text(record.id()), "changed")?;
                expect(promise, &other, &changed, FIRST.next()).await?;
            }
            Some(_) => expect_none::<R>(promise, &other, record.id()).await?,
        }
    }
    Ok(())
}

fn all<R: Record>(promise: Promise) -> Checked<Vec<R>> {
    hostile_ids::<R>()
        .iter()
        .map(|id| R::named(promise, id, &format!("the {} bytes {id:.100}", id.len())))
        .collect()
}
