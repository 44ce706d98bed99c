//! The example, run: each line that it prints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::process::Command;

/// What the README shows is what it prints.
fn shown() -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, after) = readme.split_once("```text\n").unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_readme_shows_what_it_prints_line_by_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_bookstore")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().collect::<Vec<_>>(), shown().lines().collect::<Vec<_>>());

    let at = |number: usize| printed.lines().nth(number).unwrap().trim();
    assert!(at(1).starts_with("Bearer for 600 seconds"));
    assert!(at(3).starts_with("200 Receipt for order 4711"));
    assert!(at(5).starts_with("403 WWW-Authenticate: Bearer error=\"insufficient_scope\""), "RFC 6750 §3.1");
    assert!(at(5).ends_with("scope=\"receipts:write\""), "RFC 6750 §3");
    assert!(at(7).starts_with("200 "));
    assert!(at(9).starts_with("401 WWW-Authenticate: Bearer error=\"invalid_token\""), "RFC 7009 §2.1");
    assert_eq!(at(11), "401 WWW-Authenticate: Bearer", "RFC 6750 §3.1");
}
