//! The log: on stderr, by RUST_LOG. Standard output is for what the user asked for.
//!
//! By default a server says what happens (`info`), and a command, whose output says that already, what goes wrong (`warn`).

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::Mistake;

pub(crate) fn start(default: LevelFilter) -> Result<(), Mistake> {
    let filter = EnvFilter::builder().with_default_directive(default.into()).from_env().map_err(|error| {
        Mistake::new(
            "RUST_LOG",
            error.to_string(),
            "write a level or directives, such as info or grantor=debug",
        )
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}
