//! Clients that are made and changed by commands while servers run.

use std::time::Duration;

use oauth2::AuthType;

use super::issuer::{Issuer, Kind, PASSWORD};
use super::request::until;
use crate::keys::RESOURCE;
use crate::program::{Program, between};
use crate::tokens::token;

/// How soon every process must know of a change. With PostgreSQL a NOTIFY empties the cache, long before its entries
/// end by themselves; Redis is asked each time.
fn known_within(kind: Kind) -> Duration {
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
    // The middle of a secret is what nobody may see; its beginning names the credential.
    for secret in [&first, &second, &third] {
        assert!(shown.contains("shop") && !shown.contains(&secret[secret.len() - 40..]), "shown twice");
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
    let own = crate::program::new_secret();
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

async fn one_of_many(kind: Kind) {
    let issuer = Issuer::new(kind);
    let create = || issuer.run(&["clients", "create", "--id", "shop", "--scope", "read"]);
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6).map(|_| scope.spawn(create)).collect();
        runs.into_iter().map(|run| run.join().expect("it ends")).collect()
    });
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
    one_of_many(Kind::Postgres).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_of_creates_of_one_id_at_once_one_succeeds_on_redis() {
    one_of_many(Kind::Redis).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn s10_of_creates_of_one_id_at_once_one_succeeds_on_a_cluster() {
    one_of_many(Kind::Cluster).await;
}
