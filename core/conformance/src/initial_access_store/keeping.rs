//! `insert`, `find` and `list`: records are kept as they are.

use grantor::store::{Consume, InitialAccess, InitialAccessStore, Insert};

use super::{access, consume, delete, expect};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::hostile::with_unknown_members;
use crate::registry::documents::{self, expect_listed};
use crate::registry::{Record, ids, insert, listing, paging};

/// An id that is taken stays as it is, and so does the count of its uses.
pub async fn insert_never_overwrites<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "insert begins at no use, and never overwrites a token or the count of its uses",
        "a token could be put in the place of another, or get back the uses that were made of it",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let token = access(promise, "a", "one")?;
    insert(promise, &one, &token).await?;
    for uses in 0..3 {
        for store in [&one, &other] {
            for again in [&access(promise, "a", "other")?, &token] {
                let exists = promise.of(store.insert(again)).await?;
                promise.holds(exists == Insert::Exists, || format!("the second insert was {exists:?}"))?;
                expect(promise, &one, &token, uses).await?;
                expect(promise, &other, &token, uses).await?;
            }
        }
        consume(promise, &one, token.id(), 3, Consume::Done).await?;
    }
    Ok(())
}

/// Ids that differ by case, by a dot, by what a pattern, a script or a cut-off column would overlook.
pub async fn ids_compare_byte_for_byte<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "ids compare byte for byte, over all of 1 to 64 characters of `A-Z a-z 0-9 - _ .`",
        "core answers 500 where another record is found than it asked for",
    );
    ids::ids_compare_byte_for_byte::<InitialAccess, F>(fixture, promise).await
}

/// Pages of every size show the same, in the order of bytes, from wherever they begin.
pub async fn pages_come_in_byte_order_and_none_is_left_out<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "a listing shows every token once, in ascending byte order of ids, from after the given one on",
        "an administrator who looks for a token that must go would not see it",
    );
    listing::pages_come_in_byte_order_and_none_is_left_out::<InitialAccess, F>(fixture, promise).await
}

/// The smallest page and the biggest.
pub async fn pages_of_1_and_of_1000_are_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "pages of 1 and of 1000 tokens show every token once",
        "a listing that is cut short, or never ends, hides a token that must go",
    );
    listing::pages_of_1_and_of_1000_are_whole::<InitialAccess, F>(fixture, promise).await
}

/// What is there all the time is shown exactly once.
pub async fn paging_neither_skips_nor_repeats_while_others_insert_and_delete<F: Fixture>(
    fixture: &F,
) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "a token that exists during the whole listing is shown exactly once, whatever comes and goes meanwhile",
        "paging by offset skips or repeats: an administrator who deletes all that is listed would miss one",
    );
    paging::paging_neither_skips_nor_repeats_while_others_insert_and_delete::<InitialAccess, F>(
        fixture, promise,
    )
    .await
}

/// Every member at its limit, with what databases stumble over.
pub async fn big_and_hostile_records_come_back_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "an initial access token comes back as it was stored, however big or odd, before and after a use",
        "a bound that is cut, normalised or lost permits clients that its maker did not",
    );
    comes_back(fixture, promise, &InitialAccess::hostile_document("a")).await
}

/// Members that a newer release wrote.
pub async fn unknown_members_of_a_record_survive<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "members of an initial access token that this release does not know survive insert, consume, find and list",
        "a node of an older release would drop a newer one's bound of the token",
    );
    comes_back(fixture, promise, &with_unknown_members(&InitialAccess::hostile_document("a"))).await
}

/// Through an insert and through a use.
async fn comes_back<F: Fixture>(fixture: &F, promise: Promise, document: &str) -> Checked
where
    F::Store: InitialAccessStore,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let token = promise.made(InitialAccess::from_document(document))?;
    insert(promise, &one, &token).await?;
    expect(promise, &other, &token, 0).await?;
    expect_listed(promise, &other, &token).await?;
    consume(promise, &other, token.id(), 9, Consume::Done).await?;
    expect(promise, &one, &token, 1).await?;
    expect_listed(promise, &one, &token).await?;
    delete(promise, &one, token.id()).await
}

/// What a release of another version, or with critical members, wrote.
pub async fn a_record_of_an_unknown_version_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "an initial access token of an unknown version is corrupt, never None, and is not overwritten",
        "bounds of a newer release would be overlooked, or a token seem to be deleted",
    );
    documents::one_of_an_unknown_version_is_corrupt::<InitialAccess, F>(fixture, promise).await
}

/// What is no initial access token at all.
pub async fn a_damaged_record_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: InitialAccessStore,
{
    let promise = Promise::new(
        "an initial access token that cannot be read is corrupt, never None, and is not overwritten",
        "damage would pass for a token that was deleted, and nobody would look into it",
    );
    documents::a_damaged_one_is_corrupt::<InitialAccess, F>(fixture, promise).await
}
