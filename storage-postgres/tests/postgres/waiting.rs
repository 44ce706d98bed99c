//! An update that had to wait for somebody else tells what has become of the row since.

use grantor::store::{ClientRegistry, Insert, Update};
use grantor_storage_postgres::sqlx::{self, Connection};

use crate::database::{Database, pool_of_one, server, until};
use crate::records::{FIRST, client};

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn an_update_that_waited_for_a_delete_is_missing_and_for_an_update_a_conflict() {
    let database = Database::migrated().await;
    for (other, expected) in [
        ("UPDATE $SCHEMA.clients SET revision = 100 WHERE id = 'UPDATE'", Update::Conflict),
        ("DELETE FROM $SCHEMA.clients WHERE id = 'DELETE'", Update::Missing),
    ] {
        let record = client(&other[..6]);
        let store = database.store_on(pool_of_one(server().application_name(&database.schema)));
        assert_eq!(ClientRegistry::insert(&store, FIRST, &record).await.unwrap(), Insert::Done);
        let mut before = sqlx::PgConnection::connect_with(&server()).await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut before).await.unwrap();
        sqlx::raw_sql(database.sql(other)).execute(&mut before).await.unwrap();
        let updating = tokio::spawn(async move { store.update(FIRST, &record).await });
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = '$SCHEMA' AND wait_event_type = 'Lock'";
        until("it waits", async || database.number(waiting).await == 1).await;
        sqlx::raw_sql("COMMIT").execute(&mut before).await.unwrap();
        assert_eq!(updating.await.unwrap().unwrap(), expected, "{other}");
    }
}
