//! Redis storage for [Grantor](grantor).

mod address;
mod builder;
mod check;
mod clients;
mod cluster;
mod key_set;
mod layout;
mod link;
mod loss;
mod node;
mod problem;
mod scripts;
mod sentinel;
mod servers;
mod store;
mod stored;
mod tls;
mod tokens;

pub use builder::{ConfigError, RedisStoreBuilder};
pub use loss::Loss;
pub use store::RedisStore;
