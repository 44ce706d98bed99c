//! The application's database, made anew for each test.

use std::env;

use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

/// A schema of its own with the table of `schema.sql` and its two customers.
pub(crate) async fn database() -> PgPool {
    let url = env::var("GRANTOR_TEST_POSTGRES")
        .expect("GRANTOR_TEST_POSTGRES tells where PostgreSQL is; `bash .ci/servers start DIR` starts one");
    let options: PgConnectOptions = url.parse().expect("GRANTOR_TEST_POSTGRES is a URL");
    let anywhere = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await.unwrap();
    let schema: String =
        sqlx::query_scalar("SELECT 'custom_store_' || replace(gen_random_uuid()::text, '-', '')")
            .fetch_one(&anywhere)
            .await
            .unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&anywhere).await.unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .connect_with(options.options([("search_path", &schema)]))
        .await
        .unwrap();
    sqlx::raw_sql(include_str!("../../schema.sql")).execute(&pool).await.unwrap();
    pool
}

/// One customer more.
pub(crate) async fn add(pool: &PgPool, number: i64, login: &str, permissions: &[&str]) {
    sqlx::query(
        "INSERT INTO api_customers (customer_no, login, password_bcrypt, company, tenant, permissions)
         SELECT $1, $2, password_bcrypt, 'Company', 'eu-1', $3 FROM api_customers WHERE login = 'acme'",
    )
    .bind(number)
    .bind(login)
    .bind(permissions)
    .execute(pool)
    .await
    .unwrap();
}
