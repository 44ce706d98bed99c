//! `find`, on a store and the records that it should show.

use std::collections::BTreeSet;

use grantor::store::Revision;

use super::{Finds, Record, differing};
use crate::broken::{Checked, Promise};
use crate::ids::{hostile_ids, mistaken_for};
use crate::outage::unavailable;

/// Every one is found by its id, as the very record, again and again.
pub(crate) async fn each_is_found_as_it_is<R: Record>(
    store: &(impl Finds<R> + ?Sized),
    shown: &[R],
    promise: Promise,
) -> Checked {
    for record in shown.iter().chain(shown) {
        let id = record.id();
        let Some(found) = promise.of(store.find(id)).await? else {
            return Err(promise.broken(format!("{id:?} was not found")));
        };
        let found = found.record();
        promise.holds(found.id() == id, || format!("{id:?} found {:?}", found.id()))?;
        promise.holds(found == record, || {
            let differ = differing(found, record);
            format!("{id:?} was found with another record; of its members there differ {differ:?}")
        })?;
    }
    Ok(())
}

/// Every other id is `None`, however like one of those it looks, and is no error.
pub(crate) async fn no_other_id_finds_one<R: Record>(
    store: &(impl Finds<R> + ?Sized),
    shown: &[R],
    promise: Promise,
) -> Checked {
    let like_them = shown.iter().flat_map(|record| mistaken_for::<R>(R::text(record.id())));
    let shown: BTreeSet<&R::Id> = shown.iter().map(Record::id).collect();
    for id in like_them.chain(hostile_ids::<R>()) {
        let id = R::id_of(promise, &id)?;
        if !shown.contains(&id) {
            let found = promise.of(store.find(&id)).await?;
            let other = found.as_ref().map(|found| found.record().id());
            promise.holds(other.is_none(), || format!("{id:?} found {other:?}"))?;
        }
    }
    Ok(())
}

/// Each record has a revision, and keeps it while it does not change.
pub(crate) async fn revisions_are_stored_ones<R: Record>(
    store: &(impl Finds<R> + ?Sized),
    shown: &[R],
    promise: Promise,
) -> Checked {
    for record in shown {
        let mut revisions = Vec::new();
        for _look in 0..2 {
            let found = promise.of(store.find(record.id())).await?;
            revisions.extend(found.map(|found| found.revision()));
        }
        let [first, second] = revisions[..] else {
            return Err(promise.broken(format!("{:?} was not found", record.id())));
        };
        let kept = first == second && first != Revision::ABSENT && first.get() < 1 << 53;
        promise.holds(kept, || format!("{:?} was at {first:?}, then at {second:?}", record.id()))?;
    }
    Ok(())
}

/// What is said of the store at start does not change while it runs.
pub(crate) async fn caveats_stay_the_same<R: Record>(
    store: &(impl Finds<R> + ?Sized),
    shown: &[R],
    promise: Promise,
) -> Checked {
    let before = store.caveats();
    for record in shown {
        let _any = promise.of(store.find(record.id())).await?;
    }
    let after = store.caveats();
    let words = after == before && after.iter().all(|caveat| !caveat.trim().is_empty());
    promise.holds(words, || format!("first {before:?}, then {after:?}"))
}

/// On a handle whose data cannot be reached.
pub(crate) async fn an_outage_is_an_error<R: Record>(
    cut_off: &(impl Finds<R> + ?Sized),
    shown: &[R],
    promise: Promise,
) -> Checked {
    let nobody = R::id_of(promise, "nobody")?;
    for id in shown.iter().map(Record::id).chain([&nobody]) {
        unavailable(promise, "find", cut_off.find(id)).await?;
    }
    Ok(())
}
