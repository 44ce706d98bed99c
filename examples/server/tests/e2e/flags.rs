//! Flags, their twins in the environment, and the file: which wins, and what is refused.

use crate::program::{Program, between, config, run};

#[test]
fn s10_a_flag_wins_over_the_environment_and_that_over_the_file() {
    let config = config("issuer = \"https://file.example\"\n");
    let issuer = |arguments: &[&str], environment: &[(&str, &str)]| {
        let program = Program::start(arguments, environment);
        between(&program.printed, "\nissuer          ", "\n").to_owned()
    };
    let by_variable = [("GRANTOR_CONFIG", config.as_str()), ("GRANTOR_ISSUER", "https://variable.example")];
    assert_eq!(issuer(&["--issuer", "https://flag.example"], &by_variable), "https://flag.example");
    assert_eq!(issuer(&[], &by_variable), "https://variable.example");
    assert_eq!(issuer(&[], &by_variable[..1]), "https://file.example");
}

#[test]
fn rfc8414_s2_port_0_gives_an_issuer_with_the_real_port() {
    let program = Program::start(&[], &[]);
    assert!(!program.address.ends_with(":0"));
    assert!(program.printed.contains(&format!("issuer          http://{}\n", program.address)));
}

/// Arguments, environment, and what the message must hold.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn what_this_build_does_not_have_or_must_not_do_is_refused_with_the_remedy() {
    let elsewhere = ["--listen", "0.0.0.0:0"];
    let cases: [Case; 10] = [
        (
            &["--storage", "sqlite"],
            &[],
            &["sqlite", "--storage", "memory, postgres, redis or postgres+redis"],
        ),
        (&[], &[("GRANTOR_STORAGE", "redis")], &["--redis-url", "GRANTOR_REDIS_URL", "redis://"]),
        (
            &["--database-url", "postgres://grantor:hunter2@h/db"],
            &[],
            &["--database-url", "the storage is memory", "--storage postgres"],
        ),
        (&["--adapter", "rocket"], &[], &["rocket", "--adapter", "axum or actix"]),
        (&["--listen", "localhost"], &[], &["--listen", "127.0.0.1:8080"]),
        (
            &["--issuer", "http://auth.example.com"],
            &[],
            &["--issuer", "GRANTOR_ISSUER", "remedy", "https://auth"],
        ),
        (&["--config", "/nowhere.toml"], &[], &["/nowhere.toml", "cannot be read", "--config"]),
        (&[], &[("RUST_LOG", "a=b=c")], &["RUST_LOG", "remedy", "info"]),
        (&elsewhere, &[], &["0.0.0.0:0 is not loopback", "no issuer", "--issuer https://"]),
        (
            &["--listen", "0.0.0.0:0", "--issuer", "http://127.0.0.1:8080"],
            &[],
            &["--issuer", "plain http", "not loopback", "--listen 127.0.0.1"],
        ),
    ];
    for (arguments, environment, parts) in cases {
        let output = run(arguments, environment);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {environment:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(output.stdout.is_empty() && !text.contains("hunter2"));
    }
}

#[test]
fn a_port_that_is_taken_is_exit_code_1() {
    let program = Program::start(&[], &[]);
    let output = run(&["--listen", &program.address], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&program.address) && text.contains("--listen"), "{text}");
}
