//! Checked tokens in an application's own routes (RFC 6750). What a token has to fulfil, and every answer to one that does
//! not, is core's: [`grantor::resource`].

mod extract;
mod metadata;
mod refused;
mod require_token;

pub use extract::{AccessToken, Claims, OptionalAccessToken, Scoped};
pub use metadata::protected_resource;
pub use refused::Refused;
pub use require_token::{Guarded, RequireToken};
