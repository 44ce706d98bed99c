//! A pod gets tokens by the file that Kubernetes gives it: the server over the private authority of a cluster.

use grantor::{Clock, SystemClock};
use serde_json::json;

use super::cluster::{Cluster, Key, traded};
use crate::keys::RESOURCE;
use crate::program::{ADAPTERS, Program, between, config, printed};

/// The blocks that the commands print where the storage is memory.
pub(super) fn pasted(cluster: &Cluster) -> String {
    let create = ["clients", "create", "--id", "shop", "--auth", "workload_jwt", "--scope", "read"];
    let client = printed(&create, &[]);
    assert!(client.contains("clients federate add shop --profile"), "what to do next: {client}");
    assert!(!client.contains("SECRET"), "{client}");
    let workload = printed(&cluster.federate("shop"), &[]);
    let (_, workload) = workload.split_once("of shop:\n").expect("a block");
    format!(
        "{RESOURCE}{}{workload}{}",
        between(&client, "(--config FILE):\n", "\n# Behind"),
        cluster.key_sets()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7521_s4_2_a_pod_is_a_client_by_the_token_of_its_cluster() {
    for adapter in ADAPTERS {
        let (cluster, key) = (Cluster::over_tls().await, Key::new("one"));
        cluster.publish(&[&key]);
        let config = config(&pasted(&cluster));
        let mut program = Program::start(&["--config", &config, "--adapter", adapter], &[]);
        let (url, issuer) = (program.token_url(), program.issuer());
        let now = SystemClock::new().now().as_unix();
        let of = |namespace: &str, account: &str, audience: &str| {
            key.sign(&cluster.claims(namespace, account, audience, now))
        };
        let token = of("payments", "billing", &issuer);
        for _ in 0..3 {
            let (status, answer) = traded(&url, "shop", &token).await;
            assert_eq!((status, &answer["scope"]), (200, &json!("read")), "again until it expires: {answer}");
        }
        assert_eq!(cluster.hits(), 3, "metadata in two places, keys, and nothing twice");

        let refused = traded(&url, "nobody", &token).await;
        assert_eq!((refused.0, &refused.1["error"]), (401, &json!("invalid_client")));
        let cases = [
            (of("payments", "reports", &issuer), "claim=\"sub\"", "payments:reports"),
            (of("staging", "billing", &issuer), "claim=\"sub\"", "staging:billing"),
            (of("payments", "billing", "https://vault.example"), "claim=\"aud\"", "https://vault.example"),
        ];
        for (other, claim, said) in cases {
            assert_eq!(traded(&url, "shop", &other).await, refused, "{claim}: the client learns nothing");
            program.wait_for_log("a workload's token does not fit");
            let line = program.seen().lines().last().expect("a line").to_owned();
            for part in [claim, said, "shop", "credential=workload-0"] {
                assert!(line.contains(part), "{part}: {line}");
            }
        }
        let forged = Key::new("one").sign(&cluster.claims("payments", "billing", &issuer, now));
        assert_eq!(traded(&url, "shop", &forged).await, refused, "the kid alone is worth nothing");

        cluster.goes_away();
        assert_eq!(traded(&url, "shop", &token).await.0, 200, "its keys are at hand");
        assert!(!program.stopped().written.contains(&token), "t95: no token in the log");
    }
}

/// Which hosts inside are asked is the operator's choice, and so is whom to believe that it is them.
#[tokio::test(flavor = "multi_thread")]
async fn t58_a_cluster_is_asked_only_by_its_name_and_under_its_authority() {
    let (cluster, key) = (Cluster::over_tls().await, Key::new("one"));
    cluster.publish(&[&key]);
    let blocks = pasted(&cluster);
    for missing in ["allow_hosts", "roots"] {
        let left: Vec<_> = blocks.lines().filter(|line| !line.starts_with(missing)).collect();
        let mut program = Program::start(&["--config", &config(&left.join("\n"))], &[]);
        let now = SystemClock::new().now().as_unix();
        let token = key.sign(&cluster.claims("payments", "billing", &program.issuer(), now));
        assert_eq!(traded(&program.token_url(), "shop", &token).await.0, 503, "{missing}: no rejection");
        program.wait_for_log("request failed");
        assert_eq!(cluster.hits(), 0, "{missing}");
    }
}
