//! The commands that a start prints work when they are pasted.

use std::path::Path;
use std::process::Command;

use crate::program::{ADAPTERS, Program, between, config};
use crate::tokens::demo_secrets;

/// What a printed command answers, run by a shell.
fn pasted(line: &str) -> serde_json::Value {
    let output = Command::new("sh").args(["-c", line]).output().expect("sh");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{line}: {text} {:?}", output.stderr))
}

fn curls(program: &Program) -> Vec<&str> {
    program.printed.lines().filter(|line| line.starts_with("curl ")).collect()
}

#[test]
#[ignore = "needs curl"]
fn s10_the_printed_curl_commands_work_when_pasted() {
    for adapter in ADAPTERS {
        let program = Program::start(&["--adapter", adapter], &[]);
        let lines = curls(&program);
        assert_eq!(lines.len(), 8, "{}", program.printed);
        for line in &lines[..4] {
            let token = pasted(line);
            assert_eq!(
                (token["token_type"].as_str(), token["scope"].as_str()),
                (Some("Bearer"), Some("read write"))
            );
        }
        assert_eq!(pasted(lines[6])["keys"].as_array().map(Vec::len), Some(1));
        assert_eq!(pasted(lines[7])["issuer"], program.issuer());
    }
}

/// As a shell has them that gets one after the other, the look at the token once more at the end.
fn looked_at_and_ended(program: &Program) {
    let kept = program.printed.lines().find(|line| line.starts_with("TOKEN=")).expect("a token");
    let [look, end] = [curls(program)[4], curls(program)[5]];
    let script = [kept, look, end, look].join("\n");
    let output = Command::new("sh").args(["-c", &script]).output().expect("sh");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let [active, ok, "", revoked, inactive, still] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{script}: {said} {:?}", output.stderr)
    };
    let active: serde_json::Value = serde_json::from_str(active).expect("JSON");
    assert_eq!((&active["active"], &active["client_id"]), (&true.into(), &"demo-basic".into()));
    assert_eq!([ok, revoked, inactive, still], ["200", "200", r#"{"active":false}"#, "200"]);
}

#[test]
#[ignore = "needs curl"]
fn s10_the_printed_commands_look_at_a_token_and_revoke_it() {
    looked_at_and_ended(&Program::start(&[], &[]));
    let opaque = "[[resources]]\nuri = \"https://api.example.com\"\nformat = \"opaque\"\n";
    let endpoints = "[endpoints]\nintrospection = \"/look\"\nrevocation = \"/end\"\n";
    looked_at_and_ended(&Program::start(&["--config", &config(&format!("{endpoints}{opaque}"))], &[]));
}

#[test]
#[ignore = "needs curl"]
fn s10_they_work_with_the_resources_of_a_file_whatever_their_names_hold() {
    let config = config(
        r#"
        default_resource = "https://b.example.com/it's?a=1&b=2"
        [[resources]]
        uri = "https://a.example.com"
        scopes = ["a"]
        [[resources]]
        uri = "https://b.example.com/it's?a=1&b=2"
        scopes = ["b's", "b+$(c)&d"]
        [endpoints]
        token = "/t"
        jwks = "/k"
        "#,
    );
    let program = Program::start(&["--config", &config], &[]);
    let lines = curls(&program);
    for line in &lines[..4] {
        assert_eq!(pasted(line)["scope"], "b's b+$(c)&d", "{line}");
    }
    assert!(pasted(lines[6])["keys"].is_array());
    assert_eq!(pasted(lines[7])["token_endpoint"], format!("{}/t", program.issuer()));
}

#[test]
#[ignore = "needs node"]
fn s10_the_printed_fetch_command_works_when_pasted() {
    let program = Program::start(&[], &[]);
    let line = program.printed.lines().find(|line| line.starts_with("node ")).expect("node");
    let output = Command::new("sh").args(["-c", line]).output().expect("sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("access_token:"));
}

#[test]
#[ignore = "needs node"]
fn rfc6749_s4_4_a_javascript_client_gets_a_token_by_fetch() {
    for adapter in ADAPTERS {
        let program = Program::start(&["--adapter", adapter], &[]);
        let (basic, post) = demo_secrets(&program);
        for (id, secret, method) in [("demo-basic", basic, "basic"), ("demo-post", post, "post")] {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fetch.mjs");
            let output = Command::new("node")
                .args([script, &program.token_url(), id, secret, method, "read"])
                .output()
                .expect("node");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(String::from_utf8_lossy(&output.stdout), "200 Bearer read no-store\n");
        }
    }
}

#[cfg(unix)]
#[test]
fn t95_the_demo_key_is_in_a_file_for_its_owner_alone_and_goes_with_the_server() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::start(&[], &[]);
    let key = Path::new(between(&program.printed, "with the private key in ", " ")).to_owned();
    let folder = key.parent().expect("folder").to_owned();
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&key), mode(&folder)), (0o600, 0o700));
    assert!(!program.printed.contains("BEGIN PRIVATE KEY"));
    assert_eq!(program.stopped().code, Some(0));
    assert!(!folder.exists());
}

#[test]
fn s10_where_no_file_can_be_written_the_other_demo_clients_are_there() {
    let mut program = Program::start(&[], &[("TMPDIR", "/nowhere")]);
    program.wait_for_log("no demo client `demo-key-jwt`");
    assert!(program.printed.contains("demo-secret-jwt") && !program.printed.contains("demo-key-jwt"));
}

#[test]
fn s10_demo_secrets_are_new_each_time() {
    let (one, other) = (Program::start(&[], &[]), Program::start(&[], &[]));
    assert_ne!(demo_secrets(&one), demo_secrets(&other));
}
