//! Records of clients are kept as they are.

use grantor::store::{Client, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Update, Versioned};

use super::{FIRST, expect, insert, update, walk};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::{Fixture, Planted};
use crate::hostile::{
    DAMAGED, client_document, other_versions, publishing_client_document, with_unknown_members,
};
use crate::ids::client_id;
use crate::outage::corrupt;
use crate::records::named;

/// Every member at its limit, with what databases stumble over.
pub async fn big_and_hostile_clients_come_back_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a client comes back as it was stored, however big or odd",
        "a credential, scope or restriction that is cut, normalised or lost is another client",
    );
    comes_back(fixture, promise, &client_document("a")).await?;
    comes_back(fixture, promise, &publishing_client_document("b")).await
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
    comes_back(fixture, promise, &with_unknown_members(&client_document("a"))).await
}

/// Through an insert, and through an update that changes something else.
async fn comes_back<F: Fixture>(fixture: &F, promise: Promise, document: &str) -> Checked
where
    F::Store: ClientRegistry,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let client = promise.made(Client::from_document(document))?;
    insert(promise, &one, &client).await?;
    expect(promise, &other, &client, FIRST).await?;
    expect_listed(promise, &other, &client).await?;
    let found = promise.of(other.find(client.id())).await?;
    let Some(read) = found.as_ref().map(Versioned::record) else {
        return Err(promise.broken("it was not found"));
    };
    let changed = promise.made(read.to_builder().enabled(true).build())?;
    update(promise, &other, FIRST, &changed, Update::Done).await?;
    expect(promise, &one, &changed, FIRST.next()).await?;
    expect_listed(promise, &one, &changed).await?;
    let enabled = promise.made(client.to_builder().enabled(true).build())?;
    expect(promise, &one, &enabled, FIRST.next()).await?;
    // Room for the next one.
    let deleted = promise.of(one.delete(client.id())).await?;
    promise.holds(deleted == Delete::Done, || "it could not be deleted".to_owned())
}

async fn expect_listed(promise: Promise, store: &impl ClientRegistry, client: &Client) -> Checked {
    let listed = walk(promise, store, &ClientQuery::first(10)).await?;
    let same = listed.len() == 1 && listed.iter().all(|listed| listed.record() == client);
    promise.holds(same, || format!("{} clients are listed, or with another record", listed.len()))
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
    for (number, document) in other_versions(&client_document("a")).iter().enumerate() {
        planted(fixture, promise, number, document).await?;
    }
    Ok(())
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
    for (number, document) in DAMAGED.iter().enumerate() {
        planted(fixture, promise, number, document).await?;
    }
    Ok(())
}

/// Such a client is no outcome of `find`, is not left out of a list, and keeps its id.
async fn planted<F: Fixture>(fixture: &F, promise: Promise, number: usize, document: &str) -> Checked
where
    F::Store: ClientRegistry,
{
    let id = format!("planted-{number}");
    let document = document.replacen(r#""id":"a""#, &format!(r#""id":"{id}""#), 1);
    let id = client_id(promise, &id)?;
    if !fixture.plant(Planted::Client { id: &id, document: &document }).await {
        return Ok(());
    }
    let store = fixture.open().await;
    corrupt(promise, "find", store.find(&id)).await?;
    corrupt(promise, "list", store.list(&ClientQuery::first(100))).await?;
    let over = promise.within(store.insert(FIRST, &named(promise, id.as_str(), "over")?)).await?;
    promise.holds(!matches!(over, Ok(Insert::Done)), || "insert was Done over it".to_owned())?;
    corrupt(promise, "find after an insert", store.find(&id)).await?;
    // It can be deleted, so that whoever finds it can get rid of it.
    let deleted = promise.of(store.delete(&id)).await?;
    let found = promise.of(store.find(&id)).await?;
    promise.holds(found.is_none(), || format!("after delete was {deleted:?} there is {found:?}"))
}
