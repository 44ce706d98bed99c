//! `list` by the beginning of a name, which only clients can be listed by.

use grantor::store::{Client, ClientQuery, ClientRegistry};

use crate::broken::{Broken, Promise};
use crate::fixture::Fixture;
use crate::registry::{Record, expect, ids_of, insert, walk};

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
        let client = Client::named(promise, &format!("{number:04}"), name)?;
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
