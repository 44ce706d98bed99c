//! An outage is an error, in bounded time.

use grantor::store::{KeyStore, Revision};

use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::outage::unavailable;
use crate::records::keys_of;

/// Each method, on a handle whose data cannot be reached.
pub async fn an_outage_is_an_error<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "core would take an empty set for a fresh store and make new keys, or believe in keys that were not kept",
    );
    let Some(store) = fixture.cut_off().await else { return Ok(()) };
    unavailable(promise, "load", store.load()).await?;
    unavailable(promise, "replace", store.replace(Revision::ABSENT, &keys_of(promise, "lost")?)).await
}
