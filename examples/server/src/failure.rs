//! How the program ends when it does not end well.

use std::error::Error;
use std::process::ExitCode;

use crate::config::Mistake;

/// Why the program stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The operator's mistake: exit code 2, as for a wrong flag.
    #[error("error: {0}")]
    Configuration(#[from] Mistake),
    /// Anything else: exit code 1.
    #[error("error: {0}")]
    Runtime(String),
}

impl Failure {
    /// What could not be done, and everything behind it.
    pub(crate) fn because(what: &str, error: impl Error) -> Self {
        let mut text = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(error) = source {
            let cause = error.to_string();
            // Some say what their source says.
            if !text.ends_with(&cause) {
                text.push_str(&format!(": {cause}"));
            }
            source = error.source();
        }
        Self::Runtime(text)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(_) => ExitCode::from(2),
            Self::Runtime(_) => ExitCode::from(1),
        }
    }
}
