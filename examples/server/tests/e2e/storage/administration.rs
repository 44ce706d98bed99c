//! Clients that are made and changed by commands while servers run.

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use grantor_storage_postgres::sqlx::{Executor, query_scalar};
use oauth2::AuthType;
use tokio::task::{JoinHandle, spawn_blocking};

use super::issuer::{Issuer, Kind, PASSWORD};
use super::request::until;
use crate::keys::RESOURCE;
use crate::program::{Program, between, new_secret};
use crate::tokens::token;

/// How soon every process must know of a change. With PostgreSQL a NOTIFY empties the cache, long before its entries
/// end by themselves; Redis is asked each time.
pub(crate) fn known_within(kind: Kind) -> Duration {
    match kind {
        Kind::Postgres | Kind::Both => Duration::from_secs(2),
        Kind::Redis | Kind::Cluster => Duration::ZERO,
    }
}

async fn works(server: &Program, (id, secret): (&str, &str)) -> bool {
    match token(server, (id, secret), AuthType::BasicAuth, "read").await {
        Ok(_) => true,
        Err(refused) => {
            assert!(refused.contains("invalid_client"), "{refused}");
            false
        }
    }
}

/// Whether `secret` works, at every server and in time.
async fn is_so(kind: Kind, servers: &[Program], secret: &str, wanted: bool, what: &str) {
    for server in servers {
        until(known_within(kind), what, async || works(server, ("shop", secret)).await == wanted).await;
    }
}

fn secret_of(printed: &str) -> String {
    between(printed, "\nSHOP_SECRET=", "\n").to_owned()
}

async fn administered(kind: Kind) {
    let issuer = Issuer::new(kind);
    let everything = [("RUST_LOG", "debug")];
    let servers = [issuer.server_with(&everything), issuer.server_with(&everything)];
    let mut shown = String::new();
    let mut look = || {
        for arguments in [&["show", "shop"][..], &["show", "shop", "--json"], &["list"], &["list", "--json"]]
        {
            shown.push_str(&issuer.command(&[&["clients"], arguments].concat()));
        }
    };
    // So that a cache knows that there is no such client.
    is_so(kind, &servers, "a secret", false, "nobody yet").await;

    let first = secret_of(&issuer.command(&["clients", "create", "--id", "shop", "--scope", "read"]));
    is_so(kind, &servers, &first, true, "created").await;
    look();

    let second = issuer.command(&["clients", "rotate-secret", "shop", "--overlap", "1h"]);
    let second = secret_of(&second);
    is_so(kind, &servers, &second, true, "the second secret").await;
    is_so(kind, &servers, &first, true, "the first secret for an hour").await;
    look();

    let third = secret_of(&issuer.command(&["clients", "rotate-secret", "shop", "--overlap", "0s"]));
    is_so(kind, &servers, &third, true, "the third secret").await;
    is_so(kind, &servers, &first, false, "the first secret after its end").await;
    is_so(kind, &servers, &second, false, "the second secret after its end").await;
    look();

    issuer.command(&["clients", "disable", "shop"]);
    is_so(kind, &servers, &third, false, "disabled").await;
    look();
    issuer.command(&["clients", "enable", "shop"]);
    is_so(kind, &servers, &third, true, "enabled").await;

    let kept = issuer.run(&["clients", "delete", "shop"]);
    assert_eq!(kept.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&kept.stderr).contains("--yes"));
    assert!(works(&servers[0], ("shop", &third)).await, "not deleted without --yes");
    issuer.command(&["clients", "delete", "shop", "--yes"]);
    is_so(kind, &servers, &third, false, "deleted").await;

    for unknown in [&["show", "shop"][..], &["disable", "shop"], &["rotate-secret", "shop"]] {
        let output = issuer.run(&[&["clients"], unknown].concat());
        assert_eq!(output.status.code(), Some(1), "{unknown:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("no client `shop`"), "{unknown:?}");
    }
    for server in servers {
        shown.push_str(&server.stopped().written);
    }
    // Its beginning names the credential. What is behind that nobody sees again, nor as it stands in a header.
    for secret in [&first, &second, &third] {
        for spelled in [secret, &BASE64.encode(format!("shop:{secret}").as_bytes())] {
            assert!(!shown.contains(&spelled[spelled.len() - 40..]), "a secret was shown once more");
        }
    }
    assert!(!shown.contains(PASSWORD));
}

