//! An outage is an error, in bounded time.

use grantor::store::{InitialAccessQuery, InitialAccessStore};

use super::access;
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::outage::unavailable;

/// Each method, on a handle whose data cannot be reached.
pub async fn an_outage_is_an_error<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "a good token would be refused as spent or unknown, or a use that was never counted permit a client",
    );
    let Some(store) = fixture.cut_off().await else { return Ok(()) };
    let token = access(promise, "a", "token")?;
    unavailable(promise, "find", store.find(token.id())).await?;
    unavailable(promise, "consume", store.consume(token.id(), 1)).await?;
    unavailable(promise, "insert", store.insert(&token)).await?;
    unavailable(promise, "delete", store.delete(token.id())).await?;
    unavailable(promise, "list", store.list(&InitialAccessQuery::first(10))).await
}
