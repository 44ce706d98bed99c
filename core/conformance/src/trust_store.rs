//! What [`TrustStore`] promises, on a store and the issuers that it should show, so that a read-only store over a
//! table of one's own can be tested.
//!
//! # Errors
//!
//! Each function gives [`Broken`] where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

use grantor::store::{TrustStore, TrustedIssuer};

use crate::broken::{Broken, Promise};
use crate::registry::finding;

/// Every issuer is found by its name, as the very record, again and again.
pub async fn each_issuer_is_found_as_it_is(
    store: &dyn TrustStore,
    issuers: &[TrustedIssuer],
) -> Result<(), Broken> {
    let promise = Promise::new(
        "find gives the issuer of that name, all of its record",
        "the assertions of an issuer that is not found are refused; one with other keys or another scope gets what it should \
         not",
    );
    finding::each_is_found_as_it_is(store, issuers, promise).await
}

/// Every other name is `None`, however like one of the issuers it looks, and is no error.
pub async fn no_other_name_finds_an_issuer(
    store: &dyn TrustStore,
    issuers: &[TrustedIssuer],
) -> Result<(), Broken> {
    let promise = Promise::new(
        "a name that is not there byte for byte is None: not by another case, by a slash more, or as a pattern",
        "core answers 500 where another issuer is found than it asked for; a name that makes the store fail is a denial of \
         service, one that becomes part of a query is worse",
    );
    finding::no_other_id_finds_one(store, issuers, promise).await
}

/// Each record has a revision, and keeps it while it does not change.
pub async fn revisions_are_stored_ones(
    store: &dyn TrustStore,
    issuers: &[TrustedIssuer],
) -> Result<(), Broken> {
    let promise = Promise::new(
        "a record that is found has a revision other than 0, below 2^53, which stays while the record does",
        "0 means that nothing is stored: a change that names it would pass for a new record",
    );
    finding::revisions_are_stored_ones(store, issuers, promise).await
}

/// What is said of the store at start does not change while it runs.
pub async fn caveats_stay_the_same(store: &dyn TrustStore, issuers: &[TrustedIssuer]) -> Result<(), Broken> {
    let promise = Promise::new(
        "caveats are words for the operator, the same for the life of the store",
        "the start-up summary would not say what holds",
    );
    finding::caveats_stay_the_same(store, issuers, promise).await
}

/// On a handle whose data cannot be reached, such as a closed pool. Not part of
/// [`trust_store!`](crate::trust_store!): call it from a test of your own.
pub async fn an_outage_is_an_error(
    cut_off: &dyn TrustStore,
    issuers: &[TrustedIssuer],
) -> Result<(), Broken> {
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never None",
        "every workload would be told that its issuer is not trusted, and somebody would change that",
    );
    finding::an_outage_is_an_error(cut_off, issuers, promise).await
}
