//! The project's own vectors of client assertions, asked of core itself. The adapters run the same ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use grantor_conformance::vectors::check_named;
use grantor_storage_memory::MemoryStore;

/// Each alone, on a server of its own. How many of each verdict there are is held where they are read.
#[tokio::test]
async fn every_assertion_gets_its_verdict() {
    check_named("S0", MemoryStore::new, async |server, request| Ok(request.ask(server).await)).await.unwrap();
}
