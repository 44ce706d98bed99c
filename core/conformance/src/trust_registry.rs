//! What [`TrustRegistry`] promises, and [`TrustStore`](grantor::store::TrustStore) with it: inserting, changing,
//! deleting, finding and listing issuers whose assertions are grants.
//!
//! # Errors
//!
//! Each function gives [`Broken`] where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

use grantor::store::{TrustRegistry, TrustedIssuer};

use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::registry::{changing, documents, ids, listing, outage, paging, races};

/// An issuer that is there stays as it is.
pub async fn insert_never_overwrites<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "insert never overwrites a trusted issuer",
        "whoever may add an issuer could put keys of his own in the place of one that exists",
    );
    changing::insert_never_overwrites::<TrustedIssuer, F>(fixture, promise).await
}

/// Compare and swap, with revisions up to the last that every database holds exactly.
pub async fn update_needs_the_current_revision_and_leaves_the_next<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "an update at any revision but the current one is Conflict and changes nothing; one that is Done leaves \
         the next",
        "of two changes one would be lost, such as that an issuer was disabled or a key of it taken away",
    );
    changing::update_needs_the_current_revision_and_leaves_the_next::<TrustedIssuer, F>(fixture, promise)
        .await
}

/// What was deleted stays so, until somebody inserts it anew.
pub async fn delete_is_final<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "a deleted issuer stays deleted: an update that read it before is Missing, and Conflict once the name is taken \
         again",
        "an issuer that is not trusted any more would be back, and its assertions be honoured",
    );
    changing::delete_is_final::<TrustedIssuer, F>(fixture, promise).await
}

/// The next `find` and `list` of any process see a write that has returned, whatever they were told before.
pub async fn what_is_written_is_seen_at_once_by_every_handle<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "once insert, update or delete has returned the next find and list see it, through every handle",
        "assertions of an issuer that was disabled or deleted would go on being honoured",
    );
    changing::what_is_written_is_seen_at_once_by_every_handle::<TrustedIssuer, F>(fixture, promise).await
}

/// Many add one issuer at the same moment, each another record.
pub async fn of_24_inserts_at_once_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "of any number of inserts of one issuer exactly one is Done, and its record is the one that is kept",
        "somebody would believe that his keys and limits hold; make it one atomic insert-if-absent",
    );
    races::of_24_inserts_at_once_exactly_one_is_done::<TrustedIssuer, F>(fixture, promise).await
}

/// Many change one issuer at the same moment, again and again.
pub async fn of_24_updates_at_one_revision_exactly_one_is_done<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "of any number of updates at one revision exactly one is Done, and its record is the one that is kept",
        "the others would believe that their change was kept, such as that a key was taken away; make it one atomic \
         compare-and-swap",
    );
    races::of_24_updates_at_one_revision_exactly_one_is_done::<TrustedIssuer, F>(fixture, promise).await
}

/// One deletes what the others have read and change.
pub async fn an_update_beside_a_delete_brings_nothing_back<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "an update and a delete of one issuer at once end in none",
        "an issuer that was deleted would be trusted again, and delete said that it was gone",
    );
    races::an_update_beside_a_delete_brings_nothing_back::<TrustedIssuer, F>(fixture, promise).await
}

/// One writer changes all of a record at once, to and fro, and nobody ever reads a part of each.
pub async fn an_issuer_is_read_as_one_snapshot<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "find gives one snapshot of an issuer and the revision of that very record",
        "new keys with an old scope let in whoever was given the new keys with rights that were taken away",
    );
    races::one_is_read_as_one_snapshot::<TrustedIssuer, F>(fixture, promise).await
}

/// Names that differ by case, by a slash, by what a pattern, a script or a cut-off column would overlook.
pub async fn names_compare_byte_for_byte_over_all_of_visible_ascii<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "names of issuers compare byte for byte, over all of 1 to 512 characters of visible ASCII",
        "whoever has `https://Idp.example` or `https://idp.example/` would speak for `https://idp.example` (RFC 7523 §3)",
    );
    ids::ids_compare_byte_for_byte::<TrustedIssuer, F>(fixture, promise).await
}

/// An update or a delete of a name that could be a pattern, a range or a prefix of others.
pub async fn a_change_of_one_issuer_touches_no_other<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "an update or a delete touches the issuer of that very name and no other",
        "whoever may delete an issuer named `%` or `*` could delete all of them",
    );
    ids::a_change_of_one_touches_no_other::<TrustedIssuer, F>(fixture, promise).await
}

/// Pages of every size show the same, in the order of bytes, from wherever they begin.
pub async fn pages_come_in_byte_order_and_none_is_left_out<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "a listing shows every issuer once, in ascending byte order of names, from after the given one on",
        "an administrator who looks for an issuer that must go would not see it",
    );
    listing::pages_come_in_byte_order_and_none_is_left_out::<TrustedIssuer, F>(fixture, promise).await
}

/// The smallest page and the biggest.
pub async fn pages_of_1_and_of_1000_are_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "pages of 1 and of 1000 issuers show every issuer once",
        "a listing that is cut short, or never ends, hides an issuer that must go",
    );
    listing::pages_of_1_and_of_1000_are_whole::<TrustedIssuer, F>(fixture, promise).await
}

/// What is there all the time is shown exactly once.
pub async fn paging_neither_skips_nor_repeats_while_others_insert_and_delete<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "an issuer that exists during the whole listing is shown exactly once, whatever comes and goes meanwhile",
        "paging by offset skips or repeats: an administrator who disables all that is listed would miss one",
    );
    paging::paging_neither_skips_nor_repeats_while_others_insert_and_delete::<TrustedIssuer, F>(
        fixture, promise,
    )
    .await
}

/// Every member at its limit, with what databases stumble over.
pub async fn big_and_hostile_issuers_come_back_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "a trusted issuer comes back as it was stored, however big or odd",
        "a key, scope or restriction that is cut, normalised or lost is another trust",
    );
    documents::big_and_hostile_ones_come_back_whole::<TrustedIssuer, F>(fixture, promise).await
}

/// Members that a newer release wrote.
pub async fn unknown_members_of_an_issuer_survive<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "members of a trusted issuer that this release does not know survive insert, update, find and list",
        "a node of an older release would drop a newer one's restriction of the issuer",
    );
    documents::unknown_members_survive::<TrustedIssuer, F>(fixture, promise).await
}

/// What a release of another version, or with critical members, wrote.
pub async fn an_issuer_of_an_unknown_version_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "an issuer of an unknown version is corrupt, never None, and is not overwritten",
        "rules of a newer release would be overlooked, or an issuer seem to be trusted no more",
    );
    documents::one_of_an_unknown_version_is_corrupt::<TrustedIssuer, F>(fixture, promise).await
}

/// What is no issuer at all.
pub async fn a_damaged_issuer_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "an issuer that cannot be read is corrupt, never None, and is not overwritten",
        "damage would pass for an issuer that nobody trusts, and nobody would look into it",
    );
    documents::a_damaged_one_is_corrupt::<TrustedIssuer, F>(fixture, promise).await
}

/// Each method, on a handle whose data cannot be reached.
pub async fn an_outage_is_an_error<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TrustRegistry,
{
    let promise = Promise::new(
        "an outage is StoreError::unavailable, never an outcome",
        "None would tell every workload that its issuer is not trusted, and a change that was lost would be told as done",
    );
    outage::an_outage_is_an_error::<TrustedIssuer, F>(fixture, promise).await
}
