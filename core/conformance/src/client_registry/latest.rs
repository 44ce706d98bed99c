//! `latest`, which no cache may answer.

use grantor::store::{Client, ClientRegistry, ClientStore, Delete, Update};

use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::registry::{Changing, FIRST, Record, insert, update};

/// What another handle has written is there, whatever `find` said before.
pub async fn latest_is_never_older_than_a_write<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "latest is never older than a write that has returned, through whichever handle",
        "a token that was rotated would go on opening a registration, and the new one would be refused: read past every cache",
    );
    let (writer, reader) = (fixture.open().await, fixture.open().await);
    let inserted = Client::named(promise, "latest", "inserted")?;
    let id = inserted.id().clone();
    let absent = promise.of(reader.latest(&id)).await?;
    promise.holds(absent.is_none(), || "there is one before any was inserted".to_owned())?;
    insert(promise, &writer, &inserted).await?;
    let _may_be_remembered = promise.of(ClientStore::find(&reader, &id)).await?;
    let changed = inserted.with_enabled(promise, false)?;
    update(promise, &writer, FIRST, &changed, Update::Done).await?;
    let found = promise.of(reader.latest(&id)).await?;
    let is_new = found.is_some_and(|found| found.record() == &changed && found.revision() == FIRST.next());
    promise.holds(is_new, || "what was updated is not the latest".to_owned())?;
    let folded = Client::id_of(promise, "LATEST")?;
    let found = promise.of(reader.latest(&folded)).await?;
    promise.holds(found.is_none(), || "an id in another case finds it".to_owned())?;
    let delete = promise.of(writer.delete(&id)).await?;
    promise.holds(delete == Delete::Done, || format!("the delete was {delete:?}"))?;
    let gone = promise.of(reader.latest(&id)).await?;
    promise.holds(gone.is_none(), || "what was deleted is the latest".to_owned())
}
