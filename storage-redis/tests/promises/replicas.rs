//! `wait_for_replicas`: a write that too few replicas have is an error.

use std::time::Duration;

use grantor::store::{Claim, TokenState, TokenStore};
use grantor_storage_redis::{Loss, RedisStore};

use crate::fixture::{later, proof, token};
use crate::server::{Server, until};
use crate::settings::told;

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_write_counts_once_the_replicas_have_it() {
    let primary = Server::start(&[]).await;
    let mut replica = Server::start(&[
        "--replicaof",
        &format!("127.0.0.1 {}", primary.port),
        "--repl-diskless-sync-delay",
        "0",
    ])
    .await;
    let waiting = |replicas| {
        let builder = RedisStore::single(primary.client()).accept_loss(Loss::FailOver);
        builder.wait_for_replicas(replicas, Duration::from_millis(300)).build().unwrap()
    };
    let store = waiting(1);
    assert!(store.caveats()[0].contains("1 of its replicas"), "{:?}", store.caveats());
    until("the replica is in step", async || store.claim(&proof(), later()).await.is_ok()).await;
    let (spent, revoked) = (proof(), token());
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
    store.revoke(&revoked, later()).await.unwrap();

    let said = told(&waiting(2).claim(&proof(), later()).await.unwrap_err());
    assert!(said.contains("of 2 replicas 1"), "{said}");

    replica.kill();
    told(&store.claim(&proof(), later()).await.unwrap_err());
    told(&store.revoke(&revoked, later()).await.unwrap_err());
    assert!(matches!(TokenStore::find(&store, &revoked).await.unwrap(), TokenState::Revoked), "reads go on");
}
