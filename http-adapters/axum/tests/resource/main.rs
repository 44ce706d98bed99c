//! APIs that take tokens, on axum.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod promises;
mod world;

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{any, get};
use grantor_axum::{AccessToken, Claims, Refused, RequireToken, Scoped, protected_resource};
use tokio::net::TcpListener;

use world::{Absent, Api, Read, ReadAndWrite, Tenant};

async fn serve(api: Api) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app(&api)).await.unwrap() });
    address
}

fn app(api: &Api) -> Router {
    let handled = std::sync::Arc::clone(&api.handled);
    let handler = async move || {
        handled.fetch_add(1, Ordering::SeqCst);
        "handled"
    };
    let guarded = Router::new()
        .route("/guarded", any(handler))
        .route("/together", get(together))
        .layer(RequireToken::new(api.verifier.clone()).scope("write"));
    let crossed = Router::new()
        .route("/crossed", get(token))
        .with_state(api.other.clone())
        .layer(RequireToken::new(api.verifier.clone()));
    let misspelt = Router::new()
        .route("/misspelt", get(async || ""))
        .layer(RequireToken::new(api.verifier.clone()).scope("read  write"));
    Router::new()
        .route("/token", get(token))
        .route("/required", get(required))
        .route("/scoped", get(async |_: Scoped<ReadAndWrite>| "scoped"))
        .route("/claims", get(async |Claims(claims): Claims<Tenant>| claims.tenant))
        .route("/absent-claim", get(async |Claims(claims): Claims<Absent>| format!("{claims:?}")))
        .route("/optional", get(optional))
        .merge(guarded)
        .with_state(api.verifier.clone())
        .merge(crossed)
        .merge(misspelt)
        .merge(protected_resource(&api.verifier))
        .merge(protected_resource(&api.other))
}

async fn token(AccessToken(token): AccessToken) -> String {
    format!("{}: {}", token.client_id(), token.scope())
}

async fn required(AccessToken(token): AccessToken) -> Result<&'static str, Refused> {
    token.require("write")?;
    Ok("required")
}

async fn optional(token: Option<AccessToken>) -> String {
    token.map_or("nobody".to_owned(), |AccessToken(token)| token.client_id().to_string())
}

async fn together(
    Extension(left): Extension<AccessToken>,
    AccessToken(token): AccessToken,
    Claims(Tenant { tenant }): Claims<Tenant>,
    scoped: Scoped<Read>,
) -> String {
    assert_eq!(left.0.jti(), scoped.token.jti());
    format!("{} {tenant} {}", token.client_id(), scoped.token.scope().tokens().next().unwrap())
}
