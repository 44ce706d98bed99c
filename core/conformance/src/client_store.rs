//! What [`ClientStore`] promises, on a store and the clients that it should show.

use grantor::store::{Client, ClientStore};

use crate::Broken;
use crate::broken::Promise;

/// Every client is found by its id, as the very record.
///
/// # Errors
///
/// [`Broken`] where one is not.
pub async fn each_client_is_found_as_it_is(
    store: &dyn ClientStore,
    clients: &[Client],
) -> Result<(), Broken> {
    let promise = Promise::new(
        "find gives the client of that id, all of its record",
        "a client that is not found, or with another secret or scope, gets no tokens or too wide ones",
    );
    for client in clients {
        let found = promise.of(store.find(client.id())).await?;
        let same = found.as_ref().is_some_and(|found| found.record() == client);
        promise.holds(same, || format!("{:?} was to be found, and there was {found:?}", client.id()))?;
    }
    Ok(())
}
