//! Grantor over a table of clients that an application already has.
//!
//! - `schema.sql` is the application's table, which Grantor only reads.
//! - `customers.rs` is the store: one statement, and a row that becomes a client. This is what one writes.
//! - `passwords.rs` checks the application's password hashes.
//! - `server.rs` puts them into a server, `main.rs` runs it.
//! - `tests/kit.rs` proves the store, with the tests that each backend of Grantor has to pass.

mod customers;
mod passwords;
mod server;

pub use customers::Customers;
pub use passwords::Bcrypt;
pub use server::server;
