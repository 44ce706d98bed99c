//! The grants (RFC 6749 §4): one file for each.

pub(crate) mod client_credentials;
pub(crate) mod jwt_bearer;

use std::sync::Arc;

use crate::auth::Authenticated;
use crate::claim::Proof;
use crate::error::{ErrorCode, Reason, Step, reject};
use crate::form::Form;
use crate::policy::GrantAssertion;
use crate::store::Client;
use crate::types::Timestamp;

/// The grants that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    ClientCredentials,
    JwtBearer,
}

/// A grant that was approved: to whom a token may be issued, and what has to be spent before.
#[derive(Debug)]
pub(crate) struct Approved {
    pub(crate) client: Arc<Client>,
    /// In the order in which they are spent: client assertion, grant assertion.
    pub(crate) proofs: Vec<Proof>,
    pub(crate) assertion: Option<GrantAssertion>,
    /// No token lives longer than that.
    pub(crate) not_after: Option<Timestamp>,
}

impl Grant {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::ClientCredentials, Self::JwtBearer];

    /// The grant that a request asks for, by `grant_type` in exact case (RFC 6749 §4, §5.2).
    pub(crate) fn select(form: &Form<'_>) -> Step<Self> {
        let Some(named) = form.get("grant_type") else {
            return reject(ErrorCode::InvalidRequest, Reason::GrantTypeMissing);
        };
        match Self::ALL.into_iter().find(|grant| grant.as_str() == named) {
            Some(grant) => Ok(grant),
            None => reject(ErrorCode::UnsupportedGrantType, Reason::GrantTypeUnknown),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }
}

impl Approved {
    /// For a client that acts for itself.
    fn of_client(authenticated: Authenticated) -> Self {
        let Authenticated { client, proofs } = authenticated;
        Self { client, proofs, assertion: None, not_after: None }
    }

    /// `sub`: the client's own id unless an assertion names another.
    pub(crate) fn subject(&self) -> &str {
        self.assertion.as_ref().map_or(self.client.id().as_str(), GrantAssertion::subject)
    }
}
