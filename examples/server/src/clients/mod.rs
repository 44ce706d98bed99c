//! Clients: those of the configuration file in front of a store, and the administrator's commands.

mod change;
mod configured;
mod create;
mod desk;
mod new_proof;
mod reseal;
mod show;

pub(crate) use configured::ConfiguredClients;

use crate::failure::Failure;
use crate::flags::{ClientsCommand, Flags};
use desk::Desk;

/// One of the commands. It works on the store that the running servers share, and needs none of them.
pub(crate) async fn run(flags: &Flags, command: &ClientsCommand) -> Result<(), Failure> {
    let desk = Desk::open(flags).await?;
    match command {
        ClientsCommand::Create(wanted) => desk.create(wanted).await,
        ClientsCommand::List { json } => desk.list(*json).await,
        ClientsCommand::Show { id, json } => desk.show(id, *json).await,
        ClientsCommand::RotateSecret { id, overlap } => desk.rotate_secret(id, *overlap).await,
        ClientsCommand::RevokeTokens { id } => desk.revoke_tokens(id).await,
        ClientsCommand::Disable { id } => desk.set_enabled(id, false).await,
        ClientsCommand::Enable { id } => desk.set_enabled(id, true).await,
        ClientsCommand::Reseal => desk.reseal().await,
        ClientsCommand::Delete { id, yes } => desk.delete(id, *yes).await,
    }
}
