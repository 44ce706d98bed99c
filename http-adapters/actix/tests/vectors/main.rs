//! The protocol vectors over real sockets, on actix-web.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

#[path = "../../../axum/tests/vectors/threats.rs"]
mod threats;

use std::io;

use actix_web::{App, HttpServer};
use grantor::AuthorizationServer;
use grantor_conformance::vectors::{Answer, Request, check};
use grantor_storage_memory::MemoryStore;

async fn exchange(server: &AuthorizationServer, request: &Request) -> io::Result<Answer> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = server.clone();
    let serving = HttpServer::new(move || App::new().configure(grantor_actix::configure(server.clone())))
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = serving.handle();
    tokio::spawn(serving);
    let answer = request.send(address).await;
    handle.stop(false).await;
    answer
}

#[tokio::test]
async fn s11_actix_web_gives_the_answer_of_every_vector() {
    check(MemoryStore::new, exchange).await.unwrap();
}
