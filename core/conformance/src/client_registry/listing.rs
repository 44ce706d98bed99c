//! `list`: pages in byte order.

use grantor::store::{Client, ClientQuery, ClientRegistry};

use super::{expect, ids_of, insert, walk};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::client_id;
use crate::race::{THREADS, race};
use crate::records::named;

/// Pages of every size show the same, in the order of bytes, from wherever they begin.
pub async fn pages_come_in_byte_order_and_none_is_left_out<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a listing shows every client once, in ascending byte order of ids, from after the given one on",
        "an administrator who looks for a client that must go would not see it",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let empty = walk(promise, &one, &ClientQuery::first(10)).await?;
    promise.holds(empty.is_empty(), || format!("a fresh store lists {:?}", ids_of(&empty)))?;
    for id in ["b", "B", "a", "aa", "~", " ", "10", "9", "a-b", "a b", "a_b", "ab", "AB", "{b}", "Z", "z"] {
        insert(promise, &one, &named(promise, id, "name")?).await?;
    }
    let ordered =
        [" ", "10", "9", "AB", "B", "Z", "a", "a b", "a-b", "a_b", "aa", "ab", "b", "z", "{b}", "~"];
    for limit in (1..=17).chain([1000]) {
        let listed = walk(promise, &other, &ClientQuery::first(limit)).await?;
        promise
            .holds(ids_of(&listed) == ordered, || format!("pages of {limit} show {:?}", ids_of(&listed)))?;
    }
    // From after one that is there, and from after one that is not, such as one that was just deleted.
    for (after, rest) in [("B", 5), ("~", 16), ("absent", 12), ("!", 1), ("a ", 7), ("a a", 7), ("A", 3)] {
        let query = ClientQuery::first(3).starting_after(client_id(promise, after)?);
        let listed = walk(promise, &one, &query).await?;
        let same = ordered.get(rest..).is_some_and(|rest| ids_of(&listed) == rest);
        promise.holds(same, || format!("after {after:?} it shows {:?}", ids_of(&listed)))?;
    }
    Ok(())
}

/// The whole record is listed, and a prefix of names is bytes, no pattern.
pub async fn a_name_prefix_selects_byte_for_byte<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: ClientRegistry,
{
    let promise = Promise::new(
        "a name prefix selects the clients whose name begins with these very bytes",
        "a pattern or a collation shows what was not asked for, and hides what was",
    );
    let names = [
        "Billing",
        "billing",
        "Bil%",
        "Bil_",
        "Bil%ling",
        "Bill ing",
        "bil%",
        "B",
        "Bi\\l",
        "Bi\\%",
        "Bil*",
        "'",
        "Ä",
        "A\u{308}",
        "ä",
        "🏦 a",
        "🏦",
        "Bilß",
        "Bilss",
        "Bill\u{10ffff}",
        " Bil",
        "%",
        "_",
    ];
    let (one, other) = (fixture.open().await, fixture.open().await);
    let mut clients: Vec<Client> = Vec::new();
    for number in 0..120 {
        // Long runs of others between them, some without a name.
        let name = if number % 5 == 0 { names.get(number / 5).copied().unwrap_or("Bil") } else { "other" };
        let name = if number % 5 == 3 { "" } else { name };
        let client = named(promise, &format!("{number:04}"), name)?;
        insert(promise, &one, &client).await?;
        clients.push(client);
    }
    let prefixes = [
        "", "Bil", "bil", "Bil%", "Bil_", "B", "%", "_", "Bi\\", "Bi\\%", "Bil*", "'", "Ä", "A", "🏦", " ",
        "none",
    ];
    for prefix in prefixes.into_iter().chain(["Bill\u{10ffff}"]) {
        let expected: Vec<&str> = clients
            .iter()
            .filter(|client| client.name().unwrap_or_default().starts_with(prefix))
            .map(|client| client.id().as_str())
            .collect();
        for limit in [1, 2, 1000] {
            let listed = walk(promise, &other, &ClientQuery::first(limit).with_name_prefix(prefix)).await?;
            let (shown, pages) = (ids_of(&listed), limit);
            let seen = || format!("{prefix:?} in pages of {pages} shows {shown:?}, not {expected:?}");
            promise.holds(shown == expected, seen)?;
            for listed in &listed {
                let whole = clients.iter().any(|client| client == listed.record());
                promise
                    .holds(whole, || format!("{:?} is listed with another record", listed.record().id()))?;
                expect(promise, &one, listed.record(), listed.revision()).await?;
            }
        }
    }
    Ok(())
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
    const COUNT: usize = 1003;
    let id = |number: usize| format!("{number:04}");
    fill(fixture, promise, COUNT, id)?;
    let store = fixture.open().await;
    let expected: Vec<String> = (0..COUNT).map(id).collect();
    let listed = walk(promise, &store, &ClientQuery::first(1000)).await?;
    let same = ids_of(&listed) == expected;
    promise.holds(same, || format!("of {COUNT} clients pages of 1000 show {}", listed.len()))?;
    let from = COUNT - 120;
    let query = ClientQuery::first(1).starting_after(client_id(promise, &id(from - 1))?);
    let listed = walk(promise, &store, &query).await?;
    let same = expected.get(from..).is_some_and(|expected| ids_of(&listed) == expected);
    promise.holds(same, || format!("of the last {} clients pages of 1 show {}", COUNT - from, listed.len()))
}

/// Inserts so many clients, from all threads, since one alone would take long with a store that is far away.
pub(super) fn fill<F: Fixture>(
    fixture: &F,
    promise: Promise,
    count: usize,
    id: impl Fn(usize) -> String + Sync,
) -> Checked
where
    F::Store: ClientRegistry,
{
    race(fixture, promise, 1, async |store, _, thread| {
        for number in (thread..count).step_by(THREADS) {
            insert(promise, store, &named(promise, &id(number), "name")?).await?;
        }
        Ok(())
    })?;
    Ok(())
}
