//! Whatever a caller sends is a value, and never a part of a statement.

use grantor::store::{
    ClientQuery, ClientRegistry, ClientStore, Delete, Insert, TrustQuery, TrustRegistry, TrustStore, Update,
};

use crate::database::Database;
use crate::records::{FIRST, client, id, iss, issuer, named};

const HOSTILE: [&str; 10] = [
    "'; DROP SCHEMA grantor CASCADE; --",
    "' OR '1'='1",
    "\" ; DROP TABLE clients; --",
    "$1",
    "$$; DROP TABLE clients; $$",
    "\\'; SELECT pg_notify('a', 'b'); --",
    "%",
    "_",
    "\\",
    "/* */ --",
];

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn hostile_ids_and_names_are_only_values() {
    let database = Database::migrated().await;
    let store = database.store();
    for text in HOSTILE {
        assert!(ClientStore::find(&store, &id(text)).await.unwrap().is_none(), "{text}");
        assert_eq!(ClientRegistry::insert(&store, FIRST, &named(text, text)).await.unwrap(), Insert::Done);
        assert_eq!(
            ClientRegistry::update(&store, FIRST, &named(text, text)).await.unwrap(),
            Update::Done,
            "{text}"
        );
    }
    for text in HOSTILE {
        let found = ClientStore::find(&store, &id(text)).await.unwrap().unwrap();
        assert_eq!(found.record(), &named(text, text));
        let prefixed =
            ClientRegistry::list(&store, &ClientQuery::first(10).with_name_prefix(text)).await.unwrap();
        let expected: Vec<_> = HOSTILE.iter().filter(|name| name.starts_with(text)).collect();
        assert_eq!(prefixed.clients.len(), expected.len(), "{text}");
    }
    for text in HOSTILE {
        assert_eq!(ClientRegistry::delete(&store, &id(text)).await.unwrap(), Delete::Done, "{text}");
    }
    assert!(ClientRegistry::list(&store, &ClientQuery::first(10)).await.unwrap().clients.is_empty());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn hostile_names_of_issuers_are_only_values() {
    let database = Database::migrated().await;
    let store = database.store();
    let hostile = HOSTILE.map(|text| text.replace(' ', "/**/"));
    for text in &hostile {
        assert!(TrustStore::find(&store, &iss(text)).await.unwrap().is_none(), "{text}");
        assert_eq!(TrustRegistry::insert(&store, FIRST, &issuer(text)).await.unwrap(), Insert::Done);
        assert_eq!(
            TrustRegistry::update(&store, FIRST, &issuer(text)).await.unwrap(),
            Update::Done,
            "{text}"
        );
    }
    for text in &hostile {
        assert_eq!(TrustStore::find(&store, &iss(text)).await.unwrap().unwrap().record(), &issuer(text));
        assert_eq!(TrustRegistry::delete(&store, &iss(text)).await.unwrap(), Delete::Done, "{text}");
    }
    let left = TrustRegistry::list(&store, &TrustQuery::first(10)).await.unwrap();
    assert!(left.issuers.is_empty());
}

/// PostgreSQL's text has no NUL, and takes a wrong value for a failure. A caller must not be able to make one.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_name_prefix_with_a_nul_matches_nothing() {
    let database = Database::migrated().await;
    let store = database.store();
    assert_eq!(ClientRegistry::insert(&store, FIRST, &named("a", "name")).await.unwrap(), Insert::Done);
    for prefix in ["\0", "na\0", "name\0"] {
        let page =
            ClientRegistry::list(&store, &ClientQuery::first(10).with_name_prefix(prefix)).await.unwrap();
        assert!(page.clients.is_empty() && page.next.is_none(), "{prefix:?}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_name_prefix_is_compared_byte_for_byte() {
    let database = Database::migrated().await;
    let store = database.store();
    let last = "\u{10FFFF}".repeat(50);
    let names = ["Bill", "bill", "billing", "bi", "é", "e\u{301}", "z\u{10FFFF}", &last];
    for (number, name) in names.iter().enumerate() {
        let record = named(&number.to_string(), name);
        assert_eq!(ClientRegistry::insert(&store, FIRST, &record).await.unwrap(), Insert::Done);
    }
    assert_eq!(ClientRegistry::insert(&store, FIRST, &client("nameless")).await.unwrap(), Insert::Done);
    let too_long = format!("{last}\u{10FFFF}");
    for prefix in names.into_iter().chain(["b", "B", "e", "z", "\u{10FFFF}", &too_long, "none"]) {
        let page =
            ClientRegistry::list(&store, &ClientQuery::first(100).with_name_prefix(prefix)).await.unwrap();
        let found: Vec<_> = page.clients.iter().filter_map(|held| held.record().name()).collect();
        let expected: Vec<_> = names.into_iter().filter(|name| name.starts_with(prefix)).collect();
        assert_eq!(found, expected, "{prefix:?}");
    }
}
