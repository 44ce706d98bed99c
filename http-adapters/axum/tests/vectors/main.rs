//! The protocol vectors over real sockets, on axum.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod race;
mod threats;

use std::io;

use grantor::AuthorizationServer;
use grantor_conformance::vectors::{Answer, Request, check};
use grantor_storage_memory::MemoryStore;

async fn exchange(server: &AuthorizationServer, request: &Request) -> io::Result<Answer> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(axum::serve(listener, grantor_axum::router(server.clone())).into_future());
    let answer = request.send(address).await;
    serving.abort();
    answer
}

#[tokio::test]
async fn s11_axum_gives_the_answer_of_every_vector() {
    check(MemoryStore::new, exchange).await.unwrap();
}
