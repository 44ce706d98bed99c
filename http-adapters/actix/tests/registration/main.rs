//! Registration over real sockets, on actix-web: the promises of `grantor-axum`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

#[path = "../../../axum/tests/registration/keys.rs"]
mod keys;
#[path = "../../../axum/tests/registration/promises.rs"]
mod promises;

use std::net::{SocketAddr, TcpListener};

use actix_web::web::{ServiceConfig, ThinData, post, resource};
use actix_web::{App, HttpServer};
use grantor::AuthorizationServer;

use promises::{INITIAL, Own, open, send, server};

async fn serve(server: AuthorizationServer) -> SocketAddr {
    listen(move |app| grantor_actix::configure(server.clone())(app))
}

fn listen(app: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = HttpServer::new(move || App::new().configure(app.clone()));
    tokio::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
    address
}

#[tokio::test]
async fn single_handlers_serve_a_route_of_ones_own() {
    let server = server(Some(open())).await;
    let address = listen(move |app| {
        app.app_data(ThinData(server.clone()))
            .route("/r", post().to(grantor_actix::register))
            .service(resource("/r/{client_id}").to(grantor_actix::client_configuration));
    });
    let own = Own::of(&send(address, "POST /r", INITIAL, "", "{}").await);
    assert_eq!(send(address, &format!("GET /r/{}", own.id), &own.token, "", "").await.status, 200);
    assert_eq!(send(address, &format!("DELETE /r/{}", own.id), &own.token, "", "").await.status, 204);
}
