//! A database for one test, in which a guest may make what a host did not think of.

use std::thread;

use grantor_storage_postgres::PostgresStore;
use grantor_storage_postgres::sqlx::postgres::{PgConnectOptions, PgPool};
use grantor_storage_postgres::sqlx::{self, AssertSqlSafe, Connection};
use tokio::runtime::Builder;

use crate::database::{PATIENCE, pool_of_one, random_name, server};

/// Goes when this is dropped, with its two roles: neither is a superuser, and both may make schemas.
///
/// `$HOST` migrates. `$GUEST` is another tenant of the database, who may also make things in `public`.
#[derive(Debug)]
pub(crate) struct Island {
    name: String,
}

impl Island {
    pub(crate) async fn new() -> Self {
        let island = Self { name: random_name() };
        run(server(), format!("CREATE DATABASE {}", island.name)).await;
        island
            .as_superuser(
                "CREATE ROLE $HOST LOGIN; CREATE ROLE $GUEST LOGIN;
                 GRANT CREATE ON DATABASE $ISLAND TO $HOST, $GUEST; GRANT CREATE ON SCHEMA public TO $GUEST",
            )
            .await;
        island
    }

    pub(crate) fn sql(&self, template: &str) -> String {
        template
            .replace("$HOST", &self.host())
            .replace("$GUEST", &self.guest())
            .replace("$ISLAND", &self.name)
    }

    pub(crate) fn host(&self) -> String {
        format!("{}_host", self.name)
    }

    pub(crate) fn guest(&self) -> String {
        format!("{}_guest", self.name)
    }

    pub(crate) async fn as_superuser(&self, template: &str) {
        run(server().database(&self.name), self.sql(template)).await;
    }

    pub(crate) async fn as_role(&self, role: &str, template: &str) {
        run(server().database(&self.name).username(role), self.sql(template)).await;
    }

    pub(crate) fn pool(&self, role: &str) -> PgPool {
        pool_of_one(server().database(&self.name).username(role))
    }

    /// In the schema `grantor`.
    pub(crate) fn store(&self, role: &str) -> PostgresStore {
        PostgresStore::builder(self.pool(role)).timeout(PATIENCE).build()
    }
}

async fn run(options: PgConnectOptions, sql: String) {
    let mut connection = sqlx::PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl Drop for Island {
    fn drop(&mut self) {
        let clear = [
            self.sql("DROP DATABASE IF EXISTS $ISLAND WITH (FORCE)"),
            self.sql("DROP ROLE IF EXISTS $HOST, $GUEST"),
        ];
        // On a thread of its own, since this may be dropped inside of a runtime.
        let done = thread::spawn(move || {
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                for sql in clear {
                    run(server(), sql).await;
                }
            });
        });
        if done.join().is_err() {
            eprintln!("the database {} of a test was left behind", self.name);
        }
    }
}
