//! What cannot be undone is confirmed by whoever is at a terminal, and by `--yes` where nobody is.

use std::io::{BufRead, IsTerminal, Write};

use crate::config::Mistake;
use crate::failure::Failure;

/// Asks for the id, if there is somebody to ask.
pub(super) fn confirm_on_terminal(id: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    // The question goes where no script reads.
    let is_terminal = stdin.is_terminal() && std::io::stderr().is_terminal();
    confirm(id, is_terminal, &mut stdin.lock(), &mut std::io::stderr())
}

fn confirm(
    id: &str,
    is_terminal: bool,
    answer: &mut dyn BufRead,
    question: &mut dyn Write,
) -> Result<(), Failure> {
    if !is_terminal {
        let wrong = format!("without it `{id}` is not deleted, since that cannot be undone");
        return Err(Mistake::new("--yes", wrong, "add it, or use `clients disable`").into());
    }
    let lost = |error| Failure::because("the terminal", error);
    write!(question, "This cannot be undone. Type the id to delete the client `{id}`: ").map_err(lost)?;
    question.flush().map_err(lost)?;
    let mut typed = String::new();
    answer.read_line(&mut typed).map_err(lost)?;
    match typed.trim_end_matches(['\n', '\r']) == id {
        true => Ok(()),
        false => Err(Failure::Runtime(format!("that is not `{id}`: nothing was deleted"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(typed: &str, is_terminal: bool) -> (Result<(), Failure>, String) {
        let mut question = Vec::new();
        let outcome = confirm("shop", is_terminal, &mut typed.as_bytes(), &mut question);
        (outcome, String::from_utf8(question).expect("UTF-8"))
    }

    #[test]
    fn s10_on_a_terminal_the_very_id_is_typed() {
        for typed in ["shop\n", "shop\r\n", "shop"] {
            let (outcome, question) = answered(typed, true);
            assert!(outcome.is_ok() && question.contains("`shop`"), "{typed:?}");
        }
        for typed in ["", "\n", "y\n", "yes\n", "Shop\n", "shop \n", " shop\n"] {
            let (outcome, _) = answered(typed, true);
            assert!(matches!(outcome, Err(Failure::Runtime(_))), "{typed:?}");
        }
    }

    #[test]
    fn s10_where_nobody_can_be_asked_nobody_is() {
        let (outcome, question) = answered("shop\n", false);
        assert!(matches!(outcome, Err(Failure::Configuration(_))) && question.is_empty());
    }
}
