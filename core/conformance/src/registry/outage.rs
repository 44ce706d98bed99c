//! An outage is an error, in bounded time.

use super::{Changing, FIRST, Finds, Keeps, Query, Registry};
use crate::broken::{Checked, Promise};
use crate::fixture::Fixture;
use crate::outage::unavailable;

/// Each method, on a handle whose data cannot be reached.
pub(crate) async fn an_outage_is_an_error<R: Changing, F: Fixture>(fixture: &F, promise: Promise) -> Checked
where
    F::Store: Registry<R>,
{
    let Some(store) = fixture.cut_off().await else { return Ok(()) };
    let record = R::named(promise, "a", "name")?;
    unavailable(promise, "find", store.find(record.id())).await?;
    unavailable(promise, "insert", store.insert(FIRST, &record)).await?;
    unavailable(promise, "update", store.update(FIRST, &record)).await?;
    unavailable(promise, "delete", store.delete(record.id())).await?;
    unavailable(promise, "list", store.list(&R::Query::first(10))).await
}
