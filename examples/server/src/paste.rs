//! Text for standard output, and values in the grammar of what they are pasted into.

use std::io::{ErrorKind, Write};

use crate::failure::Failure;

/// Prints it. That nobody reads any more, as after `| head`, is no failure.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::because("standard output", error)),
    }
}

/// Prints a secret that is stored and can be shown this once: if nobody reads it, that is a failure.
pub(crate) fn say_once(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        Failure::because(
            "it is stored, but its secret could not be shown: make another one by `clients rotate-secret`",
            error,
        )
    })
}

/// JSON for scripts, and for people who look at it.
pub(crate) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// Columns as wide as they need to be. The last one ends where its text ends.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// What somebody typed, for a message: nothing in it moves the cursor, and a secret or token in the place of an id is not repeated.
pub(crate) fn typed(text: &str) -> String {
    match text.strip_prefix("grantor_") {
        Some(rest) if rest.len() > 40 => "grantor_… (a secret or a token, and no id)".to_owned(),
        _ => text.escape_debug().to_string(),
    }
}

/// One word of a POSIX shell, whatever is in it.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'=' | b',' | b'@')
    };
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A string of JavaScript, which JSON's are.
pub(crate) fn script_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A string of TOML, which JSON's are too, but for DEL, which has to be escaped there.
pub(crate) fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// A key of TOML: bare where it can be.
pub(crate) fn toml_key(text: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !text.is_empty() && text.bytes().all(bare) { text.to_owned() } else { toml_text(text) }
}

/// A list of strings of TOML.
pub(crate) fn toml_list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(toml_text).collect::<Vec<_>>().join(", "))
}

/// A table of strings of TOML on one line. The names are plain.
pub(crate) fn toml_table<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let member = |(name, value)| format!("{name} = {}", toml_text(value));
    format!("{{ {} }}", members.map(member).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_word_as_it_is() {
        assert_eq!(shell_word("demo-basic:grantor_0"), "demo-basic:grantor_0");
        assert_eq!(shell_word("read write"), "'read write'");
        assert_eq!(shell_word("a'b$(c)`d`"), r"'a'\''b$(c)`d`'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn toml_takes_a_text_as_it_is() {
        for text in ["", "plain", "with \"quotes\" and \\", "it's", "tab\tand\u{7f}", "Zoë", "${X}"] {
            let table: toml::Table = toml::from_str(&format!("x = {}", toml_text(text))).expect(text);
            assert_eq!(table.get("x").and_then(toml::Value::as_str), Some(text));
        }
    }

    #[test]
    fn t95_a_secret_in_the_place_of_an_id_is_not_repeated() {
        let secret = format!("grantor_{}", "7".repeat(76));
        assert!(!typed(&secret).contains("777"));
        assert_eq!(typed("grantor_shop"), "grantor_shop");
        assert_eq!(typed("a\u{1b}[2J"), "a\\u{1b}[2J");
    }
}
