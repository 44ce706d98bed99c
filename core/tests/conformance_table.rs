//! The table in `docs/conformance.md` cannot rot: what it names exists, and no number in reach is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

const EXCUSES: [&str; 3] = ["Later: ", "Elsewhere: ", "Review: "];

/// What a row may put off. Whoever builds one of these takes it away here, and finds every row that speaks of it.
const NOT_BUILT: [&str; 3] = ["DPoP", "mutual TLS", "the profile"];

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
    let requirements = (1..=175).chain(201..=208).map(|n| n.to_string());
    let threats = (1..=106).map(|n| format!("T{n:02}"));
    for number in requirements.chain(threats) {
        assert!(rows.iter().any(|(own, _)| *own == number), "{number} is missing");
    }
}

/// What is put off is one of what is known to be missing, so that no row goes on saying so when it is built.
#[test]
fn later_is_only_what_is_not_built() {
    for (number, cell) in rows() {
        for later in cell.split("Later: ").skip(1) {
            assert!(NOT_BUILT.iter().any(|feature| later.starts_with(feature)), "{number}: {later}");
        }
    }
}

/// A test whose name has the number of a threat stands in the row of that threat.
#[test]
fn every_test_of_a_threat_is_in_its_row() {
    let table: HashSet<_> = rows()
        .into_iter()
        .flat_map(|(number, cell)| tests(&cell).into_iter().map(move |test| (number.clone(), test)))
        .collect();
    let (mut missing, mut found) = (Vec::new(), 0);
    for file in ["src", "tests"].iter().flat_map(|folder| files(&core().join(folder))) {
        for function in functions(&file) {
            for threat in threats(&function) {
                found += 1;
                let named = (threat, (file.clone(), function.clone()));
                if !table.contains(&named) {
                    missing.push(format!("{}: {}::{function}", named.0, file.display()));
                }
            }
        }
    }
    assert!(found > 200, "the tests are found at all: {found}");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The numbers in a name: T66 and T76 of `t66_t76_…`, T77 of `s2_2_1_t77_…`.
fn threats(function: &str) -> impl Iterator<Item = String> {
    let numbers = function.split('_').filter_map(|part| part.strip_prefix('t'));
    numbers
        .filter(|number| number.len() >= 2 && number.chars().all(|c| c.is_ascii_digit()))
        .map(|number| format!("T{number}"))
}

/// The sources in a folder and below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
