//! What [`KeyStore`] promises: compare and swap of one document.
//!
//! # Errors
//!
//! Each function gives [`Broken`](crate::Broken) where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

mod documents;
mod outage;
mod replacing;

pub use documents::{
    a_damaged_key_set_is_corrupt, a_key_set_of_an_unknown_version_is_corrupt,
    big_and_hostile_key_sets_come_back_whole, unknown_members_of_a_key_set_survive,
};
pub use outage::an_outage_is_an_error;
pub use replacing::{
    a_replacement_is_seen_at_once_by_every_handle, a_writer_that_lost_has_changed_nothing,
    keys_and_revision_are_one_snapshot, nothing_stored_yet_is_an_empty_set_at_revision_absent,
    of_24_first_replacements_at_once_exactly_one_wins, of_24_replacements_at_once_exactly_one_wins,
};

use grantor::store::{KeySet, KeyStore, Replace, Revision};

use crate::broken::{Checked, Promise};

async fn replace(
    promise: Promise,
    store: &impl KeyStore,
    expected: Revision,
    keys: &KeySet,
    outcome: Replace,
) -> Checked {
    let found = promise.of(store.replace(expected, keys)).await?;
    promise.holds(found == outcome, || format!("a replacement at {expected:?} {found:?}, not {outcome:?}"))
}

async fn expect(promise: Promise, store: &impl KeyStore, keys: &KeySet, revision: Revision) -> Checked {
    let (found, at) = promise.of(store.load()).await?;
    let seen = || format!("{found:?} at {at:?} was loaded, not {keys:?} at {revision:?}");
    promise.holds(found == *keys && at == revision, seen)
}
