//! `list`: pages in byte order.

use super::{Keeps, Query, Record, ids_of, insert, walk, walk_all};
use crate::broken::{Checked, Promise};
use crate::fixture::Fixture;
use crate::race::{THREADS, race};

/// Pages of every size show the same, in the order of bytes, from wherever they begin.
pub(crate) async fn pages_come_in_byte_order_and_none_is_left_out<R: Record, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Keeps<R>,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let empty = walk_all::<R>(promise, &one, 10).await?;
    promise.holds(empty.is_empty(), || format!("a fresh store lists {:?}", ids_of(&empty)))?;
    for id in ["b", "B", "a", "aa", "~", " ", "10", "9", "a-b", "a b", "a_b", "ab", "AB", "{b}", "Z", "z"] {
        if R::is_id(id) {
            insert(promise, &one, &R::named(promise, id, "name")?).await?;
        }
    }
    let ordered =
        [" ", "10", "9", "AB", "B", "Z", "a", "a b", "a-b", "a_b", "aa", "ab", "b", "z", "{b}", "~"];
    let ordered: Vec<&str> = ordered.into_iter().filter(|id| R::is_id(id)).collect();
    for limit in (1..=17).chain([1000]) {
        let listed = walk_all::<R>(promise, &other, limit).await?;
        promise
            .holds(ids_of(&listed) == ordered, || format!("pages of {limit} show {:?}", ids_of(&listed)))?;
    }
    // From after one that is there, and from after one that is not, such as one that was just deleted.
    for after in ["B", "~", "absent", "!", "a ", "a a", "a+", "A"].into_iter().filter(|id| R::is_id(id)) {
        let query = R::Query::first(3).starting_after(R::id_of(promise, after)?);
        let listed = walk::<R>(promise, &one, &query).await?;
        let rest: Vec<&str> = ordered.iter().copied().filter(|id| *id > after).collect();
        promise
            .holds(ids_of(&listed) == rest, || format!("after {after:?} it shows {:?}", ids_of(&listed)))?;
    }
    Ok(())
}

/// The smallest page and the biggest.
pub(crate) async fn pages_of_1_and_of_1000_are_whole<R: Record, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Keeps<R>,
{
    const COUNT: usize = 1003;
    let id = |number: usize| format!("{number:04}");
    fill::<R, F>(fixture, promise, COUNT, id)?;
    let store = fixture.open().await;
    let expected: Vec<String> = (0..COUNT).map(id).collect();
    let listed = walk_all::<R>(promise, &store, 1000).await?;
    let same = ids_of(&listed) == expected;
    promise.holds(same, || format!("of {COUNT} records pages of 1000 show {}", listed.len()))?;
    let from = COUNT - 120;
    let query = R::Query::first(1).starting_after(R::id_of(promise, &id(from - 1))?);
    let listed = walk::<R>(promise, &store, &query).await?;
    let same = expected.get(from..).is_some_and(|expected| ids_of(&listed) == expected);
    promise.holds(same, || format!("of the last {} records pages of 1 show {}", COUNT - from, listed.len()))
}

/// Inserts so many, from all threads, since one alone would take long with a store that is far away.
pub(super) fn fill<R: Record, F: Fixture>(
    fixture: &F,
    promise: Promise,
    count: usize,
    id: impl Fn(usize) -> String + Sync,
) -> Checked
where
    F::Store: Keeps<R>,
{
    race(fixture, promise, 1, async |store, _, thread| {
        for number in (thread..count).step_by(THREADS) {
            insert(promise, store, &R::named(promise, &id(number), "name")?).await?;
        }
        Ok(())
    })?;
    Ok(())
}
