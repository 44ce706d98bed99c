//! Clients: those of the configuration file in front of a store, and the administrator's commands.

mod change;
mod configured;
mod confirm;
mod create;
mod desk;
mod document;
mod federate;
mod list;
mod proof;
mod reseal;
mod show;
mod workload_table;

pub(crate) use configured::ConfiguredClients;
pub(crate) use desk::Desk;
pub(crate) use document::methods_of;
pub(crate) use workload_table::{keys as place_of_keys, taken};

use crate::failure::Failure;
use crate::flags::{ClientsCommand, FederateCommand, Flags};

/// One of the commands. It works on the store that the running servers share, and needs none of them.
pub(crate) async fn run(flags: &Flags, command: &ClientsCommand) -> Result<(), Failure> {
    let desk = Desk::open(flags).await?;
    match command {
        ClientsCommand::Create { wanted, output } => desk.create(wanted, output.json).await,
        ClientsCommand::List { filter, output } => desk.list(filter, output.json).await,
        ClientsCommand::Show(client) => desk.show(&client.id, client.output.json).await,
        ClientsCommand::Update { client, changes } => {
            desk.update(&client.id, changes, client.output.json).await
        }
        ClientsCommand::Federate(FederateCommand::Add(wanted)) => desk.add_workload(wanted, flags).await,
        ClientsCommand::Federate(FederateCommand::List { id, json }) => desk.list_workloads(id, *json).await,
        ClientsCommand::Federate(FederateCommand::Remove { id, credential }) => {
            desk.remove_workload(id, credential).await
        }
        ClientsCommand::RotateSecret { client, overlap } => {
            desk.rotate_secret(&client.id, *overlap, client.output.json).await
        }
        ClientsCommand::NewRegistrationToken(client) => {
            desk.new_registration_token(&client.id, client.output.json).await
        }
        ClientsCommand::RevokeTokens(client) => desk.revoke_tokens(&client.id, client.output.json).await,
        ClientsCommand::Disable(client) => desk.set_enabled(&client.id, false, client.output.json).await,
        ClientsCommand::Enable(client) => desk.set_enabled(&client.id, true, client.output.json).await,
        ClientsCommand::Reseal => desk.reseal().await,
        ClientsCommand::Delete { client, yes } => desk.delete(&client.id, *yes, client.output.json).await,
    }
}
