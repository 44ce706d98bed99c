//! An outage is an error, in bounded time.

use grantor::store::{ClientQuery, ClientRegistry, ClientStore};

use super::FIRST;
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::outage::unavailable;
use crate::records::named;

/// Each method, on a handle whose data cannot be reached.
pub async fn an_outage_is_an_error<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "None would tell every machine that its secret is wrong, and a change that was lost would be told as done",
    );
    let Some(store) = fixture.cut_off().await else { return Ok(()) };
    let client = named(promise, "a", "name")?;
    unavailable(promise, "find", store.find(client.id())).await?;
    unavailable(promise, "insert", store.insert(FIRST, &client)).await?;
    unavailable(promise, "update", store.update(FIRST, &client)).await?;
    unavailable(promise, "delete", store.delete(client.id())).await?;
    unavailable(promise, "list", store.list(&ClientQuery::first(10))).await
}
