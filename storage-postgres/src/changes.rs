//! Hearing at once of changes that other processes make to clients.

use std::convert::Infallible;
use std::time::Duration;

use grantor::ClientId;
use grantor::store::StoreError;
use sqlx::Executor;
use sqlx::postgres::{PgListener, PgNotification, PgPoolOptions};
use tokio::time::{sleep, timeout};

use crate::PostgresStore;
use crate::failure::{Failure, failed};

/// How long the line may be silent before it is tried. A server that went away without a word is noticed by that.
const SILENCE: Duration = Duration::from_secs(30);

/// How long to wait before the next attempt to connect.
const PAUSE: Duration = Duration::from_secs(1);

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientChange {
    /// This client was inserted, updated or deleted.
    Client(ClientId),
    /// Any number of clients may have been: listening has begun, or begun again after the connection was lost.
    Any,
}

impl PostgresStore {
    /// Tells of every change of a client that any process makes through such a store, as soon as it is committed.
    /// Ends only when the pool is closed.
    ///
    /// Keeps one connection beside those of the pool, made with the pool's options, and connects again when it is
    /// lost. What was missed meanwhile is told as [`ClientChange::Any`], also at the beginning. While the connection is
    /// away nothing is told, so a cache still needs its time to live. PgBouncer in transaction mode does not pass
    /// notifications on: give this a store whose pool connects to the server itself.
    ///
    /// `on_change` is called in turn and must not wait.
    ///
    /// ```no_run
    /// use grantor::ClientId;
    /// use grantor_storage_postgres::{ClientChange, PostgresStore};
    /// # struct Cache; impl Cache { fn forget(&self, _: &ClientId) {} fn forget_all(&self) {} }
    ///
    /// # fn wire(store: PostgresStore, cache: std::sync::Arc<Cache>) {
    /// tokio::spawn(async move {
    ///     store
    ///         .listen(|change| match change {
    ///             ClientChange::Client(id) => cache.forget(&id),
    ///             _ => cache.forget_all(),
    ///         })
    ///         .await;
    /// });
    /// # }
    /// ```
    pub async fn listen(&self, on_change: impl Fn(ClientChange) + Send + Sync) {
        let listening = async {
            loop {
                let Err(error) = self.hear(&on_change).await;
                warn(&error);
                #[allow(clippy::disallowed_methods)] // Nothing waits for it but the next attempt to connect.
                sleep(PAUSE).await;
            }
        };
        let _closed = self.parts().pool.close_event().do_until(listening).await;
    }

    /// Until the connection is lost. It is in no pool but its own, so that one which hangs keeps nobody's place.
    async fn hear(
        &self,
        on_change: &(impl Fn(ClientChange) + Send + Sync),
    ) -> Result<Infallible, StoreError> {
        let parts = self.parts();
        let options = parts.pool.connect_options().as_ref().clone();
        let alone = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let mut line = self.within(PgListener::connect_with(&alone)).await?;
        // It is made anew here, and what was missed is told.
        line.eager_reconnect(false);
        self.within(line.listen(&parts.schema.channel())).await?;
        on_change(ClientChange::Any);
        loop {
            match timeout(SILENCE, line.try_recv()).await {
                Ok(Ok(Some(told))) => on_change(change(&told)),
                Ok(Ok(None)) => return Err(StoreError::unavailable(Failure::LineLost)),
                Ok(Err(error)) => return Err(failed(error, parts.schema.name())),
                Err(_silence) => {
                    self.within(line.execute("SELECT 1")).await?;
                }
            }
        }
    }
}

fn warn(error: &StoreError) {
    let cause: &dyn std::error::Error = error;
    tracing::warn!(error = cause, "changes of clients are not heard; connecting again");
}

/// Whoever else writes to the channel cannot make an id of what is none.
fn change(told: &PgNotification) -> ClientChange {
    ClientId::new(told.payload()).map_or(ClientChange::Any, ClientChange::Client)
}
