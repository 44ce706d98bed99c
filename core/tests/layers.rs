//! Core is built in layers: a file imports only from its own layer or below, and stays short (design §2).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

/// Words, pure protocol, ports, steps, orchestration. A new module has to be given its place here.
const LAYERS: [&[&str]; 5] = [
    &["types"],
    &["http", "form", "basic", "bearer", "error", "guard", "jose"],
    &[
        "store",
        "stores",
        "host_keys",
        "clock",
        "entropy",
        "executor",
        "fetch",
        "secret_verifier",
        "rate_limit",
        "signer",
        "event",
    ],
    &[
        "assertion",
        "auth",
        "claim",
        "clients",
        "compatibility",
        "config",
        "endpoint",
        "grant",
        "keys",
        "policy",
        "resource",
        "token",
    ],
    &["server", "builder", "guide", "lib"],
];

const MOST_LINES: usize = 500;

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file under `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The module of a file right under the root: `keys` for `keys/ring.rs`.
fn module(file: &Path) -> String {
    let relative = file.strip_prefix(source()).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of this crate that `text` names in code, as `crate::name` or from the root as `super::name`.
fn imports(file: &Path, text: &str) -> Vec<String> {
    let relative = file.strip_prefix(source()).unwrap();
    let depth = relative.components().count() - usize::from(relative.ends_with("mod.rs"));
    let root = format!("use {}", "super::".repeat(depth));
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut rests: Vec<&str> = line.split("crate::").skip(1).collect();
        if depth > 0 {
            rests.extend(line.strip_prefix(&root).filter(|rest| !rest.starts_with("super::")));
        }
        for rest in rests {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
        }
    }
    found
}

#[test]
fn s2_a_file_imports_from_its_own_layer_or_below() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files(&source()) {
        let own = module(&file);
        let Some(own_layer) = layer(&own) else {
            wrong.push(format!("{}: the module `{own}` has no layer", file.display()));
            continue;
        };
        for import in imports(&file, &fs::read_to_string(&file).unwrap()) {
            seen += 1;
            match layer(&import) {
                Some(other) if other <= own_layer => {}
                Some(other) => {
                    wrong.push(format!(
                        "{} (layer {own_layer}) uses `{import}` (layer {other})",
                        file.display()
                    ));
                }
                None => wrong.push(format!("{}: `crate::{import}` names no module", file.display())),
            }
        }
    }
    assert!(seen > 100, "the imports are found at all: {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn s2_the_reader_of_imports_finds_them() {
    let at = |path: &str| source().join(path);
    let text = "use crate::store::{Client};\n// use crate::builder::X;\nlet x = crate::http::Request;\n";
    assert_eq!(imports(&at("keys/ring.rs"), text), ["store", "http"]);
    assert_eq!(imports(&at("keys.rs"), "use super::server::X;\n    use super::*;\n"), ["server"]);
    assert_eq!(imports(&at("keys/mod.rs"), "use super::server::X;\n"), ["server"]);
    assert_eq!(
        imports(&at("keys/ring.rs"), "use super::snapshot::X;\nuse super::super::server::X;\n"),
        ["server"]
    );
    assert_eq!(imports(&at("keys/ring.rs"), "use crate::{http, store};\n"), [""], "refused as no module");
}

#[test]
fn s2_no_file_is_longer_than_500_lines() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut long = Vec::new();
    for file in [files(&source()), files(&folder.join("tests"))].concat() {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        if lines > MOST_LINES {
            long.push(format!("{}: {lines}", file.display()));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
