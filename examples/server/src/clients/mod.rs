//! Clients: those of the configuration file in front of a store, and the administrator's commands.

mod configured;
mod create;
mod new_proof;
mod show;

pub(crate) use configured::ConfiguredClients;
pub(crate) use create::create;
pub(crate) use show::{list, show};
