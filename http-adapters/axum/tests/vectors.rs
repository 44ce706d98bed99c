//! The protocol vectors over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use grantor_conformance::vectors::check;
use grantor_storage_memory::MemoryStore;

#[tokio::test]
async fn s11_axum_gives_the_answer_of_every_vector() {
    check(MemoryStore::new, async |server, request| {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(axum::serve(listener, grantor_axum::router(server.clone())).into_future());
        let answer = request.send(address).await;
        serving.abort();
        answer
    })
    .await
    .unwrap();
}
