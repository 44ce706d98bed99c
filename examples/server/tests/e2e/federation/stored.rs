//! `clients federate` and `trust` beside running servers, on shared storage.

use std::time::Duration;

use grantor::{Clock, SystemClock};
use serde_json::{Value, json};

use super::cluster::{Cluster, Key, posted, traded};
use super::grants::{JWT_BEARER, assertion, granted};
use crate::keys::RESOURCE;
use crate::program::between;
use crate::storage::administration::known_within;
use crate::storage::issuer::{ISSUER, Issuer, Kind};
use crate::storage::request::until;

const HUB: &str = "https://hub.example.com";

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn refused(issuer: &Issuer, arguments: &[&str], code: i32, parts: &[&str]) {
    let output = issuer.run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?}: {part} is not in {said}");
    }
}

async fn federated(kind: Kind) {
    let (cluster, key) = (Cluster::over_tls().await, Key::new("one"));
    cluster.publish(&[&key]);
    let issuer = Issuer::with_config(kind, &format!("{RESOURCE}{}", cluster.key_sets()));
    let server = issuer.server();
    let made =
        issuer.command(&["clients", "create", "--id", "shop", "--auth", "workload_jwt", "--scope", "read"]);
    assert!(made.contains("grantor-server clients federate add shop --profile") && !made.contains("SECRET"));
    let none = issuer.command(&["clients", "federate", "list", "shop"]);
    assert!(none.starts_with("No workloads yet"), "{none}");

    let said = issuer.command(&cluster.federate("shop"));
    let id = between(&said, "The workload ", " can be shop").to_owned();
    assert!(id.starts_with("kubernetes-") && said.contains("client_id=shop"), "{said}");
    let now = SystemClock::new().now().as_unix();
    let token = key.sign(&cluster.claims("payments", "billing", ISSUER, now));
    let url = server.token_url();
    let works = async |wanted: u16| {
        let so = async || traded(&url, "shop", &token).await.0 == wanted;
        until(known_within(kind) + Duration::from_secs(1), "the workload", so).await;
    };
    works(200).await;

    let listed = parsed(&issuer.command(&["clients", "federate", "list", "shop", "--json"]));
    let workload = json!({
        "profile": "kubernetes", "issuer": cluster.issuer, "keys": "discovery", "claims": {}, "audience": null,
        "subject": "system:serviceaccount:payments:billing", "several_audiences": false, "reusable": true,
        "longest_life": 86400,
    });
    assert_eq!((&listed[0]["id"], &listed[0]["workload"]), (&json!(id), &workload));
    let shown = parsed(&issuer.command(&["clients", "show", "shop", "--json"]));
    assert_eq!(shown["credentials"][0]["workload"], workload);
    for page in [&["show"][..], &["federate", "list"]] {
        let page = issuer.command(&[&["clients"], page, &["shop"]].concat());
        for part in
            [&*id, "kubernetes", &cluster.issuer, "payments:billing", "again", "blue cluster", "LAST USED"]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    refused(&issuer, &cluster.federate("shop"), 1, &["has this very workload already", &id]);
    let strict = ["--once", "--longest-life", "10m"];
    issuer.command(&[&cluster.federate("shop")[..], &strict].concat());
    let listed = parsed(&issuer.command(&["clients", "federate", "list", "shop", "--json"]));
    let strict = &listed[1]["workload"];
    assert_eq!((&strict["reusable"], &strict["longest_life"]), (&json!(false), &json!(600)), "{listed}");
    let second = listed[1]["id"].as_str().expect("an id").to_owned();
    issuer.command(&["clients", "federate", "remove", "shop", &second]);
    works(200).await;

    refused(&issuer, &cluster.federate("nobody"), 1, &["there is no client `nobody`"]);
    issuer.command(&["clients", "create", "--id", "other", "--scope", "read"]);
    refused(&issuer, &cluster.federate("other"), 1, &["client_secret_basic", "--auth workload_jwt"]);
    refused(
        &issuer,
        &["clients", "federate", "remove", "shop", "x"],
        1,
        &["no workload `x`", "federate list shop"],
    );
    refused(&issuer, &["clients", "rotate-secret", "shop"], 1, &["workload_jwt", "no secret"]);

    let gone = issuer.command(&["clients", "federate", "remove", "shop", &id]);
    assert!(gone.contains("revoke-tokens shop"), "{gone}");
    works(401).await;
}

async fn trusted(kind: Kind) {
    let issuer = Issuer::new(kind);
    let server = issuer.server();
    let url = server.token_url();
    let key = Key::new("hub");
    let keys = key.jwks_file();
    let grant = || assertion(&key, HUB, "robot-7", ISSUER);
    let add =
        ["trust", "add", HUB, "--jwks", &keys, "--subject", "robot-*", "--scope", "read", "--name", "Hub"];
    refused(&issuer, &[&add[..], &["--client", "robots"]].concat(), 2, &["--subject", "ends with one of"]);
    let add: Vec<_> = add.into_iter().map(|part| if part == "robot-*" { "robot-7" } else { part }).collect();
    let add = [&add[..], &["--client", "robots"]].concat();
    refused(&issuer, &add, 2, &["--client", "no client `robots`", "--grant jwt-bearer"]);
    issuer.command(&["clients", "create", "--id", "robots", "--scope", "read", "--grant", "jwt-bearer"]);
    assert_eq!(granted(&url, &grant()).await.0, 400, "nobody is trusted yet");

    let said = issuer.command(&add);
    assert!(said.contains("no client authentication, and gets tokens of robots"), "{said}");
    let works = async |wanted: u16| {
        let so = async || granted(&url, &grant()).await.0 == wanted;
        until(known_within(kind), "the issuer", so).await;
    };
    works(200).await;
    let once = grant();
    assert_eq!(
        (granted(&url, &once).await.0, granted(&url, &once).await.0),
        (200, 400),
        "each is taken once"
    );
    refused(&issuer, &add, 1, &["trusted already", "trust show"]);

    let listed = parsed(&issuer.command(&["trust", "list", "--json"]));
    let expected = json!({
        "issuer": HUB, "name": "Hub", "enabled": true, "created_at": listed[0]["created_at"], "keys": "1 inline",
        "audience": null, "subject": "robot-7", "subject_optional": false, "client": "robots", "clients": null, "scope": "read", "scope_claim": false,
        "resources": null, "longest_life": 3600, "token_lifetime": null, "reusable": false,
    });
    assert_eq!(listed, json!([expected]));
    assert_eq!(parsed(&issuer.command(&["trust", "show", HUB, "--json"])), expected);
    for page in [issuer.command(&["trust", "list"]), issuer.command(&["trust", "show", HUB])] {
        for part in [HUB, "Hub", "robot-7", "robots", "1 inline", "once", "read"] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    // Of one name there is one party.
    refused(&issuer, &["clients", "create", "--id", HUB], 1, &["trusted issuer", "another --id"]);
    let as_client = ["trust", "add", "robots", "--jwks", &keys, "--subject", "*"];
    refused(&issuer, &as_client, 1, &["is the id of a client", "--grant jwt-bearer"]);

    let said = issuer.command(&["trust", "disable", HUB]);
    assert!(said.contains("live on"), "{said}");
    works(400).await;
    issuer.command(&["trust", "enable", HUB]);
    works(200).await;
    refused(&issuer, &["trust", "remove", HUB], 2, &["--yes", "cannot be undone"]);
    works(200).await;
    issuer.command(&["trust", "remove", HUB, "--yes"]);
    works(400).await;
    for command in ["show", "disable", "enable"] {
        refused(&issuer, &["trust", command, HUB], 1, &["no issuer", HUB]);
    }
    refused(&issuer, &["trust", "remove", HUB, "--yes"], 1, &["no issuer"]);
    assert!(issuer.command(&["trust", "list"]).starts_with("No trusted issuers yet"));

    // A client that lacks the grant is said so, and gets nothing.
    issuer.command(&["clients", "create", "--id", "plain", "--scope", "read"]);
    let said = issuer.command(&[&add[..add.len() - 1], &["plain"]].concat());
    assert!(said.contains("plain is not registered for this grant"), "{said}");
    let (status, answer) = posted(&url, &[("grant_type", JWT_BEARER), ("assertion", &grant())]).await;
    assert_eq!((status, &answer["error"]), (400, &json!("unauthorized_client")));
}

/// One of the file stands before a stored one, which stays as it is.
async fn configured(kind: Kind) {
    let (of_file, of_store) = (Key::new("file"), Key::new("store"));
    let block = format!(
        "[[trust]]\nissuer = \"{HUB}\"\nsubject = \"*\"\nscope = \"read\"\nclient = \"robots\"\njwks_file = \"{}\"\n",
        of_file.jwks_file()
    );
    let issuer = Issuer::with_config(kind, &format!("{RESOURCE}{block}"));
    issuer.command(&["clients", "create", "--id", "robots", "--scope", "read", "--grant", "jwt-bearer"]);
    // By somebody who does not give the file.
    let keys = of_store.jwks_file();
    issuer.command(&["trust", "add", HUB, "--jwks", &keys, "--subject", "*", "--client", "robots"]);
    let server = issuer.server();
    let status = async |key: &Key| granted(&server.token_url(), &assertion(key, HUB, "x", ISSUER)).await.0;
    assert_eq!((status(&of_file).await, status(&of_store).await), (200, 400), "the one of the file wins");
    let with = ["--config", issuer.config()];
    for changing in [&["disable", HUB][..], &["enable", HUB], &["remove", HUB, "--yes"]] {
        refused(&issuer, &[&["trust"], changing, &with].concat(), 1, &["grantor.toml", "change it there"]);
    }
    refused(&issuer, &[&["clients", "create", "--id", HUB][..], &with].concat(), 1, &["trusted issuer"]);
    let listed = parsed(&issuer.command(&[&["trust", "list", "--json"][..], &with].concat()));
    assert_eq!((listed.as_array().expect("a list").len(), &listed[0]["scope"]), (1, &json!("read")));
    let stored = parsed(&issuer.command(&["trust", "show", HUB, "--json"]));
    assert_eq!(stored["scope"], "", "the stored one is as it was");
}

macro_rules! on_each {
    ($($name:ident $run:ident $kind:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        #[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
        async fn $name() {
            $run(Kind::$kind).await;
        }
    )*};
}

on_each! {
    s10_workloads_change_while_servers_run_on_postgresql federated Postgres;
    s10_workloads_change_while_servers_run_on_redis federated Redis;
    s10_trusted_issuers_change_while_servers_run_on_postgresql trusted Postgres;
    s10_trusted_issuers_change_while_servers_run_on_redis trusted Redis;
    s10_trusted_issuers_change_while_servers_run_on_both trusted Both;
    s10_trusted_issuers_change_while_servers_run_on_a_cluster trusted Cluster;
    s10_a_trusted_issuer_of_the_file_wins_and_no_command_changes_it_on_postgresql configured Postgres;
    s10_a_trusted_issuer_of_the_file_wins_and_no_command_changes_it_on_redis configured Redis;
}
