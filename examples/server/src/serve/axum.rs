//! The connections of axum, served by hyper itself.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{CONNECTIONS, HEAD_WITHIN, after, drain, stopping};
use crate::stop::StopSignals;

/// The most bytes of a head.
const HEAD_BYTES: usize = 64 * 1024;
/// How long to wait where the system has no descriptor left.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// Serves until a signal comes, then answers what has begun.
pub(crate) async fn on_axum(listener: TcpListener, router: Router, mut stop: StopSignals) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let open = GracefulShutdown::new();
    let service = TowerToHyperService::new(router);
    let signal = loop {
        tokio::select! {
            signal = stop.next() => break signal,
            Some((stream, peer, place)) = accept(&listener, &places) => {
                tokio::spawn(connection(stream, peer, service.clone(), open.watcher(), place));
            }
        }
    };
    drop(listener);
    stopping(signal);
    drain(open.shutdown(), &mut stop).await;
}

/// The next connection once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Some((stream, peer, place)),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted; trying again");
                after(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: TowerToHyperService<Router>,
    watcher: Watcher,
    place: OwnedSemaphorePermit,
) {
    // Answers are small and written at once, so there is nothing to gather.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = service.call(request);
        async move { answer.await as Result<Response, Infallible> }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%peer, %error, "connection ended");
    }
    drop(place);
}

/// A connection that was gone before it was accepted says nothing about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
