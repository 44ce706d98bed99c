//! From axum's request to core's, and back.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use grantor::{AuthorizationServer, Endpoint};
use http_body_util::BodyExt;

use crate::Connection;
use crate::deadline::Deadline;

/// Every endpoint of `server` at its path. Merge it into an application's router at the top level: the paths are
/// whole, that of the issuer included.
pub fn router<S: Clone + Send + Sync + 'static>(server: AuthorizationServer) -> Router<S> {
    let mut router = Router::new();
    for (path, endpoint) in server.routes() {
        // Any method: core answers the wrong ones. Method by method, so that a route of the host's at the same path
        // panics at start instead of taking requests in silence.
        let answer = move |State(server): State<AuthorizationServer>, request: Request| async move {
            handle(&server, endpoint, request).await
        };
        router = router.route(path, on(EVERY_METHOD, answer).fallback(answer));
    }
    router.with_state(server)
}

pub(crate) const EVERY_METHOD: MethodFilter = MethodFilter::GET
    .or(MethodFilter::POST)
    .or(MethodFilter::PUT)
    .or(MethodFilter::DELETE)
    .or(MethodFilter::PATCH)
    .or(MethodFilter::OPTIONS)
    .or(MethodFilter::TRACE)
    .or(MethodFilter::CONNECT);

/// The token endpoint, as a handler of one's own route.
pub async fn token(State(server): State<AuthorizationServer>, request: Request) -> Response {
    handle(&server, Endpoint::Token, request).await
}

/// The introspection endpoint, as a handler of one's own route.
pub async fn introspect(State(server): State<AuthorizationServer>, request: Request) -> Response {
    handle(&server, Endpoint::Introspection, request).await
}

/// The revocation endpoint, as a handler of one's own route.
pub async fn revoke(State(server): State<AuthorizationServer>, request: Request) -> Response {
    handle(&server, Endpoint::Revocation, request).await
}

/// The registration endpoint, as a handler of one's own route: where it is on, at the path that
/// [`AuthorizationServer::routes`] names, since clients are told that one.
pub async fn register(State(server): State<AuthorizationServer>, request: Request) -> Response {
    handle(&server, Endpoint::Registration, request).await
}

/// The client configuration endpoint, as a handler of one's own route: any method, at a path that ends in the client's id.
pub async fn client_configuration(State(server): State<AuthorizationServer>, request: Request) -> Response {
    handle(&server, Endpoint::ClientConfiguration, request).await
}

/// The published keys, as a handler of one's own route.
pub async fn jwks(State(server): State<AuthorizationServer>, request: Request) -> Response {
    handle(&server, Endpoint::Jwks, request).await
}

/// The metadata, as a handler of one's own route.
pub async fn metadata(State(server): State<AuthorizationServer>, request: Request) -> Response {
    handle(&server, Endpoint::Metadata, request).await
}

/// Any endpoint, within the server's deadline for a whole request, its body included.
pub async fn handle(server: &AuthorizationServer, endpoint: Endpoint, request: Request) -> Response {
    let limits = server.limits();
    // One deadline for both: a slow body is the client's doing and answered as one that broke off.
    let deadline = Deadline::after(limits.deadline());
    let request = read(request, limits.body(), &deadline).await;
    match deadline.hold(server.handle(endpoint, request)).await {
        Some(response) => answer(response),
        None => answer(server.deadline_exceeded()),
    }
}

async fn read(request: Request, most: usize, deadline: &Deadline) -> grantor::http::Request {
    let (mut parts, body) = request.into_parts();
    let connection = Connection::of(&mut parts.extensions);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut builder = grantor::http::Request::builder(parts.method.as_str(), path)
        .peer(connection.peer)
        .transport(connection.transport)
        .certificates(connection.certificates);
    for (name, value) in &parts.headers {
        builder = builder.header(name.as_str(), value.as_bytes());
    }
    match deadline.hold(read_body(body, most)).await {
        Some(Ok(body)) => builder.body(body).build(),
        Some(Err(_)) | None => builder.incomplete_body().build(),
    }
}

/// Up to one byte more than core takes, so that core sees that it was too much.
async fn read_body(mut body: Body, most: usize) -> Result<Vec<u8>, axum::Error> {
    let mut bytes = Vec::new();
    while bytes.len() <= most
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            let room = (most + 1).saturating_sub(bytes.len());
            bytes.extend_from_slice(data.get(..room).unwrap_or(&data));
        }
    }
    Ok(bytes)
}

pub(crate) fn answer(response: grantor::http::Response) -> Response {
    let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = Response::builder().status(status);
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    match answer.body(Body::from(response.into_body().into_owned())) {
        Ok(answer) => answer,
        // Core's headers are visible ASCII, so this is never taken; it says nothing rather than panic.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
