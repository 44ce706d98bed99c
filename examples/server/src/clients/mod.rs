//! Clients: those of the configuration file in front of a store, and the administrator's commands.

mod change;
mod configured;
mod create;
mod desk;
mod federate;
mod new_proof;
mod reseal;
mod show;
mod workload_table;

pub(crate) use configured::ConfiguredClients;
pub(crate) use desk::Desk;
pub(crate) use workload_table::{keys as place_of_keys, taken};

use crate::failure::Failure;
use crate::flags::{ClientsCommand, FederateCommand, Flags};

/// One of the commands. It works on the store that the running servers share, and needs none of them.
pub(crate) async fn run(flags: &Flags, command: &ClientsCommand) -> Result<(), Failure> {
    let desk = Desk::open(flags).await?;
    match command {
        ClientsCommand::Create(wanted) => desk.create(wanted).await,
        ClientsCommand::List { json } => desk.list(*json).await,
        ClientsCommand::Show { id, json } => desk.show(id, *json).await,
        ClientsCommand::Federate(FederateCommand::Add(wanted)) => desk.add_workload(wanted, flags).await,
        ClientsCommand::Federate(FederateCommand::List { id, json }) => desk.list_workloads(id, *json).await,
        ClientsCommand::Federate(FederateCommand::Remove { id, credential }) => {
            desk.remove_workload(id, credential).await
        }
        ClientsCommand::RotateSecret { id, overlap } => desk.rotate_secret(id, *overlap).await,
        ClientsCommand::RevokeTokens { id } => desk.revoke_tokens(id).await,
        ClientsCommand::Disable { id } => desk.set_enabled(id, false).await,
        ClientsCommand::Enable { id } => desk.set_enabled(id, true).await,
        ClientsCommand::Reseal => desk.reseal().await,
        ClientsCommand::Delete { id, yes } => desk.delete(id, *yes).await,
    }
}
