//! The rules of a value that is put together of parts.

use super::InvalidValue;

/// The first of the rules that is broken. Each says whether it holds, of what, and what it asks.
pub(crate) fn all_hold<const N: usize>(
    rules: [(bool, &'static str, &'static str); N],
) -> Result<(), InvalidValue> {
    match rules.into_iter().find(|(holds, ..)| !holds) {
        Some((_, what, rule)) => Err(InvalidValue::new(what, rule)),
        None => Ok(()),
    }
}

/// Text that can stand in a line for people: at most `most` bytes, none a control character.
pub(crate) fn is_line(text: &str, most: usize) -> bool {
    text.len() <= most && !text.chars().any(char::is_control)
}

/// The most bytes of a name or a label, and the rule that says so.
pub(crate) const LINE: usize = 200;
pub(crate) const LINE_RULE: &str = "at most 200 bytes without control characters";
