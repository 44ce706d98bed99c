//! `grantor-server`: the reference server of Grantor, and the quickest way to try it. See its README.

mod assertion;
mod clients;
mod config;
mod demo;
mod failure;
mod flags;
mod initial_access;
mod issuer;
mod keys;
mod log;
mod paste;
mod private_file;
mod rate_limit;
mod serve;
mod start;
mod stop;
mod storage;
mod trust;
mod when;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::failure::Failure;
use crate::flags::{Command, Flags};

fn main() -> ExitCode {
    let flags = Flags::parse();
    match log::start().map_err(Failure::from).and_then(|()| run(&flags)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody may be reading; there is nobody else to tell.
            let _ = writeln!(std::io::stderr(), "{failure}");
            failure.exit_code()
        }
    }
}

fn run(flags: &Flags) -> Result<(), Failure> {
    match &flags.command {
        None => block_on(start::start(flags)),
        Some(Command::Assertion(wanted)) => assertion::assertion(flags, wanted),
        Some(Command::Clients(command)) => block_on(clients::run(flags, command)),
        Some(Command::InitialAccess(command)) => block_on(initial_access::run(flags, command)),
        Some(Command::Trust(command)) => block_on(trust::run(flags, command)),
        Some(Command::Keys(command)) => block_on(keys::run(flags, command)),
        Some(Command::HostKey { file, use_last: false }) => storage::add_host_key(file),
        Some(Command::HostKey { file, use_last: true }) => storage::use_last_host_key(file),
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::because("no runtime", error))?;
    let outcome = runtime.block_on(work);
    // What still hashes a secret for a client that is gone is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}
