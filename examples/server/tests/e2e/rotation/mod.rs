//! Signing keys that change while servers run: by themselves, by a command, and with the keys of the host.

mod always;
mod commands;
mod emergency;
mod host_keys;
mod maintenance;
mod seen;
mod used;