async fn configured(kind: Kind) {
    let id = r#"o'hara "2""#;
    let config = format!(
        "{RESOURCE}[[clients]]\nid = '''{id}'''\nscope = \"read\"\nsecrets = [{{ env = \"CONFIGURED\" }}]\n"
    );
    let issuer = Issuer::with_config(kind, &config);
    // By somebody who does not give the file.
    let stored = issuer.command(&["clients", "create", "--id", id, "--scope", "read"]);
    let stored = between(&stored, "_SECRET=", "\n").to_owned();
    let own = new_secret();
    let environment = [("CONFIGURED", &*own)];
    let server = issuer.server_with(&environment);
    for changing in [
        &["rotate-secret", id][..],
        &["disable", id],
        &["enable", id],
        &["delete", id, "--yes"],
        &["create", "--id", id],
    ] {
        let output = issuer.run(&[&["clients"], changing, &["--config", issuer.config()]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{changing:?}: {said}");
        assert!(said.contains(" in ") && said.contains("grantor.toml"), "{changing:?}: {said}");
    }
    assert!(works(&server, (id, &own)).await, "the one of the file wins");
    assert!(!works(&server, (id, &stored)).await, "the stored one is hidden");
    drop(server);
    let without = issuer.command(&["clients", "show", id]);
    assert!(between(&without, "enabled", "\n").contains("yes"), "the stored one is as it was: {without}");
}

async fn one_of_many(issuer: &Issuer, runs: Vec<JoinHandle<Output>>) {
    let mut outputs = Vec::new();
    for run in runs {
        outputs.push(run.await.expect("it ends"));
    }
    let (made, refused): (Vec<_>, Vec<_>) = outputs.iter().partition(|output| output.status.success());
    assert_eq!(made.len(), 1, "{outputs:?}");
    for output in refused {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("already"), "{output:?}");
    }
    let secret = secret_of(&String::from_utf8_lossy(&made[0].stdout));
    assert!(
        works(&issuer.server(), ("shop", &secret)).await,
        "the secret that was printed is the stored one"
    );
}

/// The command `clients create` in so many processes, which begin with a new and empty store.
fn creates(issuer: &Arc<Issuer>, count: usize) -> Vec<JoinHandle<Output>> {
    let create = |issuer: &Issuer| issuer.run(&["clients", "create", "--id", "shop", "--scope", "read"]);
    let spawn = |_| {
        let issuer = Arc::clone(issuer);
        spawn_blocking(move || create(&issuer))
    };
    (0..count).map(spawn).collect()
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_clients_change_while_servers_run_on_postgresql() {
    administered(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_clients_change_while_servers_run_on_redis() {
    administered(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_clients_change_while_servers_run_on_both() {
    administered(Kind::Both).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_clients_change_while_servers_run_on_a_cluster() {
    administered(Kind::Cluster).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_a_client_of_the_file_wins_and_no_command_changes_it_on_postgresql() {
    configured(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_a_client_of_the_file_wins_and_no_command_changes_it_on_redis() {
    configured(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_of_creates_of_one_id_at_once_one_succeeds_on_postgresql() {
    let issuer = Arc::new(Issuer::new(Kind::Postgres));
    issuer.command(&["clients", "list"]);
    // All of them see that the id is free before any can insert.
    let mut gate = issuer.postgres().await;
    gate.execute("BEGIN; LOCK TABLE grantor.clients IN SHARE ROW EXCLUSIVE MODE").await.expect("locked");
    let runs = creates(&issuer, 4);
    until(Duration::from_secs(30), "four that wait", async || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        query_scalar::<_, i64>(waiting).fetch_one(&mut gate).await.expect("a count") == 4
    })
    .await;
    gate.execute("COMMIT").await.expect("unlocked");
    one_of_many(&issuer, runs).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_of_creates_of_one_id_at_once_one_succeeds_on_an_empty_postgresql() {
    let issuer = Arc::new(Issuer::new(Kind::Postgres));
    one_of_many(&issuer, creates(&issuer, 6)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_of_creates_of_one_id_at_once_one_succeeds_on_redis() {
    let issuer = Arc::new(Issuer::new(Kind::Redis));
    one_of_many(&issuer, creates(&issuer, 6)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_of_creates_of_one_id_at_once_one_succeeds_on_a_cluster() {
    let issuer = Arc::new(Issuer::new(Kind::Cluster));
    one_of_many(&issuer, creates(&issuer, 6)).await;
}

/// In an incident above all: what is not asked for must not stand in the way.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_a_client_is_disabled_while_the_redis_beside_is_down() {
    let issuer = Issuer::new(Kind::Both);
    issuer.command(&["clients", "create", "--id", "shop", "--scope", "read"]);
    issuer.servers.crash("redis");
    assert!(issuer.command(&["clients", "disable", "shop"]).contains("shop is disabled"));
    let listed = issuer.command(&["clients", "show", "shop", "--json"]);
    assert!(listed.contains("\"enabled\": false"), "{listed}");
}
