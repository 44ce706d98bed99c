//! A Cluster of one's own: slots on the move, servers down, replicas.

use std::time::Duration;

use grantor::ProofId;
use grantor::store::{Claim, CredentialUsage, CredentialUse, TokenStore};
use grantor_storage_redis::{Loss, RedisStore};
use redis::Value;

use crate::fixture::{free_port, later, patient, proof, run};
use crate::server::{Server, until};
use crate::settings::told;
use crate::usage::used;

/// Three primaries with a third of the slots each.
struct Cluster {
    nodes: Vec<Server>,
}

const FIRST_SLOTS: [u16; 4] = [0, 5461, 10923, 16384];

async fn id(node: &Server) -> String {
    run(&node.client(), redis::cmd("CLUSTER").arg("MYID")).await.unwrap()
}

async fn command(node: &Server, words: &[&str]) {
    let mut command = redis::cmd("CLUSTER");
    run::<()>(&node.client(), command.arg(words)).await.unwrap();
}

async fn meet(node: &Server, other: &Server) {
    let bus: Vec<String> =
        run(&other.client(), redis::cmd("CONFIG").arg("GET").arg("cluster-port")).await.unwrap();
    command(node, &["MEET", "127.0.0.1", &other.port.to_string(), &bus[1]]).await;
}

async fn info_says(node: &Server, line: &str) -> bool {
    let info: Result<String, _> = run(&node.client(), redis::cmd("CLUSTER").arg("INFO")).await;
    info.is_ok_and(|info| info.contains(line))
}

async fn member(options: &[&str]) -> Server {
    let bus = free_port().to_string();
    let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus];
    let options: Vec<&str> = cluster.iter().chain(options).copied().collect();
    Server::start(&options).await
}

