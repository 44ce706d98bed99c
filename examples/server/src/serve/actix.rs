//! The connections of actix-web, served by its own server.

use std::thread::available_parallelism;

use actix_web::http::KeepAlive;
use actix_web::{App, HttpServer};
use grantor::AuthorizationServer;
use tokio::net::TcpListener;

use super::{CONNECTIONS, DRAIN_WITHIN, HEAD_WITHIN, drain, stopping};
use crate::failure::Failure;
use crate::stop::StopSignals;

/// The most workers that actix-web takes.
const MOST_WORKERS: usize = 512;

/// Serves until a signal comes, then answers what has begun.
///
/// Unlike with axum, a connection carries one request: actix-web holds its deadline for a head, by which dribblers are
/// cut (T93), for the first one only. The bound of a head is its own, 128 KiB.
pub(crate) async fn on_actix(
    listener: TcpListener,
    server: AuthorizationServer,
    mut stop: StopSignals,
) -> Result<(), Failure> {
    let failed = |error| Failure::because("cannot serve", error);
    let workers = available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
    let app = move || App::new().configure(grantor_actix::configure(server.clone()));
    let mut serving = HttpServer::new(app)
        .workers(workers)
        .max_connections(CONNECTIONS / workers)
        .client_request_timeout(HEAD_WITHIN)
        .keep_alive(KeepAlive::Disabled)
        // Answers are small and written at once, so there is nothing to gather.
        .tcp_nodelay(true)
        // The end of the wait is `drain`'s to say.
        .shutdown_timeout(2 * DRAIN_WITHIN.as_secs())
        .disable_signals()
        .listen(listener.into_std().map_err(failed)?)
        .map_err(failed)?
        .run();
    let open = serving.handle();
    let signal = tokio::select! {
        signal = stop.next() => signal,
        ended = &mut serving => return ended.map_err(failed),
    };
    stopping(signal);
    drain(async { drop(tokio::join!(open.stop(true), serving)) }, &mut stop).await;
    Ok(())
}
