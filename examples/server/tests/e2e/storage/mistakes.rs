//! What a shared store needs and was not told. No server is needed for that.

use crate::program::{Ended, Program, file, printed, run};

const DATABASE: [&str; 2] = ["--database-url", "postgres://grantor:throw-away@127.0.0.1:1/x"];
const REDIS: [&str; 2] = ["--redis-url", "redis://grantor:throw-away@127.0.0.1:1"];

#[test]
fn s10_what_a_storage_needs_is_named_with_the_remedy() {
    let keys = file("folder", "").with_file_name("host.keys");
    let keys = ["--host-keys", keys.to_str().expect("UTF-8")];
    printed(&["host-key", keys[1]], &[]);
    let cases: [(&str, &[[&str; 2]], &str, &str); 8] = [
        ("postgres", &[keys], "--database-url", "postgres://"),
        ("redis", &[keys], "--redis-url", "redis://"),
        ("postgres+redis", &[keys, DATABASE], "--redis-url", "redis://"),
        ("postgres+redis", &[keys, REDIS], "--database-url", "postgres://"),
        ("postgres", &[DATABASE], "--host-keys", "grantor-server host-key FILE"),
        ("redis", &[REDIS], "--host-keys", "grantor-server host-key FILE"),
        ("redis", &[keys, ["--redis-url", "http://grantor:throw-away@x"]], "--redis-url", "redis://"),
        (
            "postgres",
            &[keys, ["--database-url", "http://grantor:throw-away@x"]],
            "--database-url",
            "postgres://",
        ),
    ];
    for (storage, given, flag, remedy) in cases {
        let flags = [&["--storage", storage], given.as_flattened()].concat();
        let (server, command) =
            (Program::refused(&flags, &[]), run(&[&["clients", "list"], &flags[..]].concat(), &[]));
        let command = Ended {
            code: command.status.code(),
            written: String::from_utf8_lossy(&[command.stdout, command.stderr].concat()).into_owned(),
        };
        for Ended { code, written } in [server, command] {
            assert_eq!(code, Some(2), "{flags:?}: {written}");
            assert!(written.starts_with(&format!("error: {flag}")) && written.contains(remedy), "{written}");
            assert!(!written.contains("throw-away"), "{written}");
        }
    }
}

#[test]
fn s10_a_command_without_its_store_says_what_is_away() {
    let keys = file("folder", "").with_file_name("host.keys");
    let keys = keys.to_str().expect("UTF-8");
    printed(&["host-key", keys], &[]);
    for (storage, url, name) in [("postgres", DATABASE, "PostgreSQL"), ("redis", REDIS, "Redis")] {
        let list = ["clients", "list", "--storage", storage, "--host-keys", keys];
        let output = run(&[&list[..], &url].concat(), &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("{name} is not ready")) && !said.contains("throw-away"), "{said}");
    }
}
