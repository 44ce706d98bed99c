//! The administrator's commands.

use oauth2::AuthType;
use serde_json::Value;

use crate::program::{Program, between, config, new_secret, printed, run};
use crate::tokens::token;

#[tokio::test]
async fn s10_what_create_prints_works_when_it_is_pasted() {
    let resources = "[[resources]]\nuri = \"https://api.example.com\"\nscopes = [\"read\", \"write\"]\n";
    for (auth, method) in [("basic", AuthType::BasicAuth), ("client_secret_post", AuthType::RequestBody)] {
        let mut arguments = vec!["clients", "create", "--id", "billing 2", "--name", "Billing \"two\""];
        arguments.extend(["--auth", auth, "--scope", "read write", "--resource", "https://api.example.com"]);
        let made = printed(&arguments, &[]);
        let (block, rest) = made.split_once("\n# And this").expect("two parts");
        let (variable, secret) =
            rest.trim_end().rsplit('\n').next().unwrap().split_once('=').expect("NAME=secret");
        assert_eq!(variable, "BILLING_2_SECRET");
        let config = config(&format!("{resources}{block}"));
        let program = Program::start(&["--config", &config], &[(variable, secret)]);
        token(&program, ("billing 2", secret), method, "read").await.expect("a token");
        assert!(!program.printed.contains("demo-"), "no demo clients beside declared ones");
        let taken = run(&["clients", "create", "--id", "billing 2", "--config", &config], &[]);
        assert_eq!(taken.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&taken.stderr).contains("already"));
    }
}

#[test]
fn rfc9068_s5_a_generated_id_is_in_a_space_of_its_own() {
    let id = || between(&printed(&["clients", "create"], &[]), "\nid = \"", "\"").to_owned();
    let (one, other) = (id(), id());
    assert_ne!(one, other);
    assert!(one.starts_with("client-") && one.len() == 39, "{one}");
    assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
}

#[test]
fn s10_create_refuses_what_no_server_would_take() {
    let bad: [(&[&str], &str); 4] = [
        (&["--id", "\u{e9}"], "--id"),
        (&["--scope", "a  b"], "--scope"),
        (&["--resource", "api"], "--resource"),
        (&["--name", "a\nb"], "--name"),
    ];
    for (arguments, flag) in bad {
        let output = run(&[&["clients", "create"], arguments].concat(), &[]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(flag) && output.stdout.is_empty(), "{text}");
    }
}

#[test]
fn s10_list_and_show_tell_everything_but_secrets() {
    let (blue, green) = (new_secret(), new_secret());
    let config = config(
        r#"
        [[resources]]
        uri = "https://api.example.com"
        scopes = ["read", "write"]
        [[clients]]
        id = "shop"
        name = "The shop"
        scope = "read write"
        default_scope = "read"
        resources = ["https://api.example.com"]
        serves = ["https://api.example.com"]
        secrets = [{ env = "BLUE", label = "blue", expires_at = 2999-01-01T00:00:00Z }, { env = "GREEN" }]
        [[clients]]
        id = "archive"
        auth = "client_secret_post"
        enabled = false
        "#,
    );
    let environment = [("BLUE", blue.as_str()), ("GREEN", &green)];
    let commands =
        |command: &[&str]| printed(&[&["clients"], command, &["--config", &config]].concat(), &environment);
    let list = commands(&["list"]);
    let rows: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|x| !x.is_empty()).collect())
        .collect();
    assert_eq!(rows[0], ["ID", "NAME", "AUTH", "ENABLED", "CREDENTIALS", "SCOPE"]);
    assert_eq!(rows[1], ["archive", "-", "client_secret_post", "no", "0"]);
    assert_eq!(rows[2], ["shop", "The shop", "client_secret_basic", "yes", "2", "read write"]);
    let all: Value = serde_json::from_str(&commands(&["list", "--json"])).expect("json");
    let one: Value = serde_json::from_str(&commands(&["show", "shop", "--json"])).expect("json");
    assert_eq!(all[1], one);
    assert_eq!(one["default_scope"], "read");
    assert_eq!(one["credentials"][0]["label"], "blue");
    assert_eq!(one["credentials"][0]["expires_at"], "2999-01-01T00:00:00Z");
    assert_eq!(one["credentials"][0]["id"], blue.split('_').nth(1).unwrap());
    let page = commands(&["show", "shop"]);
    for part in ["The shop", "blue", "2999-01-01T00:00:00Z", blue.split('_').nth(1).unwrap()] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn s10_an_unknown_client_is_exit_code_1() {
    let output = run(&["clients", "show", "nobody"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no client `nobody`"));
    assert!(printed(&["clients", "list"], &[]).starts_with("No clients"));
    assert_eq!(printed(&["clients", "list", "--json"], &[]), "[]\n");
}
