//! The protocol vectors over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use actix_web::{App, HttpServer};
use grantor_conformance::vectors::check;
use grantor_storage_memory::MemoryStore;

#[tokio::test]
async fn s11_actix_web_gives_the_answer_of_every_vector() {
    check(MemoryStore::new, async |server, request| {
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
    })
    .await
    .unwrap();
}
