//! The table in `docs/conformance.md` cannot rot: what it names exists, and no number in reach is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

const EXCUSES: [&str; 3] = ["Later: ", "Elsewhere: ", "Review: "];

fn core() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Number (or other name) and last cell of every row.
fn rows() -> Vec<(String, String)> {
    let text = fs::read_to_string(core().join("docs/conformance.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| n |"));
    rows.filter(|line| !line.starts_with("| part |"))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].to_owned(), cells.last().unwrap().to_string())
        })
        .collect()
}

/// The tests that a cell names.
fn tests(cell: &str) -> Vec<(PathBuf, String)> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted
        .filter_map(|name| name.rsplit_once("::"))
        .filter(|(_, function)| {
            function.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        })
        .map(|(file, function)| {
            let path = if file.starts_with("src/") { file.to_owned() } else { format!("tests/{file}.rs") };
            (core().join(path), function.to_owned())
        })
        .collect()
}

/// The functions of a file that are tests.
fn functions(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_else(|_| panic!("there is no {}", file.display()));
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let is_test = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let starts = lines.iter().enumerate().filter(|(_, line)| is_test(line));
    starts
        .filter_map(|(at, _)| lines[at + 1..].iter().find(|line| line.contains("fn ")))
        .filter_map(|line| line.split_once("fn ")?.1.split_once('('))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_test_that_the_table_names_exists() {
    let mut known: HashMap<PathBuf, Vec<String>> = HashMap::new();
    let mut missing = Vec::new();
    let mut named = 0;
    for (file, function) in rows().iter().flat_map(|(_, cell)| tests(cell)) {
        named += 1;
        let functions = known.entry(file.clone()).or_insert_with(|| functions(&file));
        if !functions.contains(&function) {
            missing.push(format!("{}::{function}", file.display()));
        }
    }
    assert!(named > 100, "the table is read at all: {named}");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn a_row_without_a_test_says_why() {
    for (number, cell) in rows() {
        assert!(
            !tests(&cell).is_empty() || EXCUSES.iter().any(|excuse| cell.starts_with(excuse)),
            "{number}: {cell}"
        );
    }
}

#[test]
fn no_number_in_reach_is_missing() {
    let rows = rows();
    let requirements = (1..=108).chain([111, 120]).chain(130..=175).map(|n| n.to_string());
    let threats = (1..=106).map(|n| format!("T{n:02}"));
    for number in requirements.chain(threats) {
        assert!(rows.iter().any(|(own, _)| *own == number), "{number} is missing");
    }
}

/// A threat's number in a test's name is in the table too.
#[test]
fn every_test_of_a_threat_is_in_the_table() {
    let table: Vec<_> = rows().iter().flat_map(|(_, cell)| tests(cell)).map(|(_, name)| name).collect();
    for file in [
        "threats.rs",
        "threats_requests.rs",
        "threats_tokens.rs",
        "redaction.rs",
        "client_key_sets.rs",
        "threats_registration.rs",
        "registration_races.rs",
        "faults_registration.rs",
        "redaction_registration.rs",
    ] {
        for function in functions(&core().join("tests").join(file)) {
            assert!(table.contains(&function), "{file}::{function} is not in the table");
        }
    }
}
