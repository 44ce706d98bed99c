//! The endpoints beside what the grants do: where they are, how a request comes in, what they publish.

mod intake;
mod metadata;
mod paths;

pub(crate) use intake::{read_document_request, read_form};
pub(crate) use metadata::metadata;
pub use paths::{Endpoint, Endpoints};
