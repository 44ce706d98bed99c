//! What stands for a text that is not the same in every run: `{{token}}`.

use std::collections::BTreeMap;

/// The names of a vector that are known so far.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    pub(super) fn learn(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.to_owned());
    }

    /// `text` with every name replaced.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let (filled, unknown) = self.fill_known(text);
        match unknown {
            None => Ok(filled),
            Some((name, _)) => Err(format!("nothing is known of {{{{{name}}}}}")),
        }
    }

    /// Whether `actual` is what is `expected`; what a new name stands for is kept.
    pub(super) fn meet(&mut self, expected: &str, actual: &str) -> Result<(), String> {
        let differs = || format!("expected {expected}\n      but got {actual}");
        let (mut expected, mut actual) = (expected, actual);
        loop {
            let (known, unknown) = self.fill_known(expected);
            let Some((name, rest)) = unknown else {
                return if known == actual { Ok(()) } else { Err(differs()) };
            };
            let after = actual.strip_prefix(&known).ok_or_else(differs)?;
            let end = after.find(|c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\\'));
            let (value, after) = after.split_at(end.unwrap_or(after.len()));
            if value.is_empty() {
                return Err(differs());
            }
            self.learn(name, value);
            (expected, actual) = (rest, after);
        }
    }

    /// As far as names are known: the text so far, and where it ends the unknown name and what follows it.
    fn fill_known<'a>(&self, mut text: &'a str) -> (String, Option<(&'a str, &'a str)>) {
        let mut filled = String::new();
        while let Some((before, rest)) = text.split_once("{{")
            && let Some((name, after)) = rest.split_once("}}")
        {
            filled.push_str(before);
            match self.0.get(name) {
                Some(value) => filled.push_str(value),
                None => return (filled, Some((name, after))),
            }
            text = after;
        }
        filled.push_str(text);
        (filled, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_text_and_comes_again_as_the_same() {
        let mut names = Names::default();
        assert_eq!(names.meet(r#"{"t":"{{t}}","n":1}"#, r#"{"t":"abc.-_","n":1}"#), Ok(()));
        assert_eq!(names.fill("token={{t}}&x").as_deref(), Ok("token=abc.-_&x"));
        assert_eq!(names.meet("{{t}}", "abc.-_"), Ok(()));
        assert!(names.meet("{{t}}", "other").is_err());
        assert!(names.fill("{{other}}").is_err());
    }

    #[test]
    fn a_name_takes_no_more_than_one_string_and_never_nothing() {
        for actual in
            [r#"{"t":"a","x":"b"}"#, r#"{"t":""}"#, r#"{"t":"a\"}"#, r#"{"t":"a b"}"#, r#"{"t":"a"} "#]
        {
            assert!(Names::default().meet(r#"{"t":"{{t}}"}"#, actual).is_err(), "{actual}");
        }
        assert_eq!(Names::default().meet(r#"{"a":{"b":{}}}"#, r#"{"a":{"b":{}}}"#), Ok(()));
    }
}
