//! Rows that others wrote.

use grantor::store::{
    ClientQuery, ClientRegistry, ClientStore, Delete, Insert, StoreError, TrustQuery, TrustRegistry,
    TrustStore,
};

use crate::database::Database;
use crate::records::{FIRST, client, id, iss, issuer};

fn is_corrupt<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(!answer.unwrap_err().is_unavailable());
}

/// Otherwise a listing would go round in circles, and whoever changes the one client would change the other.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_record_under_the_id_of_another_client_is_corrupt() {
    let database = Database::migrated().await;
    let store = database.store();
    for name in ["a", "b"] {
        assert_eq!(ClientRegistry::insert(&store, FIRST, &client(name)).await.unwrap(), Insert::Done);
    }
    let swap = "UPDATE $SCHEMA.clients SET document = (SELECT document FROM $SCHEMA.clients WHERE id = 'a')";
    database.run(swap).await;
    is_corrupt(ClientStore::find(&store, &id("b")).await);
    is_corrupt(ClientRegistry::list(&store, &ClientQuery::first(10)).await);
    assert!(ClientStore::find(&store, &id("a")).await.unwrap().is_some());
    assert_eq!(ClientRegistry::delete(&store, &id("b")).await.unwrap(), Delete::Done);
}

/// The keys of one issuer would vouch for the subjects of another.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_record_under_the_name_of_another_issuer_is_corrupt() {
    let database = Database::migrated().await;
    let store = database.store();
    for name in ["a", "b"] {
        assert_eq!(TrustRegistry::insert(&store, FIRST, &issuer(name)).await.unwrap(), Insert::Done);
    }
    let swap = "UPDATE $SCHEMA.trusted_issuers
        SET document = (SELECT document FROM $SCHEMA.trusted_issuers WHERE id = 'a')";
    database.run(swap).await;
    is_corrupt(TrustStore::find(&store, &iss("b")).await);
    is_corrupt(TrustRegistry::list(&store, &TrustQuery::first(10)).await);
    assert!(TrustStore::find(&store, &iss("a")).await.unwrap().is_some());
    assert_eq!(TrustRegistry::delete(&store, &iss("b")).await.unwrap(), Delete::Done);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_revision_that_is_none_is_corrupt() {
    let database = Database::migrated().await;
    let store = database.store();
    assert_eq!(TrustRegistry::insert(&store, FIRST, &issuer("a")).await.unwrap(), Insert::Done);
    database.run("UPDATE $SCHEMA.trusted_issuers SET revision = -1").await;
    is_corrupt(TrustStore::find(&store, &iss("a")).await);
    is_corrupt(TrustRegistry::list(&store, &TrustQuery::first(10)).await);
}
