//! What [`InitialAccessStore`] promises: initial access tokens, of which each permits as many registrations as it was
//! made for and no more.
//!
//! # Errors
//!
//! Each function gives [`Broken`](crate::Broken) where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

mod consuming;
mod keeping;
mod outage;
mod races;

pub use consuming::{
    a_use_is_seen_at_once_by_every_handle, a_use_or_a_delete_touches_no_other, delete_is_final,
    uses_are_counted_up_to_the_most,
};
pub use keeping::{
    a_damaged_record_is_corrupt, a_record_of_an_unknown_version_is_corrupt,
    big_and_hostile_records_come_back_whole, ids_compare_byte_for_byte, insert_never_overwrites,
    pages_come_in_byte_order_and_none_is_left_out, pages_of_1_and_of_1000_are_whole,
    paging_neither_skips_nor_repeats_while_others_insert_and_delete, unknown_members_of_a_record_survive,
};
pub use outage::an_outage_is_an_error;
pub use races::{
    a_consume_beside_a_delete_brings_nothing_back, a_record_and_its_count_are_one_snapshot,
    of_24_consumes_at_once_as_many_are_done_as_were_left, of_24_inserts_at_once_exactly_one_is_done,
};

use grantor::InitialAccessId;
use grantor::store::{Consume, Delete, InitialAccess, InitialAccessStore};

use crate::broken::{Checked, Promise};
use crate::registry::Record;

fn access(promise: Promise, id: &str, label: &str) -> Checked<InitialAccess> {
    InitialAccess::named(promise, id, label)
}

fn id_of(promise: Promise, id: &str) -> Checked<InitialAccessId> {
    promise.made(InitialAccessId::new(id))
}

async fn consume(
    promise: Promise,
    store: &impl InitialAccessStore,
    id: &InitialAccessId,
    most: u32,
    expected: Consume,
) -> Checked {
    let found = promise.of(store.consume(id, most)).await?;
    promise.holds(found == expected, || {
        format!("a use of {id:?}, {most} at most, was {found:?}, not {expected:?}")
    })
}

async fn delete(promise: Promise, store: &impl InitialAccessStore, id: &InitialAccessId) -> Checked {
    let delete = promise.of(store.delete(id)).await?;
    promise.holds(delete == Delete::Done, || format!("the delete of {id:?} was {delete:?}"))
}

/// Exactly this record, used so many times.
async fn expect(
    promise: Promise,
    store: &impl InitialAccessStore,
    access: &InitialAccess,
    uses: u32,
) -> Checked {
    let Some(found) = promise.of(store.find(access.id())).await? else {
        return Err(promise.broken(format!("{:?} was not found", access.id())));
    };
    promise.holds(found.access == *access, || {
        let bytes = |access: &InitialAccess| access.to_document().unwrap_or_default().len();
        let (length, whole) = (bytes(&found.access), bytes(access));
        format!(
            "found {:?} of {length} bytes, not {access:?} of {whole} bytes as it was stored",
            found.access
        )
    })?;
    promise.holds(found.uses == uses, || {
        format!("{:?} was used {} times, it says, and was {uses} times", access.id(), found.uses)
    })
}
