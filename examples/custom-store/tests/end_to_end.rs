//! A customer gets a token with the password that it has, over a socket and a real database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::net::SocketAddr;

use grantor::ClientId;
use grantor::store::ClientStore;
use serde_json::Value;
use sqlx::postgres::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Answer {
    status: u16,
    text: String,
    body: Value,
}

/// The example's server on a port of its own.
async fn serve(pool: PgPool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = custom_store::server(&format!("http://{address}"), pool).await.unwrap();
    let app = grantor_axum::router(server).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn token(address: SocketAddr, login: &str, password: &str) -> Answer {
    let basic = format!("{login}:{password}");
    let form = "grant_type=client_credentials";
    let request = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Basic {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        data_encoding::BASE64.encode(basic.as_bytes()),
        form.len(),
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let body = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    Answer { status, text, body }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn an_existing_password_gets_a_token_and_nothing_else_does() {
    let pool = support::database().await;
    support::add(&pool, 1, "newsletter-only", &["newsletter"]).await;
    let address = serve(pool).await;

    let granted = token(address, "acme", "correct-horse-battery").await;
    assert_eq!((granted.status, granted.body["scope"].as_str()), (200, Some("invoices:read invoices:write")));
    let claims = granted.body["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap();
    assert_eq!((claims["sub"].as_str(), claims["client_id"].as_str()), (Some("acme"), Some("acme")));

    let wrong = token(address, "acme", "correct-horse-batterz").await;
    assert_eq!((wrong.status, wrong.body["error"].as_str()), (401, Some("invalid_client")));
    let too_long = "x".repeat(73);
    for (login, password, why) in [
        ("nobody", "correct-horse-battery", "no such customer"),
        ("ACME", "correct-horse-battery", "another case"),
        ("Initech", "tr0ub4dor-and-3", "locked out, with its right password"),
        ("acme", "correct-horse-battery%00more", "bcrypt would not look at what comes after"),
        ("acme", &too_long, "nor at this"),
    ] {
        let refused = token(address, login, password).await;
        assert_eq!((refused.status, &refused.body), (401, &wrong.body), "{why}");
    }
    let other = token(address, "newsletter-only", "correct-horse-battery").await;
    assert_eq!(
        (other.status, other.body["error"].as_str()),
        (400, Some("invalid_scope")),
        "no permission for the API"
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn without_the_database_the_answer_is_503_and_never_invalid_client() {
    let pool = support::database().await;
    let address = serve(pool.clone()).await;
    pool.close().await;
    let answer = token(address, "acme", "correct-horse-battery").await;
    assert_eq!((answer.status, answer.body["error"].as_str()), (503, Some("temporarily_unavailable")));
    assert!(answer.text.to_lowercase().contains("\r\nretry-after: "), "{}", answer.text);
}

/// A row that is no client is somebody's mistake and not the customer's.
#[tokio::test]
#[ignore = "needs PostgreSQL: bash .ci/test starts one"]
async fn a_row_that_is_no_client_is_corrupt_and_a_lost_table_unavailable() {
    let pool = support::database().await;
    let (customers, acme) = (custom_store::Customers::new(pool.clone()), ClientId::new("acme").unwrap());
    for (damage, unavailable) in [
        ("UPDATE api_customers SET company = E'Acme\\nLtd.'", false),
        (
            "ALTER TABLE api_customers ALTER company DROP NOT NULL; UPDATE api_customers SET company = NULL",
            false,
        ),
        ("DROP TABLE api_customers", true),
    ] {
        sqlx::raw_sql(damage).execute(&pool).await.unwrap();
        let failed = customers.find(&acme).await.unwrap_err();
        assert_eq!(failed.is_unavailable(), unavailable, "{damage}");
    }
}
