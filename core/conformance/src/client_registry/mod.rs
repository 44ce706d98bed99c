//! What [`ClientRegistry`] promises.

use grantor::store::{ClientRegistry, ClientStore, Insert, Revision};

use crate::broken::Promise;
use crate::records::named;
use crate::{Broken, Fixture};

/// An id that is taken stays as it is.
///
/// # Errors
///
/// [`Broken`] where it was overwritten.
pub async fn insert_never_overwrites<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "insert never overwrites a client",
        "whoever may register a client could take over one that exists",
    );
    let store = fixture.open().await;
    let (one, other) = (named(promise, "a", "one")?, named(promise, "a", "other")?);
    let done = promise.of(ClientRegistry::insert(&store, Revision::new(41), &one)).await?;
    promise.holds(done == Insert::Done, || format!("the first insert was {done:?}"))?;
    let exists = promise.of(ClientRegistry::insert(&store, Revision::new(77), &other)).await?;
    promise.holds(exists == Insert::Exists, || format!("the second insert was {exists:?}"))?;
    let found = promise.of(ClientStore::find(&store, one.id())).await?;
    let same = found.as_ref().is_some_and(|found| found.record() == &one && found.revision().get() == 41);
    promise.holds(same, || format!("then there was {found:?}"))
}