impl Cluster {
    async fn start(options: &[&str]) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.push(member(options).await);
        }
        for (node, slots) in nodes.iter().zip(FIRST_SLOTS.windows(2)) {
            command(node, &["ADDSLOTSRANGE", &slots[0].to_string(), &(slots[1] - 1).to_string()]).await;
        }
        for node in &nodes[1..] {
            meet(node, &nodes[0]).await;
        }
        let cluster = Self { nodes };
        cluster.is_whole().await;
        cluster
    }

    async fn is_whole(&self) {
        until("the Cluster is whole", async || {
            for node in &self.nodes {
                if !info_says(node, "cluster_state:ok").await || !info_says(node, "cluster_size:3").await {
                    return false;
                }
            }
            true
        })
        .await;
    }

    fn store(&self) -> RedisStore {
        patient(RedisStore::cluster(self.nodes.iter().map(Server::client))).build().unwrap()
    }

    /// A proof whose key falls into one of the slots of a node, and the slot.
    async fn proof_of(&self, node: usize) -> (ProofId, u16) {
        loop {
            let proof = proof();
            let tag = data_encoding::BASE64URL_NOPAD.encode(proof.as_bytes());
            let command = redis::cmd("CLUSTER").arg("KEYSLOT").arg(tag).clone();
            let slot: u16 = run(&self.nodes[(node + 1) % 3].client(), &command).await.unwrap();
            if (FIRST_SLOTS[node]..FIRST_SLOTS[node + 1]).contains(&slot) {
                return (proof, slot);
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_slot_on_the_move_costs_no_call() {
    let cluster = Cluster::start(&[]).await;
    let [from, to, ..] = &cluster.nodes[..] else { panic!() };
    let (store, (from_id, to_id)) = (cluster.store(), (id(from).await, id(to).await));
    let (here, slot) = cluster.proof_of(0).await;
    assert_eq!(store.claim(&here, later()).await.unwrap(), Claim::First);
    let slot = slot.to_string();
    command(to, &["SETSLOT", &slot, "IMPORTING", &from_id]).await;
    command(from, &["SETSLOT", &slot, "MIGRATING", &to_id]).await;
    let key = format!("grantor:1:proof:{{{}}}", data_encoding::BASE64URL_NOPAD.encode(here.as_bytes()));
    let mut migrate = redis::cmd("MIGRATE");
    migrate.arg("127.0.0.1").arg(to.port).arg(key).arg(0).arg(5000);
    assert_eq!(store.claim(&here, later()).await.unwrap(), Claim::Replayed, "still where it was");
    run::<()>(&from.client(), &migrate).await.unwrap();
    assert_eq!(store.claim(&here, later()).await.unwrap(), Claim::Replayed, "there already: ASK");
    for node in [to, from] {
        command(node, &["SETSLOT", &slot, "NODE", &to_id]).await;
    }
    for _ in 0..5 {
        assert_eq!(store.claim(&here, later()).await.unwrap(), Claim::Replayed, "for good: MOVED");
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_server_that_is_down_costs_only_its_slots_and_comes_back() {
    let mut cluster = Cluster::start(&["--cluster-require-full-coverage", "no"]).await;
    let store = cluster.store();
    store.check().await.unwrap();
    let ((lost, _), (kept, _)) = (cluster.proof_of(1).await, cluster.proof_of(2).await);
    for proof in [&lost, &kept] {
        assert_eq!(store.claim(proof, later()).await.unwrap(), Claim::First);
    }
    let all: Vec<_> =
        (0..200).map(|number| used(&format!("client-{number}"), "one", later().as_unix())).collect();
    cluster.nodes[1].kill();
    let is_known =
        async |one: &CredentialUse| store.last_used(&one.client).await.is_ok_and(|uses| uses.len() == 1);
    told(&store.touch(&all).await.unwrap_err());
    let mut known = 0;
    for one in &all {
        known += usize::from(is_known(one).await);
    }
    assert!((100..180).contains(&known), "{known} of {}: two thirds are on servers that are up", all.len());
    for _ in 0..30 {
        told(&store.claim(&lost, later()).await.unwrap_err());
        assert_eq!(store.claim(&kept, later()).await.unwrap(), Claim::Replayed);
    }
    told(&store.check().await.unwrap_err());
    cluster.nodes[1].restart().await;
    let back = async || store.claim(&lost, later()).await.is_ok();
    assert!(until("its slots are back", back).await < Duration::from_secs(5));
    assert_eq!(store.claim(&lost, later()).await.unwrap(), Claim::Replayed);
    store.touch(&all).await.unwrap();
    for one in &all {
        assert!(is_known(one).await, "{one:?}");
    }
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_cluster_that_is_down_is_unavailable_and_comes_back() {
    let mut cluster = Cluster::start(&[]).await;
    let store = cluster.store();
    let (spent, _) = cluster.proof_of(0).await;
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
    cluster.nodes[2].kill();
    until("the Cluster says that it is down", async || {
        info_says(&cluster.nodes[0], "cluster_state:fail").await
    })
    .await;
    let said = told(&store.claim(&spent, later()).await.unwrap_err());
    assert!(said.to_uppercase().contains("CLUSTERDOWN"), "{said}");
    for node in &mut cluster.nodes {
        node.kill();
    }
    told(&store.claim(&spent, later()).await.unwrap_err());
    for node in &mut cluster.nodes {
        node.restart().await;
    }
    cluster.is_whole().await;
    let back = async || store.claim(&spent, later()).await.is_ok();
    assert!(until("the same store works", back).await < Duration::from_secs(5));
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::Replayed);
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn each_server_is_checked_before_its_first_command() {
    let cluster = Cluster::start(&[]).await;
    cluster.nodes[1].config("appendfsync", "everysec").await;
    let store = cluster.store();
    let ((refused, _), (fine, _)) = (cluster.proof_of(1).await, cluster.proof_of(0).await);
    let said = told(&store.claim(&refused, later()).await.unwrap_err());
    assert!(said.contains("appendfsync `everysec`"), "{said}");
    assert_eq!(store.claim(&fine, later()).await.unwrap(), Claim::First);
    assert!(told(&store.check().await.unwrap_err()).contains("appendfsync `everysec`"));
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn with_replicas_fail_over_must_be_accepted_and_is_followed() {
    let mut cluster = Cluster::start(&[]).await;
    let replica = member(&["--repl-diskless-sync-delay", "0"]).await;
    meet(&replica, &cluster.nodes[0]).await;
    until("the replica knows all", async || info_says(&replica, "cluster_known_nodes:4").await).await;
    command(&replica, &["REPLICATE", &id(&cluster.nodes[1]).await]).await;
    let accepting = patient(RedisStore::cluster(cluster.nodes.iter().map(Server::client)))
        .accept_loss(Loss::FailOver)
        .build()
        .unwrap();
    until("the replica is known", async || cluster.store().check().await.is_err()).await;
    let said = told(&cluster.store().check().await.unwrap_err());
    assert!(said.contains("1 replicas") && said.contains(".accept_loss(Loss::FailOver)"), "{said}");

    let (spent, _) = cluster.proof_of(1).await;
    until("the replica is in step", async || {
        let info: Result<String, _> = run(&replica.client(), redis::cmd("INFO").arg("replication")).await;
        info.is_ok_and(|info| info.contains("master_link_status:up"))
    })
    .await;
    assert_eq!(accepting.claim(&spent, later()).await.unwrap(), Claim::First);
    until("the replica has it", async || {
        let size: Result<i64, _> = run(&replica.client(), &redis::cmd("DBSIZE")).await;
        size.is_ok_and(|size| size == 1)
    })
    .await;
    cluster.nodes[1].kill();
    until("the replica is promoted", async || {
        let role: Result<Vec<Value>, _> = run(&replica.client(), &redis::cmd("ROLE")).await;
        role.is_ok_and(|role| role[0] == Value::BulkString(b"master".to_vec()))
            && info_says(&cluster.nodes[0], "cluster_state:ok").await
    })
    .await;
    let took = until("its slots are back", async || accepting.claim(&spent, later()).await.is_ok()).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(accepting.claim(&spent, later()).await.unwrap(), Claim::Replayed);
}
