//! An outage is an error, in bounded time.

use grantor::store::CredentialUsage;

use super::used;
use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, client_id};
use crate::outage::unavailable;

/// Each method, on a handle whose data cannot be reached.
pub async fn an_outage_is_an_error<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "a use that was lost would not be told again, and a client in use would seem to have none",
    );
    let Some(store) = fixture.cut_off().await else { return Ok(()) };
    unavailable(promise, "touch", store.touch(&[used(promise, "client", "secret", at(1))?])).await?;
    unavailable(promise, "last_used", store.last_used(&client_id(promise, "client")?)).await
}
