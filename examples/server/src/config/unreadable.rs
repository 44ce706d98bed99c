//! From the text of the file to its document. What cannot be read is named by key, line and column, and never
//! shown: a line of this file may hold a hash, or a secret that was put there by mistake.

use std::path::Path;

use serde_path_to_error::deserialize;
use toml::de::{Deserializer, Error};

use super::document::Document;
use super::mistake::Mistake;

pub(super) fn parse(path: &Path, text: &str) -> Result<Document, Mistake> {
    let input = Deserializer::parse(text).map_err(|error| {
        let place = format!("{}: {}", path.display(), position(text, &error));
        // The parser's messages are its own words alone.
        Mistake::new(
            place,
            format!("not TOML: {}", error.message()),
            "correct the syntax, see https://toml.io",
        )
    })?;
    deserialize(input).map_err(|error| {
        let key = error.path().to_string();
        let error = error.into_inner();
        let (key, wrong, remedy) = explain(key, error.message());
        Mistake::new(format!("{}: {key} ({})", path.display(), position(text, &error)), wrong, remedy)
    })
}

fn position(text: &str, error: &Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

/// serde's messages, without the values that it puts into them.
fn explain(key: String, message: &str) -> (String, String, String) {
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let name = rest.split('`').next().unwrap_or_default();
        let known = rest.rsplit_once(", expected ").map_or("nothing", |(_, known)| known);
        let known = known.trim_start_matches("one of ").replace('`', "");
        let remedy = match name {
            "secret" | "client_secret" | "secret_env" | "secret_file" | "password" => {
                "secrets do not stand in this file: write secrets = [{ env = \"NAME\" }] or [{ file = \"PATH\" }]"
                    .to_owned()
            }
            _ => format!("take it out or correct its name; known here: {known}"),
        };
        let key = if key.ends_with(name) { key } else { inside(&key, name) };
        return (key, "unknown key".to_owned(), remedy);
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        let name = rest.trim_end_matches('`');
        return (inside(&key, name), "missing".to_owned(), format!("add `{name} = …`"));
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => {
            let expected = match expected {
                "a map" => "a table, such as { key = \"value\" }",
                "a sequence" => "a list, such as [\"a\", \"b\"]",
                "a string" => "text in quotes",
                "u32" => "a whole number from 0 on",
                "a boolean" => "true or false",
                _ if expected.starts_with("struct ") => "a table, such as { key = \"value\" }",
                _ => expected,
            };
            (key, "of the wrong kind".to_owned(), format!("write {expected}"))
        }
        None => (key, "cannot be understood".to_owned(), "compare it with grantor.example.toml".to_owned()),
    }
}

fn inside(key: &str, name: &str) -> String {
    if key == "." { name.to_owned() } else { format!("{key}.{name}") }
}
