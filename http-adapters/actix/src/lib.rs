//! Grantor on actix-web: [`configure`] for every endpoint, or one function for each.
//!
//! The adapter is thin. It hands over everything that arrived (method, path, headers, body, peer, TLS state,
//! certificates), reads no further than core's limit, holds the deadline for the whole request, and sends back what
//! core says. It knows no word of the protocol.
//!
//! ```
//! use grantor::{AuthorizationServer, HostKeys, Resource};
//! use grantor_storage_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = AuthorizationServer::builder("https://auth.example.com", MemoryStore::new(), HostKeys::ephemeral())
//!     .resource(Resource::new("https://api.example.com").scopes(["read", "write"]))
//!     .executor(grantor_actix::TokioExecutor::current())
//!     .build()
//!     .await?;
//! let app = move || actix_web::App::new().configure(grantor_actix::configure(server.clone()));
//! let server = actix_web::HttpServer::new(app);
//! # drop(server); Ok(()) }
//! ```
//!
//! Build the server before [`HttpServer::new`](actix_web::HttpServer::new), whose closure runs once for each worker:
//! all workers share one.
//!
//! The peer's address is that of the connection. TLS state and certificates are known where
//! [`HttpServer::on_connect`](actix_web::HttpServer::on_connect) puts a [`Connection`] into the connection's
//! extensions, or a middleware into those of the request, which win. No header is ever taken for either.
//!
//! # An API that takes tokens
//!
//! Its handlers take a checked token as an argument: [`AccessToken`], [`Scoped`] with a scope, or [`Claims`]; a
//! [`RequireToken`] guards a whole scope. The check is a part of the handler's request: whatever bounds the time of that
//! bounds it too.
//!
//! ```
//! use actix_web::web::{Data, ServiceConfig, get};
//! use grantor::AuthorizationServer;
//! use grantor_actix::{AccessToken, Refused};
//!
//! async fn invoices(AccessToken(token): AccessToken) -> Result<String, Refused> {
//!     token.require("read")?;
//!     Ok(format!("invoices of {}", token.client_id()))
//! }
//!
//! fn app(server: &AuthorizationServer) -> Result<impl FnOnce(&mut ServiceConfig), grantor::ConfigError> {
//!     let verifier = server.access_token_verifier("https://api.example.com").build()?;
//!     Ok(|app: &mut ServiceConfig| {
//!         app.app_data(Data::new(verifier)).route("/invoices", get().to(invoices));
//!     })
//! }
//! ```

mod answer;
mod connection;
mod deadline;
mod endpoint;
mod executor;
mod maintenance;
mod resource;

pub use connection::Connection;
pub use endpoint::{
    client_configuration, configure, handle, introspect, jwks, metadata, register, revoke, token,
};
pub use executor::TokioExecutor;
pub use maintenance::spawn_maintenance;
pub use resource::{
    AccessToken, Claims, Guarded, OptionalAccessToken, Refused, RequireToken, Scoped, protected_resource,
};
