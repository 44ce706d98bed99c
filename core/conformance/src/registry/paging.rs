//! `list`, while others change what is listed.

use std::sync::atomic::{AtomicUsize, Ordering};

use grantor::store::{Delete, Insert};

use super::listing::fill;
use super::{FIRST, Keeps, Record, ids_of, walk_all};
use crate::broken::{Checked, Promise};
use crate::fixture::Fixture;
use crate::race::race;

/// How many list, each with pages of another size. The rest insert and delete between and before what is listed.
const LIMITS: [usize; 6] = [1, 2, 7, 50, 149, 1000];

/// What is there all the time is shown exactly once.
pub(crate) async fn paging_neither_skips_nor_repeats_while_others_insert_and_delete<R: Record, F: Fixture>(
    fixture: &F,
    promise: Promise,
) -> Checked
where
    F::Store: Keeps<R>,
{
    const LASTING: usize = 150;
    let id = |number: usize| format!("{number:04}");
    fill::<R, F>(fixture, promise, LASTING, id)?;
    let lasting: Vec<String> = (0..LASTING).map(id).collect();
    let listing = AtomicUsize::new(LIMITS.len());
    race(fixture, promise, 1, async |store, _, thread| {
        if let Some(limit) = LIMITS.get(thread) {
            let listed = walk_all::<R>(promise, store, *limit).await;
            listing.fetch_sub(1, Ordering::SeqCst);
            let listed = listed?;
            let lasted: Vec<&str> = ids_of(&listed).into_iter().filter(|id| id.len() == 4).collect();
            let seen = || format!("of {LASTING} that lasted pages of {limit} show {}", lasted.len());
            return promise.holds(lasted == lasting, seen);
        }
        for number in (0..100_000).take_while(|_| listing.load(Ordering::SeqCst) > 0) {
            let passing = R::named(promise, &format!("{:04}-{thread}", number * 7 % LASTING), "passing")?;
            let insert = promise.of(store.insert(FIRST, &passing)).await?;
            promise.holds(insert == Insert::Done, || format!("the insert was {insert:?}"))?;
            let delete = promise.of(store.delete(passing.id())).await?;
            promise.holds(delete == Delete::Done, || format!("the delete was {delete:?}"))?;
        }
        Ok(())
    })?;
    Ok(())
}
