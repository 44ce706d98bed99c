//! What [`ClientRegistry`] promises, and [`ClientStore`](grantor::store::ClientStore)
//! with it: inserting, changing, deleting, finding and listing clients.
//!
//! Run it on the store itself: one behind a cache answers with what was true a moment ago, as it may.
//!
//! # Errors
//!
//! Each function gives [`Broken`] where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

mod latest;
mod name_prefix;

pub use latest::latest_is_never_older_than_a_write;
pub use name_prefix::a_name_prefix_selects_byte_for_byte;

use grantor::store::{Client, ClientRegistry};

use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::registry::{changing, documents, ids, listing, outage, paging, races};

/// An id that is taken stays as it is.
pub async fn insert_never_overwrites<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "insert never overwrites a client",
        "whoever may register a client could take over one that exists",
    );
    changing::insert_never_overwrites::<Client, F>(fixture, promise).await
}

/// Compare and swap, with revisions up to the last that every database holds exactly.
pub async fn update_needs_the_current_revision_and_leaves_the_next<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "an update at any revision but the current one is Conflict and changes nothing; one that is Done leaves \
         the next",
        "of two changes one would be lost, such as that a client was disabled or a secret taken away",
    );
    changing::update_needs_the_current_revision_and_leaves_the_next::<Client, F>(fixture, promise).await
}

/// What was deleted stays so, until somebody inserts it anew.
pub async fn delete_is_final<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a deleted client stays deleted: an update that read it before is Missing, and Conflict once the id is taken \
         again",
        "a client that was deleted because its secret leaked would be back, secret and all",
    );
    changing::delete_is_final::<Client, F>(fixture, promise).await
}

/// The next `find` and `list` of any process see a write that has returned, whatever they were told before.
pub async fn what_is_written_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "once insert, update or delete has returned the next find and list see it, through every handle",
        "a client that was disabled or deleted would go on getting tokens: cache nothing that you do not tell of",
    );
    changing::what_is_written_is_seen_at_once_by_every_handle::<Client, F>(fixture, promise).await
}

/// Many register one id at the same moment, each another record.
pub async fn of_24_inserts_at_once_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "of any number of inserts of one client exactly one is Done, and its record is the one that is kept",
        "two would believe that the id is theirs; make it one atomic insert-if-absent",
    );
    races::of_24_inserts_at_once_exactly_one_is_done::<Client, F>(fixture, promise).await
}

/// Many change one client at the same moment, again and again.
pub async fn of_24_updates_at_one_revision_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "of any number of updates at one revision exactly one is Done, and its record is the one that is kept",
        "the others would believe that their change was kept, such as that a secret was taken away; make it one \
         atomic compare-and-swap",
    );
    races::of_24_updates_at_one_revision_exactly_one_is_done::<Client, F>(fixture, promise).await
}

/// One deletes what the others have read and change.
pub async fn an_update_beside_a_delete_brings_nothing_back<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "an update and a delete of one client at once end in none",
        "a client that was deleted would be back, and delete said that it was gone",
    );
    races::an_update_beside_a_delete_brings_nothing_back::<Client, F>(fixture, promise).await
}

/// One writer changes all of a record at once, to and fro, and nobody ever reads a part of each.
pub async fn a_client_is_read_as_one_snapshot<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "find gives one snapshot of a client and the revision of that very record",
        "a new secret with an old scope lets in whoever was given the new secret with rights that were taken away",
    );
    races::one_is_read_as_one_snapshot::<Client, F>(fixture, promise).await
}

/// Ids that differ by case, by spaces, by what a pattern, a script or a cut-off column would overlook.
pub async fn ids_compare_byte_for_byte_over_all_of_vschar<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "ids of clients compare byte for byte, over all of 1 to 255 characters of VSCHAR",
        "whoever registers `Admin` or `admin ` would be taken for `admin`, or lock it out (RFC 6749 appendix A.1)",
    );
    ids::ids_compare_byte_for_byte::<Client, F>(fixture, promise).await
}

/// An update or a delete of an id that could be a pattern, a range or a prefix of others.
pub async fn a_change_of_one_client_touches_no_other<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "an update or a delete touches the client of that very id and no other",
        "whoever may delete a client named `%` or `*` could delete all of them",
    );
    ids::a_change_of_one_touches_no_other::<Client, F>(fixture, promise).await
}

/// Pages of every size show the same, in the order of bytes, from wherever they begin.
pub async fn pages_come_in_byte_order_and_none_is_left_out<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a listing shows every client once, in ascending byte order of ids, from after the given one on",
        "an administrator who looks for a client that must go would not see it",
    );
    listing::pages_come_in_byte_order_and_none_is_left_out::<Client, F>(fixture, promise).await
}

/// The smallest page and the biggest.
pub async fn pages_of_1_and_of_1000_are_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "pages of 1 and of 1000 clients show every client once",
        "a listing that is cut short, or never ends, hides a client that must go",
    );
    listing::pages_of_1_and_of_1000_are_whole::<Client, F>(fixture, promise).await
}

/// What is there all the time is shown exactly once.
pub async fn paging_neither_skips_nor_repeats_while_others_insert_and_delete<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a client that exists during the whole listing is shown exactly once, whatever comes and goes meanwhile",
        "paging by offset skips or repeats: an administrator who disables all that is listed would miss one",
    );
    paging::paging_neither_skips_nor_repeats_while_others_insert_and_delete::<Client, F>(fixture, promise)
        .await
}

/// Every member at its limit, with what databases stumble over.
pub async fn big_and_hostile_clients_come_back_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a client comes back as it was stored, however big or odd",
        "a credential, scope or restriction that is cut, normalised or lost is another client",
    );
    documents::big_and_hostile_ones_come_back_whole::<Client, F>(fixture, promise).await
}

/// Members that a newer release wrote.
pub async fn unknown_members_of_a_client_survive<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "members of a client that this release does not know survive insert, update, find and list",
        "a node of an older release would drop a newer one's restriction of the client",
    );
    documents::unknown_members_survive::<Client, F>(fixture, promise).await
}

/// What a release of another version, or with critical members, wrote.
pub async fn a_client_of_an_unknown_version_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a client of an unknown version is corrupt, never None, and is not overwritten",
        "rules of a newer release would be overlooked, or its clients be told that they do not exist",
    );
    documents::one_of_an_unknown_version_is_corrupt::<Client, F>(fixture, promise).await
}

/// What is no client at all.
pub async fn a_damaged_client_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a client that cannot be read is corrupt, never None, and is not overwritten",
        "damage would pass for a client that does not exist, and nobody would look into it",
    );
    documents::a_damaged_one_is_corrupt::<Client, F>(fixture, promise).await
}

/// Each method, on a handle whose data cannot be reached.
pub async fn an_outage_is_an_error<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "None would tell every machine that its secret is wrong, and a change that was lost would be told as done",
    );
    outage::an_outage_is_an_error::<Client, F>(fixture, promise).await
}
