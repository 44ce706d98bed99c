//! The example, run: each line that it prints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::process::Command;

/// What the README shows is what it prints, where `…` stands for what differs each time.
#[test]
fn rfc7523_s2_1_the_readme_shows_what_it_prints_line_by_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_jwt-bearer")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let shown = readme.split_once("```text\n").unwrap().1.split_once("```").unwrap().0;
    assert_eq!(printed.lines().count(), shown.lines().count(), "{printed}");
    for (printed, shown) in printed.lines().zip(shown.lines()) {
        let mut rest = printed;
        for part in shown.split('…') {
            let at = rest.find(part).unwrap_or_else(|| panic!("{printed}\nis not\n{shown}"));
            rest = &rest[at + part.len()..];
        }
        assert!(shown.ends_with('…') || rest.is_empty(), "{printed}\nis not\n{shown}");
    }
    assert!(!printed.contains("\"d\""), "no private half");
}
