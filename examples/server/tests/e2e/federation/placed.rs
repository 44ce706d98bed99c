//! Whom a pasted block is for: each workload behind the client that it names, and trusted issuers for clients that exist.

use serde_json::{Value, json};

use super::cluster::Key;
use crate::keys::{RESOURCE, with_secret};
use crate::program::{Program, between, config, new_secret, printed, run};

const SHOP: &str = "[[clients]]\nid = \"shop\"\nauth = \"workload_jwt\"\nscope = \"read\"\n";
const ADD: [&str; 8] =
    ["clients", "federate", "add", "shop", "--profile", "google", "--unique-id", "112010400000000710080"];
const HUB: &str = "https://hub.example.com";

fn says(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

/// What a command that is refused says.
fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(arguments, environment);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    said
}

/// TOML gives a block to the last client before it.
#[test]
fn s10_a_pasted_workload_never_becomes_another_client() {
    let (made, secret) = (printed(&ADD, &[]), new_secret());
    let block = made.split_once("of shop:\n").expect("a block").1;
    assert!(block.contains("\nclient = \"shop\"\n"), "{block}");
    let other = SHOP.replace("shop", "other") + &block.replace("client = \"shop\"\n", "");
    for other in [other, with_secret("other", "client_secret_basic")] {
        let astray = config(&format!("{RESOURCE}{SHOP}{other}{block}"));
        let nowhere = config(&format!("{RESOURCE}{other}{block}"));
        let ended = Program::refused(&["--config", &nowhere], &[("SHARED", &secret)]);
        assert_eq!(ended.code, Some(2), "{}", ended.written);
        says(
            &ended.written,
            &["clients[0].workloads[", "].client: it is for `shop`", "behind the block of `other`"],
        );
        says(&ended.written, &["remedy: move it right behind", "id = \"shop\""]);
        assert_eq!(Program::refused(&["--config", &astray], &[("SHARED", &secret)]).code, Some(2));
        let placed = config(&format!("{RESOURCE}{SHOP}{block}{other}"));
        Program::start(&["--config", &placed], &[("SHARED", &secret)]);
    }
}

#[test]
fn s10_federate_add_refuses_what_could_not_stand_in_the_file() {
    let with = |text: &str| config(&format!("{RESOURCE}{text}"));
    let refused = |config: &str| refused(&[&ADD[..], &["--config", config]].concat(), &[]);
    let nobody = with(&SHOP.replace("shop", "other"));
    says(&refused(&nobody), &["there is no client `shop`", &nobody, "clients create --auth workload_jwt"]);
    let basic = with(&with_secret("shop", "client_secret_basic"));
    says(
        &refused(&basic),
        &["clients[0].auth", "`shop` authenticates by client_secret_basic", "workload_jwt"],
    );
    // The first block comes to a client that has none yet.
    let made = printed(&[&ADD[..], &["--config", &with(SHOP)]].concat(), &[]);
    let block = made.split_once("of shop:\n").expect("a block").1;
    let twice = with(&format!("{SHOP}{block}"));
    says(&refused(&twice), &["clients[0].workloads[0]", "`shop` has this very workload already"]);
    printed(&[&ADD[..], &["--claim", "email=x@example.com", "--config", &twice]].concat(), &[]);
}

/// On other storage they may be stored ones.
#[test]
fn s10_on_memory_storage_the_clients_of_a_trusted_issuer_stand_in_the_file() {
    let (secret, key) = (new_secret(), Key::new("hub"));
    let trust = format!(
        "[[trust]]\nissuer = \"{HUB}\"\nsubject = \"*\"\nscope = \"read\"\njwks_file = \"{}\"\n",
        key.jwks_file()
    );
    let robots = with_secret("robots", "client_secret_basic") + "grant_types = [\"jwt-bearer\"]\n";
    let of = |clients: &str, more: &str| config(&format!("{RESOURCE}{clients}{trust}{more}"));
    for (clients, more, place, id) in [
        ("", "client = \"robots\"", "trust[0].client:", "robots"),
        (&*robots, "clients = [\"robots\", \"nobody\"]", "trust[0].clients[1]:", "nobody"),
    ] {
        let ended = Program::refused(&["--config", &of(clients, more)], &[("SHARED", &secret)]);
        assert_eq!(ended.code, Some(2), "{}", ended.written);
        let missing = format!("there is no client `{id}`");
        says(&ended.written, &[place, &missing, "remedy: ", "clients create --grant jwt-bearer"]);
    }
    let both = "client = \"robots\"\nclients = [\"robots\"]";
    Program::start(&["--config", &of(&robots, both)], &[("SHARED", &secret)]);
}

