//! From actix-web's request to core's, and back.

use std::future::poll_fn;
use std::pin::Pin;

use actix_web::error::PayloadError;
use actix_web::web::{Payload, ServiceConfig, ThinData, resource};
use actix_web::{HttpRequest, HttpResponse};
use futures_core::Stream;
use grantor::{AuthorizationServer, Endpoint};

use crate::Connection;
use crate::answer::answer;
use crate::deadline::Deadline;

/// Every endpoint of `server` at its path. Give it to [`App::configure`](actix_web::App::configure), never to a
/// scope's: the paths are whole, that of the issuer included. actix-web takes the first route that fits and says
/// nothing of a second one, so let it stand before routes of your own.
pub fn configure(server: AuthorizationServer) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        for (path, endpoint) in server.routes() {
            let server = server.clone();
            // Any method: core answers the wrong ones.
            app.service(resource(path).to(move |request: HttpRequest, body: Payload| {
                let server = server.clone();
                async move { handle(&server, endpoint, request, body).await }
            }));
        }
    }
}

/// The token endpoint, as a handler of one's own route.
pub async fn token(
    server: ThinData<AuthorizationServer>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    handle(&server, Endpoint::Token, request, body).await
}

/// The introspection endpoint, as a handler of one's own route.
pub async fn introspect(
    server: ThinData<AuthorizationServer>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    handle(&server, Endpoint::Introspection, request, body).await
}

/// The revocation endpoint, as a handler of one's own route.
pub async fn revoke(
    server: ThinData<AuthorizationServer>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    handle(&server, Endpoint::Revocation, request, body).await
}

/// The registration endpoint, as a handler of one's own route: where it is on, at the path that
/// [`AuthorizationServer::routes`] names, since clients are told that one.
pub async fn register(
    server: ThinData<AuthorizationServer>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    handle(&server, Endpoint::Registration, request, body).await
}

/// The client configuration endpoint, as a handler of one's own route: any method, at a path that ends in the client's id.
pub async fn client_configuration(
    server: ThinData<AuthorizationServer>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    handle(&server, Endpoint::ClientConfiguration, request, body).await
}

/// The published keys, as a handler of one's own route.
pub async fn jwks(
    server: ThinData<AuthorizationServer>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    handle(&server, Endpoint::Jwks, request, body).await
}

/// The metadata, as a handler of one's own route.
pub async fn metadata(
    server: ThinData<AuthorizationServer>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    handle(&server, Endpoint::Metadata, request, body).await
}

/// Any endpoint, within the server's deadline for a whole request, its body included.
pub async fn handle(
    server: &AuthorizationServer,
    endpoint: Endpoint,
    request: HttpRequest,
    mut body: Payload,
) -> HttpResponse {
    let limits = server.limits();
    // One deadline for both: a slow body is the client's doing and answered as one that broke off.
    let deadline = Deadline::after(limits.deadline());
    let request = read(&request, &mut body, limits.body(), &deadline).await;
    match deadline.hold(server.handle(endpoint, request)).await {
        Some(response) => answer(response, body),
        None => answer(server.deadline_exceeded(), body),
    }
}

async fn read(
    request: &HttpRequest,
    body: &mut Payload,
    most: usize,
    deadline: &Deadline,
) -> grantor::http::Request {
    let connection = Connection::of(request);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut builder = grantor::http::Request::builder(request.method().as_str(), path)
        .peer(connection.peer)
        .transport(connection.transport)
        .certificates(connection.certificates);
    for (name, value) in request.headers() {
        builder = builder.header(name.as_str(), value.as_bytes());
    }
    match deadline.hold(read_body(body, most)).await {
        Some(Ok(body)) => builder.body(body).build(),
        Some(Err(_)) | None => builder.incomplete_body().build(),
    }
}

/// Up to one byte more than core takes, so that core sees that it was too much.
async fn read_body(body: &mut Payload, most: usize) -> Result<Vec<u8>, PayloadError> {
    let mut bytes = Vec::new();
    while bytes.len() <= most
        && let Some(data) = poll_fn(|context| Pin::new(&mut *body).poll_next(context)).await
    {
        let data = data?;
        let room = (most + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(data.get(..room).unwrap_or(&data));
    }
    Ok(bytes)
}
