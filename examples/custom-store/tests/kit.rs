//! The store, by the tests that each backend of Grantor has to pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use custom_store::Customers;
use grantor::store::{AuthMethod, Client, ClientStore, Credential};
use grantor::{ClientId, CredentialId, Scope};
use serde_json::{Map, Value};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::Instant;

grantor_conformance::client_store!(
    #[ignore = "needs PostgreSQL: bash .ci/test starts one"]
    shown
);

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn an_outage_is_an_error() -> Result<(), grantor_conformance::Broken> {
    let pool = support::database().await;
    pool.close().await;
    grantor_conformance::client_store::an_outage_is_an_error(&Customers::new(pool), &[]).await
}

/// The server takes the connection and never says a word. The clock is paused, so nobody waits for it.
#[tokio::test(start_paused = true)]
async fn a_silent_database_is_an_outage_in_bounded_time() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = PgConnectOptions::new().host("127.0.0.1").port(mute.local_addr().unwrap().port());
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(600)).connect_lazy_with(options);
    let begun = Instant::now();
    let outage = Customers::new(pool).find(&ClientId::new("acme").unwrap()).await.unwrap_err();
    assert!(outage.is_unavailable());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// The store, and the clients that it should show.
async fn shown() -> (Customers, Vec<Client>) {
    let pool = support::database().await;
    let mut clients = vec![
        client("acme", "Acme Ltd.", ["eu-1", "premium"], "invoices:read invoices:write"),
        client("Initech", "Initech", ["us-2", "basic"], "invoices:read")
            .to_builder()
            .enabled(false)
            .credentials([password("$2y$10$abcdefghijklmnopqrstuu1C668rNQP1hDOdllqHYzauf2qtoC73i")])
            .build()
            .unwrap(),
    ];
    let long = "x".repeat(255);
    for (number, login) in ["o'hara", "100%", "a b", "a\\b", "A_B", "*", &long].into_iter().enumerate() {
        support::add(&pool, number as i64, login, &["invoice_write", "invoice_read", "billing contact"])
            .await;
        clients.push(client(login, "Company", ["eu-1", "basic"], "invoices:read invoices:write"));
    }
    (Customers::new(pool), clients)
}

fn client(login: &str, company: &str, [tenant, plan]: [&str; 2], scope: &str) -> Client {
    let metadata =
        [("tenant", tenant), ("plan", plan)].map(|(name, text)| (name.to_owned(), Value::from(text)));
    Client::builder(ClientId::new(login).unwrap(), AuthMethod::CLIENT_SECRET_BASIC)
        .name(company)
        .credential(password("$2a$10$7EqJtq98hPqEX7fNZaFWoOqQbMItJWqqgPVLa2WUU4eF/J07cDI3O"))
        .scope(Scope::parse(scope).unwrap())
        .metadata(Map::from_iter(metadata))
        .build()
        .unwrap()
}

fn password(hash: &str) -> Credential {
    Credential::imported(CredentialId::new("password").unwrap(), hash)
}
