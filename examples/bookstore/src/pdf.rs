//! The PDF service: an API that takes tokens of an issuer elsewhere.

use std::error::Error;

use axum::routing::{get, post};
use axum::{Json, Router};
use grantor::resource::{AccessTokenVerifier, RemoteIssuer, RequiredScope};
use grantor::{ClientId, ClientSecret, Issuer};
use grantor_axum::{RequireToken, Scoped};
use grantor_fetch::{Fetcher, Introspection, KeySets};

pub(crate) const ID: &str = "pdf-service";
/// The resources that it serves: what its tokens have to be for, wherever it listens.
pub(crate) const RECEIPTS: &str = "https://pdf.bookstore.example/receipts";
pub(crate) const ARCHIVE: &str = "https://pdf.bookstore.example/archive";

/// What a route needs can be said as a type of an argument …
struct WriteReceipts;

impl RequiredScope for WriteReceipts {
    const SCOPE: &'static str = "receipts:write";
}

#[derive(serde::Deserialize)]
struct Order {
    order: u32,
    title: String,
    cents: u32,
}

/// Checked before the order is read. A real one would draw a PDF.
async fn receipt(Scoped { token, .. }: Scoped<WriteReceipts>, Json(order): Json<Order>) -> String {
    let Order { order, title, cents } = order;
    let client = token.client_id();
    format!(
        "Receipt for order {order}: {title}, EUR {}.{:02}, paid by way of {client}",
        cents / 100,
        cents % 100
    )
}

/// Both of its resources, each with a verifier of its own.
pub(crate) fn app(issuer: &str, secret: &ClientSecret) -> Result<Router, Box<dyn Error>> {
    let fetcher = Fetcher::builder().dangerous().allow_http_on_loopback().build()?;
    let key_sets = KeySets::new(fetcher.clone());
    let issuer_elsewhere = || RemoteIssuer::new(issuer, key_sets.clone()).dangerous_allow_http_on_loopback();

    let receipts = AccessTokenVerifier::of_issuer(issuer_elsewhere(), RECEIPTS).build()?;
    let introspection =
        Introspection::of_issuer(fetcher, Issuer::new(issuer)?, &ClientId::new(ID)?, secret.expose())?;
    let archive =
        AccessTokenVerifier::of_issuer(issuer_elsewhere().introspection(introspection), ARCHIVE).build()?;

    // … or before a whole router.
    let archive = Router::new()
        .route("/archive", get(async || "The archive holds one receipt"))
        .layer(RequireToken::new(archive).scope("archive:read"));
    Ok(Router::new().route("/receipts", post(receipt)).with_state(receipts).merge(archive))
}
