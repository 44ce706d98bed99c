//! What [`ClientStore`] promises, on a store and the clients that it should show, so that a read-only store over a
//! table of one's own can be tested.
//!
//! # Errors
//!
//! Each function gives [`Broken`] where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

use std::collections::BTreeSet;

use grantor::ClientId;
use grantor::store::{Client, ClientStore, Revision};

use crate::broken::{Broken, Promise};
use crate::ids::{client_id, hostile_client_ids, mistaken_for};
use crate::outage::unavailable;

/// Every client is found by its id, as the very record, again and again.
pub async fn each_client_is_found_as_it_is(
    store: &dyn ClientStore,
    clients: &[Client],
) -> Result<(), Broken> {
    let promise = Promise::new(
        "find gives the client of that id, all of its record",
        "a client that is not found gets no tokens; one with another secret, scope or state gets what it should not",
    );
    for client in clients.iter().chain(clients) {
        let id = client.id();
        let Some(found) = promise.of(store.find(id)).await? else {
            return Err(promise.broken(format!("{id:?} was not found")));
        };
        let found = found.record();
        promise.holds(found.id() == id, || format!("{id:?} found {:?}", found.id()))?;
        promise.holds(found == client, || {
            let members: [(&str, bool); 9] = [
                ("name", found.name() == client.name()),
                ("enabled", found.is_enabled() == client.is_enabled()),
                ("auth_method", found.auth_method() == client.auth_method()),
                ("credentials", found.credentials() == client.credentials()),
                ("grant_types", found.grant_types().eq(client.grant_types())),
                ("scope", found.scope() == client.scope()),
                ("resources", found.resources() == client.resources()),
                ("token_epoch", found.token_epoch() == client.token_epoch()),
                ("metadata", found.metadata() == client.metadata()),
            ];
            let differ: Vec<&str> = members.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect();
            format!("{id:?} was found with another record; of its members there differ {differ:?}")
        })?;
    }
    Ok(())
}

/// Every other id is `None`, however like one of the clients it looks, and is no error.
pub async fn no_other_id_finds_a_client(store: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "an id that is not there byte for byte is None: not by another case, by spaces, or as a pattern",
        "core answers 500 where another client is found than it asked for; an id that makes the store fail is a \
         denial of service, one that becomes part of a query is worse",
    );
    let shown: BTreeSet<&ClientId> = clients.iter().map(Client::id).collect();
    let like_them = clients.iter().flat_map(|client| mistaken_for(client.id().as_str()));
    for id in like_them.chain(hostile_client_ids()) {
        let id = client_id(promise, &id)?;
        if !shown.contains(&id) {
            let found = promise.of(store.find(&id)).await?;
            let other = found.as_ref().map(|found| found.record().id());
            promise.holds(other.is_none(), || format!("{id:?} found {other:?}"))?;
        }
    }
    Ok(())
}

/// Each record has a revision, and keeps it while it does not change.
pub async fn revisions_are_stored_ones(store: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "a record that is found has a revision other than 0, below 2^53, which stays while the record does",
        "0 means that nothing is stored: a change that names it would pass for a new record",
    );
    for client in clients {
        let mut revisions = Vec::new();
        for _look in 0..2 {
            let found = promise.of(store.find(client.id())).await?;
            revisions.extend(found.map(|found| found.revision()));
        }
        let [first, second] = revisions[..] else {
            return Err(promise.broken(format!("{:?} was not found", client.id())));
        };
        let kept = first == second && first != Revision::ABSENT && first.get() < 1 << 53;
        promise.holds(kept, || format!("{:?} was at {first:?}, then at {second:?}", client.id()))?;
    }
    Ok(())
}

/// What is said of the store at start does not change while it runs.
pub async fn caveats_stay_the_same(store: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "caveats are words for the operator, the same for the life of the store",
        "the start-up summary would not say what holds",
    );
    let before = store.caveats();
    for client in clients {
        let _any = promise.of(store.find(client.id())).await?;
    }
    let after = store.caveats();
    let words = after == before && after.iter().all(|caveat| !caveat.trim().is_empty());
    promise.holds(words, || format!("first {before:?}, then {after:?}"))
}

/// On a handle whose data cannot be reached, such as a closed pool. Not part of
/// [`client_store!`](crate::client_store!): call it from a test of your own.
pub async fn an_outage_is_an_error(cut_off: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never None",
        "every machine would be told that its secret is wrong, and somebody would change it",
    );
    let nobody = client_id(promise, "nobody")?;
    for id in clients.iter().map(Client::id).chain([&nobody]) {
        unavailable(promise, "find", cut_off.find(id)).await?;
    }
    Ok(())
}
