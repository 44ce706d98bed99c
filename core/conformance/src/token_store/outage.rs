//! An outage is an error, in bounded time.

use grantor::store::TokenStore;

use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, proof, token};
use crate::outage::unavailable;
use crate::records::token_of;

/// Each method, on a handle whose data cannot be reached.
pub async fn an_outage_is_an_error<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "First would honour a replay, Absent would honour a revoked JWT, and a revocation that was lost would be \
         told as done",
    );
    let Some(store) = fixture.cut_off().await else { return Ok(()) };
    unavailable(promise, "claim", store.claim(&proof(1), at(100))).await?;
    unavailable(promise, "find", store.find(&token(1))).await?;
    unavailable(promise, "revoke", store.revoke(&token(1), at(100))).await?;
    let record = token_of(promise, "client", at(100))?;
    unavailable(promise, "insert", store.insert(&token(1), &record)).await?;
    unavailable(promise, "prune", store.prune(at(100), 10)).await
}
