//! The grants (RFC 6749 §4): one file for each.

pub(crate) mod client_credentials;

use crate::error::{ErrorCode, Reason, Step, reject};
use crate::form::Form;

/// The grants that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    ClientCredentials,
}

impl Grant {
    /// The grant that a request asks for, by `grant_type` in exact case (RFC 6749 §4, §5.2).
    pub(crate) fn select(form: &Form<'_>) -> Step<Self> {
        match form.get("grant_type") {
            None => reject(ErrorCode::InvalidRequest, Reason::GrantTypeMissing),
            Some("client_credentials") => Ok(Self::ClientCredentials),
            Some(_) => reject(ErrorCode::UnsupportedGrantType, Reason::GrantTypeUnknown),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
        }
    }
}
