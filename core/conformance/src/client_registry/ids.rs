//! Ids compare byte for byte.

use grantor::store::{Client, ClientQuery, ClientRegistry, Delete, Update};

use super::{FIRST, expect, expect_none, ids_of, insert, update, walk};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::hostile_client_ids;
use crate::records::named;

/// Ids that differ by case, by spaces, by what a pattern, a script or a cut-off column would overlook.
pub async fn ids_compare_byte_for_byte_over_all_of_vschar<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "ids of clients compare byte for byte, over all of 1 to 255 characters of VSCHAR",
        "whoever registers `Admin` or `admin ` would be taken for `admin`, or lock it out (RFC 6749 appendix A.1)",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let clients = all(promise)?;
    for client in &clients {
        expect_none(promise, &other, client.id()).await?;
        insert(promise, &one, client).await?;
    }
    for client in &clients {
        expect(promise, &other, client, FIRST).await?;
    }
    let mut expected: Vec<&str> = clients.iter().map(|client| client.id().as_str()).collect();
    expected.sort_unstable();
    let listed = walk(promise, &one, &ClientQuery::first(100)).await?;
    let same = ids_of(&listed) == expected;
    promise.holds(same, || format!("of {} clients {} are listed, or others", expected.len(), listed.len()))
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
    const CHANGED: [&str; 12] = ["%", "_", "*", "a", "A", " ", "a ", "'", "\\", "{a}", "?", "a%"];
    let (one, other) = (fixture.open().await, fixture.open().await);
    let clients = all(promise)?;
    for client in &clients {
        insert(promise, &one, client).await?;
    }
    for (number, id) in CHANGED.into_iter().enumerate() {
        let changed = named(promise, id, "changed")?;
        if number % 2 == 0 {
            update(promise, &one, FIRST, &changed, Update::Done).await?;
        } else {
            let delete = promise.of(one.delete(changed.id())).await?;
            promise.holds(delete == Delete::Done, || format!("the delete of {id:?} was {delete:?}"))?;
        }
    }
    for client in &clients {
        match CHANGED.into_iter().position(|id| id == client.id().as_str()) {
            None => expect(promise, &other, client, FIRST).await?,
            Some(number) if number % 2 == 0 => {
                let changed = named(promise, client.id().as_str(), "changed")?;
                expect(promise, &other, &changed, FIRST.next()).await?;
            }
            Some(_) => expect_none(promise, &other, client.id()).await?,
        }
    }
    Ok(())
}

fn all(promise: Promise) -> Checked<Vec<Client>> {
    hostile_client_ids()
        .iter()
        .map(|id| named(promise, id, &format!("the {} bytes {id:.100}", id.len())))
        .collect()
}
