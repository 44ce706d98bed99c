//! The protocol vectors, asked of core itself. The adapters run the same ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use grantor_conformance::vectors::check;
use grantor_storage_memory::MemoryStore;

#[tokio::test]
async fn s11_core_gives_the_answer_of_every_vector() {
    check(MemoryStore::new, async |server, request| Ok(request.ask(server).await)).await.unwrap();
}
