//! A bookstore in three services, which know nothing of each other but URLs and credentials: `cargo run -p bookstore`.
//!
//! An authorization server; a PDF service, which takes tokens and checks them by what the issuer publishes, or for its
//! archive by asking it, as a client that `serves` that; and a payment service, which gets its tokens with a private key.
//! What they say to each other goes over HTTP.

mod authorization;
mod payment;
mod pdf;

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use authorization::Secrets;
use payment::PaymentService;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "a TLS provider is there already")?;

    let (listener, issuer) = listen().await?;
    let (payment, public_key) = PaymentService::new(&issuer)?;
    let (server, Secrets { pdf_service }) = authorization::server(&issuer, public_key).await?;
    serve(listener, grantor_axum::router(server.clone()));
    grantor_axum::spawn_maintenance(server);

    let (listener, pdf_url) = listen().await?;
    serve(listener, pdf::app(&issuer, &pdf_service)?);

    println!("1. The payment service asks for a token with its key (private_key_jwt, ES256).");
    let token = payment.token(pdf::RECEIPTS, "receipts:write").await?;
    println!("   {} for {} seconds: {}", token.token_type, token.expires_in, token.scope);

    println!("2. It orders a receipt. The PDF service checks the token by the issuer's published keys.");
    let receipts = format!("{pdf_url}/receipts");
    let order = serde_json::json!({ "order": 4711, "title": "Middlemarch", "cents": 1290 });
    println!("   {}", payment.post(&receipts, Some(&token), &order).await?);

    println!("3. With a token of another scope:");
    let reader = payment.token(pdf::RECEIPTS, "receipts:read").await?;
    println!("   {}", payment.post(&receipts, Some(&reader), &order).await?);

    println!("4. The archive's tokens are opaque: the PDF service asks the issuer about each.");
    let archive = format!("{pdf_url}/archive");
    let token = payment.token(pdf::ARCHIVE, "archive:read").await?;
    println!("   {}", payment.get(&archive, Some(&token)).await?);
    println!("   The payment service revokes it: {}", payment.revoke(&token).await?);
    println!("   {}", payment.get(&archive, Some(&token)).await?);

    println!("5. Without a token:");
    println!("   {}", payment.post(&receipts, None, &order).await?);
    Ok(())
}

/// A listener, and the URL that it is reached by.
async fn listen() -> std::io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Serves until the program ends.
fn serve(listener: TcpListener, app: Router) {
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    drop(tokio::spawn(async move { axum::serve(listener, service).await }));
}
