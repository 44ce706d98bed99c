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

mod connection;
mod deadline;
mod endpoint;
mod executor;
mod maintenance;

pub use connection::Connection;
pub use endpoint::{handle, jwks, metadata, router, token};
pub use executor::TokioExecutor;
pub use maintenance::spawn_maintenance;
