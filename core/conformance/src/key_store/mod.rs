//! What [`KeyStore`] promises.

use grantor::store::{KeySet, KeyStore, Revision};

use crate::broken::Promise;
use crate::{Broken, Fixture};

/// A fresh store says that it is fresh.
///
/// # Errors
///
/// [`Broken`] where it does not.
pub async fn nothing_stored_yet_is_an_empty_set_at_revision_absent<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "nothing stored yet is the empty set at Revision::ABSENT, and no error",
        "the first server would not start, or would plan on keys that nobody made",
    );
    let store = fixture.open().await;
    let (keys, revision) = promise.of(store.load()).await?;
    let fresh = keys == KeySet::default() && revision == Revision::ABSENT;
    promise.holds(fresh, || format!("{keys:?} at {revision:?}"))
}
