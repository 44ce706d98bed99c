//! What is due behind the requests.

use grantor::AuthorizationServer;
use tokio::task::JoinHandle;

/// Calls [`AuthorizationServer::maintain`] whenever it is due, until the handle is aborted or the runtime ends.
///
/// # Panics
///
/// Outside of a tokio runtime.
// Dropping the handle leaves it running, which is what most want.
#[allow(clippy::must_use_candidate)]
pub fn spawn_maintenance(server: AuthorizationServer) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let pause = server.maintain().await;
            // The one wait of the adapter: until core said that there is something to do.
            #[allow(clippy::disallowed_methods)]
            tokio::time::sleep(pause).await;
        }
    })
}
