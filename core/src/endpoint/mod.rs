//! The endpoints beside what the grants do: where they are, how a request comes in, what they publish.

mod conditional;
mod intake;
mod introspection;
mod metadata;
mod paths;
pub(crate) mod registration;
mod revocation;
mod token;

pub(crate) use conditional::unless_known;
pub(crate) use intake::{check_bounds, read_document_request, read_form, read_json, read_token};
pub(crate) use introspection::{Introspection, wants_jwt};
pub(crate) use metadata::metadata;
pub use paths::{Endpoint, Endpoints};
pub use registration::Registration;
pub(crate) use revocation::revoked;
pub(crate) use token::token_response;
