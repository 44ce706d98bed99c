//! `wait_for_replicas`: a write that too few replicas have is an error. And a primary that is made a replica.

use std::time::Duration;

use grantor::store::{
    AuthMethod, Claim, Client, ClientQuery, ClientRegistry, ClientStore, KeyStore, Revision, TokenState,
    TokenStore,
};
use grantor_storage_redis::Loss;

use crate::fixture::{free_port, id, later, proof, run, token};
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
    let waiting = |replicas, seconds| {
        let builder = primary.builder().accept_loss(Loss::FailOver);
        builder.wait_for_replicas(replicas, Duration::from_secs(seconds)).build().unwrap()
    };
    let store = waiting(1, 10);
    let caveats = TokenStore::caveats(&store);
    assert!(caveats[0].contains("1 of its replicas"), "{caveats:?}");
    until("the replica is in step", async || store.claim(&proof(), later()).await.is_ok()).await;
    let (spent, revoked) = (proof(), token());
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
    store.revoke(&revoked, later()).await.unwrap();

    let said = told(&waiting(2, 1).claim(&proof(), later()).await.unwrap_err());
    assert!(said.contains("of 2 replicas 1"), "{said}");

    let store = waiting(1, 1);
    replica.kill();
    told(&store.claim(&proof(), later()).await.unwrap_err());
    told(&store.revoke(&revoked, later()).await.unwrap_err());
    assert!(matches!(TokenStore::find(&store, &revoked).await.unwrap(), TokenState::Revoked), "reads go on");
}

/// Its connections stay, and it goes on to answer reads: with a revocation that it has not got yet.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_primary_that_is_made_a_replica_is_not_read_any_more() {
    let server = Server::start(&[]).await;
    let store = server.builder().accept_loss(Loss::FailOver).build().unwrap();
    let client = Client::builder(id("a"), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap();
    let _done = ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap();
    for _ in 0..2 {
        let of_nobody = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(free_port()).clone();
        for read in 0..5 {
            run::<()>(&server.client(), &of_nobody).await.unwrap();
            let refused = match read {
                0 => TokenStore::find(&store, &token()).await.err(),
                1 => ClientStore::find(&store, client.id()).await.err(),
                2 => store.list(&ClientQuery::first(10)).await.err(),
                3 => store.load().await.err(),
                _ => store.claim(&proof(), later()).await.err(),
            };
            told(&refused.expect("a replica was asked"));
            run::<()>(&server.client(), redis::cmd("REPLICAOF").arg("NO").arg("ONE")).await.unwrap();
            assert_eq!(store.claim(&proof(), later()).await.unwrap(), Claim::First);
        }
    }
}
