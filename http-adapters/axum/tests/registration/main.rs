//! Registration over real sockets, on axum.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod keys;
mod promises;

use std::net::SocketAddr;

use axum::{Router, routing};
use grantor::AuthorizationServer;
use tokio::net::TcpListener;

use promises::{INITIAL, Own, open, send, server};

async fn serve(server: AuthorizationServer) -> SocketAddr {
    listen(Router::new().merge(grantor_axum::router(server))).await
}

async fn listen(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

#[tokio::test]
async fn single_handlers_serve_a_route_of_ones_own() {
    let app = Router::new()
        .route("/r", routing::post(grantor_axum::register))
        .route("/r/{client_id}", routing::any(grantor_axum::client_configuration))
        .with_state(server(Some(open())).await);
    let address = listen(app).await;
    let own = Own::of(&send(address, "POST /r", INITIAL, "", "{}").await);
    assert_eq!(send(address, &format!("GET /r/{}", own.id), &own.token, "", "").await.status, 200);
    assert_eq!(send(address, &format!("DELETE /r/{}", own.id), &own.token, "", "").await.status, 204);
}
