//! Grantor on axum: a [`router`] with every endpoint, or one function for each.
//!
//! The adapter is thin. It hands over everything that arrived (method, path, headers in order, body, peer, TLS
//! state, certificates), reads no further than core's limit, holds the deadline for the whole request, and sends
//! back what core says. It knows no word of the protocol.
//!
//! ```
//! use grantor::{AuthorizationServer, HostKeys, Resource};
//! use grantor_storage_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = AuthorizationServer::builder("https://auth.example.com", MemoryStore::new(), HostKeys::ephemeral())
//!     .resource(Resource::new("https://api.example.com").scopes(["read", "write"]))
//!     .executor(grantor_axum::TokioExecutor::current())
//!     .build()
//!     .await?;
//! let app: axum::Router = axum::Router::new().merge(grantor_axum::router(server));
//! # drop(app); Ok(()) }
//! ```
//!
//! The peer's address is known where the application is served with
//! [`into_make_service_with_connect_info::<SocketAddr>()`](axum::Router::into_make_service_with_connect_info), TLS
//! state and certificates where the TLS acceptor puts a [`Connection`] into the request's extensions. No header is
//! ever taken for either.
//!
//! # An API that takes tokens
//!
//! Its handlers take a checked token as an argument: [`AccessToken`], [`Scoped`] with a scope, or [`Claims`]; a
//! [`RequireToken`] guards a whole router. The check is a part of the handler's request: whatever bounds the time of that
//! bounds it too.
//!
//! ```
//! use axum::{Router, routing::get};
//! use grantor::AuthorizationServer;
//! use grantor_axum::{AccessToken, Refused};
//!
//! async fn invoices(AccessToken(token): AccessToken) -> Result<String, Refused> {
//!     token.require("read")?;
//!     Ok(format!("invoices of {}", token.client_id()))
//! }
//!
//! fn app(server: &AuthorizationServer) -> Result<Router, grantor::ConfigError> {
//!     let verifier = server.access_token_verifier("https://api.example.com").build()?;
//!     Ok(Router::new().route("/invoices", get(invoices)).with_state(verifier))
//! }
//! ```

mod connection;
mod deadline;
mod endpoint;
mod executor;
mod maintenance;
mod resource;

pub use connection::Connection;
pub use endpoint::{
    client_configuration, handle, introspect, jwks, metadata, register, revoke, router, token,
};
pub use executor::TokioExecutor;
pub use maintenance::spawn_maintenance;
pub use resource::{AccessToken, Claims, Guarded, Refused, RequireToken, Scoped, protected_resource};