#[test]
fn s10_what_trust_add_prints_of_audience_and_clients_is_what_the_server_reads() {
    let (secret, keys) = (new_secret(), Key::new("hub").jwks_file());
    let add = ["trust", "add", HUB, "--jwks", &keys, "--subject", "*", "--audience", "urn:x:\"here\""];
    let made = printed(&[&add[..], &["--brought-by", "a", "--brought-by", "b"]].concat(), &[]);
    let block = made.split_once("(--config FILE):\n").expect("a block").1;
    says(block, &["\n# Without scope = "]);
    let scoped = printed(&[&add[..], &["--scope", "read"]].concat(), &[]);
    assert!(!scoped.contains("# Without scope"), "{scoped}");
    says(&printed(&["trust", "add", "--help"], &[]), &["Without it they get nothing"]);
    let clients =
        ["a", "b"].map(|id| with_secret(id, "client_secret_basic") + "grant_types = [\"jwt-bearer\"]\n");
    let config = config(&format!("{RESOURCE}{}{block}", clients.concat()));
    Program::start(&["--config", &config], &[("SHARED", &secret)]);
    let shown = printed(&["trust", "show", HUB, "--json", "--config", &config], &[("SHARED", &secret)]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&shown["audience"], &shown["clients"]), (&json!("urn:x:\"here\""), &json!(["a", "b"])));
    assert_eq!((&shown["client"], &shown["scope"]), (&Value::Null, &json!("")));
}

#[test]
fn s10_what_core_refuses_of_the_whole_is_named_by_its_flag_or_member() {
    let trust = ["trust", "add", HUB, "--subject", "*"];
    let google = ["clients", "federate", "add", "shop", "--profile", "google", "--unique-id", "1"];
    let nameless = ["trust", "add", "hub@example.com", "--subject", "*"];
    let custom =
        ["clients", "federate", "add", "shop", "--profile", "custom", "--issuer", "i", "--subject", "a"];
    let cases: [(&[&str], &[&str], &str); 7] = [
        (&trust, &["--longest-life", "30h"], "--longest-life: breaks"),
        (&trust, &["--token-lifetime", "30h"], "--token-lifetime: breaks"),
        (&trust, &["--audience", ""], "--audience: breaks"),
        (&google, &["--longest-life", "30h"], "--longest-life: breaks"),
        (&google, &["--audience", ""], "--audience: breaks"),
        (&nameless, &[], "--jwks, --jwks-uri: its keys are missing\n  remedy: give --jwks or --jwks-uri"),
        (&custom, &[], "--jwks, --jwks-uri: its keys are missing\n  remedy: give --jwks or --jwks-uri"),
    ];
    for (command, more, expected) in cases {
        says(&refused(&[command, more].concat(), &[]), &[expected]);
    }
    let workload = format!("{SHOP}[[clients.workloads]]\nprofile = \"google\"\nunique_id = \"1\"\n");
    let trust = format!("[[trust]]\nissuer = \"{HUB}\"\nsubject = \"*\"\n");
    let blocks = [
        (format!("{workload}longest_life = \"30h\"\n"), "clients[0].workloads[0].longest_life: breaks"),
        (format!("{trust}longest_life = \"30h\"\n"), "trust[0].longest_life: breaks"),
        (format!("{trust}token_lifetime = \"30h\"\n"), "trust[0].token_lifetime: breaks"),
        (
            trust.replace(HUB, "hub@example.com"),
            "trust[0]: its keys are missing\n  remedy: give jwks, jwks_file or",
        ),
    ];
    for (block, expected) in blocks {
        let ended = Program::refused(&["--config", &config(&format!("{RESOURCE}{block}"))], &[]);
        assert_eq!(ended.code, Some(2), "{block}: {}", ended.written);
        says(&ended.written, &[expected]);
    }
}

/// The command that stands behind the block, for a client of that grant alone.
#[test]
#[ignore = "needs curl"]
fn rfc7523_s2_1_the_printed_curl_of_a_service_account_works_when_pasted() {
    let file = crate::program::file("folder", "").with_file_name("robot 1.key");
    let file = file.to_str().expect("UTF-8");
    let create = ["clients", "create", "--id", "robot 1", "--scope", "read", "--auth", "private_key_jwt"];
    let made = printed(&[&create[..], &["--key-out", file, "--grant", "jwt-bearer"]].concat(), &[]);
    let block = between(&made, "(--config FILE):\n", "\n# Its private key");
    let program = Program::start(&["--config", &config(&format!("{RESOURCE}{block}"))], &[]);
    let line = made.split_once("by hand:\n#\n").expect("a command").1.replace("\n#", "\n");
    let line = line.trim_start_matches('#').replace("URL", &program.issuer());
    let line = line.replace("grantor-server", env!("CARGO_BIN_EXE_grantor-server"));
    let output = std::process::Command::new("sh").args(["-c", &line]).output().expect("sh");
    let token: Value = serde_json::from_slice(&output.stdout).expect(&line);
    assert_eq!(token["scope"], "read", "{line}: {token}");
}
