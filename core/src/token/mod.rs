//! The tokens that this server makes: one file for each format.

mod jwt;

pub(crate) use jwt::{AccessToken, mint};
