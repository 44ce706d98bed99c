//! Records of clients are kept as they are.

use grantor::store::{Delete, Insert, Update, Versioned};

use super::{Changing, FIRST, Finds, Keeps, Query, Record, Registry, expect, insert, update, walk_all};
use crate::broken::{Checked, Promise};
use crate::fixture::Fixture;
use crate::hostile::{DAMAGED, other_versions, with_unknown_members};
use crate::outage::corrupt;

/// Every member at its limit, with what databases stumble over.
pub(crate) async fn big_and_hostile_ones_come_back_whole<R: Changing, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Registry<R>,
{
    for document in R::hostile_documents("a") {
        comes_back(fixture, promise, &document).await?;
    }
    Ok(())
}

/// Members that a newer release wrote.
pub(crate) async fn unknown_members_survive<R: Changing, F: Fixture>(fixture: &F, promise: Promise) -> Checked
where
    F::Store: Registry<R>,
{
    comes_back(fixture, promise, &with_unknown_members(&R::hostile_document("a"))).await
}

/// Through an insert, and through an update that changes something else.
async fn comes_back<R: Changing, F: Fixture>(fixture: &F, promise: Promise, document: &str) -> Checked
where
    F::Store: Registry<R>,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let record = promise.made(R::from_document(document))?;
    insert(promise, &one, &record).await?;
    expect(promise, &other, &record, FIRST).await?;
    expect_listed(promise, &other, &record).await?;
    let found = promise.of(other.find(record.id())).await?;
    let Some(read) = found.as_ref().map(Versioned::record) else {
        return Err(promise.broken("it was not found"));
    };
    let changed = read.with_enabled(promise, true)?;
    update(promise, &other, FIRST, &changed, Update::Done).await?;
    expect(promise, &one, &changed, FIRST.next()).await?;
    expect_listed(promise, &one, &changed).await?;
    let enabled = record.with_enabled(promise, true)?;
    expect(promise, &one, &enabled, FIRST.next()).await?;
    // Room for the next one.
    let deleted = promise.of(one.delete(record.id())).await?;
    promise.holds(deleted == Delete::Done, || "it could not be deleted".to_owned())
}

pub(crate) async fn expect_listed<R: Record>(promise: Promise, store: &impl Keeps<R>, record: &R) -> Checked {
    let listed = walk_all(promise, store, 10).await?;
    let same = listed.len() == 1 && listed.iter().all(|listed| listed.record() == record);
    promise.holds(same, || format!("{} are listed, or with another record", listed.len()))
}

/// What a release of another version, or with critical members, wrote.
pub(crate) async fn one_of_an_unknown_version_is_corrupt<R: Record, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Keeps<R>,
{
    for number in 0..4 {
        let id = format!("planted-{number}");
        let document = other_versions(&R::hostile_document(&id)).into_iter().nth(number);
        planted(fixture, promise, &id, &document.unwrap_or_default()).await?;
    }
    Ok(())
}

/// What is no record at all.
pub(crate) async fn a_damaged_one_is_corrupt<R: Record, F: Fixture>(fixture: &F, promise: Promise) -> Checked
where
    F::Store: Keeps<R>,
{
    for (number, document) in DAMAGED.iter().enumerate() {
        planted(fixture, promise, &format!("planted-{number}"), document).await?;
    }
    Ok(())
}

/// Such a record is no outcome of `find`, is not left out of a list, and keeps its id.
async fn planted<R: Record, F: Fixture>(fixture: &F, promise: Promise, id: &str, document: &str) -> Checked
where
    F::Store: Keeps<R>,
{
    let (over, id) = (R::named(promise, id, "over")?, R::id_of(promise, id)?);
    if !fixture.plant(R::planted(&id, document)).await {
        return Ok(());
    }
    let store = fixture.open().await;
    corrupt(promise, "find", store.find(&id)).await?;
    corrupt(promise, "list", store.list(&R::Query::first(100))).await?;
    let over = promise.within(store.insert(FIRST, &over)).await?;
    promise.holds(!matches!(over, Ok(Insert::Done)), || "insert was Done over it".to_owned())?;
    corrupt(promise, "find after an insert", store.find(&id)).await?;
    // It can be deleted, so that whoever finds it can get rid of it.
    let deleted = promise.of(store.delete(&id)).await?;
    let found = promise.of(store.find(&id)).await?;
    promise.holds(found.is_none(), || format!("after delete was {deleted:?} there is {found:?}"))
}
