//! Key sets are kept as they are.

use grantor::store::{KeySet, KeyStore, Replace, Revision};

use super::{expect, replace};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::{Fixture, Planted};
use crate::hostile::{DAMAGED, keys_document, other_versions, with_unknown_members};
use crate::outage::corrupt;
use crate::records::keys_of;

/// Many keys, with what databases stumble over.
pub async fn big_and_hostile_key_sets_come_back_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "a key set comes back as it was stored, however big or odd",
        "a sealed key that is cut or normalised can never be opened again, and its tokens never be verified",
    );
    comes_back(fixture, promise, &keys_document(60)).await
}

/// Members that a newer release wrote.
pub async fn unknown_members_of_a_key_set_survive<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "members of a key set that this release does not know survive",
        "a node of an older release would drop what a newer one needs to sign",
    );
    comes_back(fixture, promise, &with_unknown_members(&keys_document(3))).await
}

async fn comes_back<F: Fixture>(fixture: &F, promise: Promise, document: &str) -> Checked
where
    F::Store: KeyStore,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let keys = promise.made(KeySet::from_document(document))?;
    let mut revision = Revision::ABSENT;
    for _over_nothing_and_over_itself in 0..2 {
        replace(promise, &one, revision, &keys, Replace::Won).await?;
        revision = revision.next();
        let (found, at) = promise.of(other.load()).await?;
        let bytes = |keys: &KeySet| keys.to_document().unwrap_or_default().len();
        promise.holds(found == keys && at == revision, || {
            format!("{} bytes came back of {}, or other ones, at {at:?}", bytes(&found), bytes(&keys))
        })?;
    }
    let small = keys_of(promise, "small")?;
    replace(promise, &one, revision, &small, Replace::Won).await?;
    expect(promise, &other, &small, revision.next()).await
}

/// What a release of another version, or with critical members, wrote.
pub async fn a_key_set_of_an_unknown_version_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "a key set of an unknown version is corrupt, never the empty set",
        "core would take the store for fresh, make new keys over those of the newer release, and every token that \
         is out would be refused",
    );
    for document in other_versions(&keys_document(2)) {
        planted(fixture, promise, &document).await?;
    }
    Ok(())
}

/// What is no key set at all.
pub async fn a_damaged_key_set_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: KeyStore,
{
    let promise = Promise::new(
        "a key set that cannot be read is corrupt, never the empty set",
        "core would take the store for fresh and make new keys over what could still be repaired",
    );
    for document in DAMAGED {
        planted(fixture, promise, document).await?;
    }
    Ok(())
}

/// Such a set is no outcome of `load`, and no fresh store to `replace`.
async fn planted<F: Fixture>(fixture: &F, promise: Promise, document: &str) -> Checked
where
    F::Store: KeyStore,
{
    if !fixture.plant(Planted::Keys { document }).await {
        return Ok(());
    }
    let store = fixture.open().await;
    corrupt(promise, "load", store.load()).await?;
    let over = promise.within(store.replace(Revision::ABSENT, &keys_of(promise, "over")?)).await?;
    promise.holds(!matches!(over, Ok(Replace::Won)), || "a replacement at ABSENT won over it".to_owned())?;
    corrupt(promise, "load after a replacement", store.load()).await
}
