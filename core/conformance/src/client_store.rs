//! What [`ClientStore`] promises, on a store and the clients that it should show, so that a read-only store over a
//! table of one's own can be tested.
//!
//! # Errors
//!
//! Each function gives [`Broken`] where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

use grantor::store::{Client, ClientStore};

use crate::broken::{Broken, Promise};
use crate::registry::finding;

/// Every client is found by its id, as the very record, again and again.
pub async fn each_client_is_found_as_it_is(
    store: &dyn ClientStore,
    clients: &[Client],
) -> Result<(), Broken> {
    let promise = Promise::new(
        "find gives the client of that id, all of its record",
        "a client that is not found gets no tokens; one with another secret, scope or state gets what it should not",
    );
    finding::each_is_found_as_it_is(store, clients, promise).await
}

/// Every other id is `None`, however like one of the clients it looks, and is no error.
pub async fn no_other_id_finds_a_client(store: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "an id that is not there byte for byte is None: not by another case, by spaces, or as a pattern",
        "core answers 500 where another client is found than it asked for; an id that makes the store fail is a \
         denial of service, one that becomes part of a query is worse",
    );
    finding::no_other_id_finds_one(store, clients, promise).await
}

/// Each record has a revision, and keeps it while it does not change.
pub async fn revisions_are_stored_ones(store: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "a record that is found has a revision other than 0, below 2^53, which stays while the record does",
        "0 means that nothing is stored: a change that names it would pass for a new record",
    );
    finding::revisions_are_stored_ones(store, clients, promise).await
}

/// What is said of the store at start does not change while it runs.
pub async fn caveats_stay_the_same(store: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "caveats are words for the operator, the same for the life of the store",
        "the start-up summary would not say what holds",
    );
    finding::caveats_stay_the_same(store, clients, promise).await
}

/// On a handle whose data cannot be reached, such as a closed pool. Not part of
/// [`client_store!`](crate::client_store!): call it from a test of your own.
pub async fn an_outage_is_an_error(cut_off: &dyn ClientStore, clients: &[Client]) -> Result<(), Broken> {
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never None",
        "every machine would be told that its secret is wrong, and somebody would change it",
    );
    finding::an_outage_is_an_error(cut_off, clients, promise).await
}
