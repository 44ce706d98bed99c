//! Protocol vectors: requests to a server and the answers that it must give, byte for byte, as data.
//!
//! They stand in the folder `vectors/` of this crate, and are answered by core itself, by `grantor-axum` and by
//! `grantor-actix`. An adapter of your own passes them too:
//!
//! ```
//! use grantor_conformance::vectors;
//! use grantor_storage_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! vectors::check(MemoryStore::new, async |server, request| {
//!     # async fn serve(server: grantor::AuthorizationServer) -> std::net::SocketAddr {
//!     #     // No adapter's crate is in reach here, so this one stands in for it.
//!     #     use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!     #     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//!     #     let address = listener.local_addr().unwrap();
//!     #     tokio::spawn(async move {
//!     #         let (mut stream, _) = listener.accept().await.unwrap();
//!     #         let _ = stream.write_all(b"HTTP/1.1 500 x\r\n\r\n").await;
//!     #         drop((server, stream.shutdown().await));
//!     #     });
//!     #     address
//!     # }
//!     let address = serve(server.clone()).await; // your adapter, on a free port of loopback
//!     request.send(address).await
//! })
//! .await
//! # .unwrap_err();
//! # }
//! ```
//!
//! [`check_named`] asks for those of one name alone: attacks have the number of the project's threat record (`T13`), and the
//! client assertions that were made for this project their own (`S051`).
//!
//! # The format
//!
//! A file is a world and its vectors. Each vector has the world to itself, fresh, with a clock that stands still.
//!
//! ```toml
//! [world]
//! issuer = "https://auth.example.com"
//! now = 1800000000
//!
//! [[world.resources]]
//! uri = "https://api.example.com"
//! scopes = ["read", "write"]
//!
//! [[world.clients]]
//! id = "poster"
//! method = "client_secret_post"
//! secret = "grantor_…"
//! scope = "read write"
//!
//! [[vectors]]
//! name = "rfc6749 s2.3.1: a secret in the body"
//!
//! [[vectors.steps]]
//! request = "POST /oauth2/token"
//! form = "grant_type=client_credentials&client_id=poster&client_secret=grantor_…"
//! answer = "issued"
//! shows = { scope = "read write" }
//! ```
//!
//! - **A step** is a request and its answer. `form` is a body and its content type; `body` is one without; `headers` are
//!   lines as they go over the wire, repeats included. `after` lets so many seconds pass before.
//! - **An answer** is `{ status = 200, headers = ["name: value"], body = "…" }`, or the name of one that is used often
//!   and stands in `answers.toml`. It is the whole answer: every header but those of the connection and `date`, in any
//!   order, and the body. That of HEAD is empty.
//! - **Names**: `{{token}}` in an answer stands for what differs from run to run: visible ASCII without `"` and `\`. It
//!   is kept: where the name comes again, in an answer or a request of a later step, it is the same text. `shows` says
//!   beforehand what a name is. `{{assertion_algorithms}}` is known: the algorithms for client assertions, as JSON strings with commas.
//! - **A client** has a `secret` that Grantor could have made; for `client_secret_jwt` any secret and its `alg`; for
//!   `private_key_jwt` a `jwk`. `scope`, `default_scope`, `resources`, `grant_types`, `enabled`, `serves` and `introspector` are
//!   those of [`Client`](grantor::store::Client).
//! - **An issuer** that is trusted has `iss`, `jwks`, `subject` as a pattern, `scope`, and the `client` that its tokens are issued to where
//!   no client authentication is demanded.
//! - **A resource** has `uri`, `scopes` and a `format`, `jwt` by default or `opaque`. **A world** may also have `default_resource`, `limits` (`body`, `headers`, `parameters`), and `compatibility`, switches that are on
//!   for every client. A vector may have `away`, a store that is out of reach (`clients`, `keys` or `tokens`), and
//!   `limited`, the seconds that a rate limiter makes everybody wait.

mod document;
mod exchange;
mod faults;
mod names;
mod own;
mod run;
mod world;

pub use exchange::{Answer, Request};
pub use run::{check, check_named};
