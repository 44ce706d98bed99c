//! The protocol vectors against adapters that are not what they should be. Core and those that are run them in their own tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::io;

use grantor_conformance::vectors::{Answer, check};
use grantor_storage_memory::MemoryStore;

/// What is found where each answer comes out of `adapter` changed.
async fn found(change: impl Fn(Answer) -> io::Result<Answer>) -> String {
    let checked = check(MemoryStore::new, async |server, request| change(request.ask(server).await)).await;
    checked.expect_err("it is not what it should be").seen().to_owned()
}

#[tokio::test]
async fn s11_an_adapter_that_changes_anything_is_found() {
    let with_header = |name: &'static str| {
        move |answer: Answer| {
            let headers = answer.headers().chain([(name, "x")]);
            Ok(Answer::new(answer.status(), headers, answer.body()))
        }
    };
    assert!(found(with_header("server")).await.contains("server: x"));
    assert!(found(with_header("cache-control")).await.contains("cache-control: x"));
    let without = |answer: Answer| {
        let headers = answer.headers().filter(|(name, _)| *name != "pragma");
        Ok(Answer::new(answer.status(), headers, answer.body()))
    };
    assert!(found(without).await.contains("a secret by HTTP Basic: step 1"));
    let always_200 = |answer: Answer| Ok(Answer::new(200, answer.headers(), answer.body()));
    assert!(found(always_200).await.contains("expected 401"));
    let prettier =
        |answer: Answer| Ok(Answer::new(answer.status(), answer.headers(), [answer.body(), b"\n"].concat()));
    assert!(found(prettier).await.contains("HEAD of the keys"));
    assert!(found(|_| Err(io::Error::other("no answer at all"))).await.contains("no answer at all"));
}
