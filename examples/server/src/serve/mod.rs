//! Connections: accepted up to a number, cut when they dribble, drained when the server stops.

mod actix;
mod axum;

use std::time::Duration;

use crate::stop::StopSignals;

pub(crate) use actix::on_actix;
pub(crate) use axum::on_axum;

/// How long the head of a request may take, and how long a connection may be idle (T93). The body is within the
/// adapter's deadline for the whole request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The most connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 10_000;
/// How long requests that have begun may take to end once the server was asked to stop. A little more than a
/// head and less than what service managers wait before they kill.
const DRAIN_WITHIN: Duration = Duration::from_secs(15);

/// Says that a signal came.
fn stopping(signal: &str) {
    tracing::info!(signal, "stopping: no new connections, answering the requests that have begun");
}

/// Waits until every request is answered, up to a bound or a second signal.
async fn drain(answered: impl Future<Output = ()>, stop: &mut StopSignals) {
    tokio::select! {
        () = answered => tracing::info!("stopped: every request was answered"),
        again = stop.next() => tracing::warn!(signal = again, "stopped at once: a second signal came"),
        () = after(DRAIN_WITHIN) => tracing::warn!("stopped: some requests took too long and were cut off"),
    }
}

/// The one wait here: for what takes as long as it takes, up to a bound.
#[allow(clippy::disallowed_methods)]
async fn after(pause: Duration) {
    tokio::time::sleep(pause).await;
}
