//! What an API answers to a request that it does not serve (RFC 6750 §3).

use std::sync::Arc;

use crate::error::{FaultKind, Reason, Refusal};
use crate::http::Response;
use crate::token::Inactive;
use crate::types::Scope;

/// Why a request to an API is refused. [`Refused::into_response`] is the answer.
#[derive(Clone, Debug)]
pub struct Refused {
    kind: Kind,
    reason: Option<Reason>,
    /// Where the metadata of the resource is (RFC 9728 §5.1), if it is published.
    metadata: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// No token came.
    TokenMissing,
    InvalidRequest,
    InvalidToken,
    /// The scope that the token needs here.
    InsufficientScope(Scope),
    Failed(FaultKind),
}

impl Refused {
    pub(super) const fn token_missing() -> Self {
        Self { kind: Kind::TokenMissing, reason: Some(Reason::TokenMissing), metadata: None }
    }

    pub(super) const fn invalid_request(reason: Reason) -> Self {
        Self { kind: Kind::InvalidRequest, reason: Some(reason), metadata: None }
    }

    pub(super) const fn invalid_token(reason: Reason) -> Self {
        Self { kind: Kind::InvalidToken, reason: Some(reason), metadata: None }
    }

    pub(super) const fn insufficient_scope(needed: Scope) -> Self {
        Self {
            kind: Kind::InsufficientScope(needed),
            reason: Some(Reason::ScopeInsufficient),
            metadata: None,
        }
    }

    pub(super) const fn failed(kind: FaultKind) -> Self {
        Self { kind: Kind::Failed(kind), reason: None, metadata: None }
    }

    pub(super) fn with_metadata(mut self, url: Option<Arc<str>>) -> Self {
        self.metadata = url;
        self
    }

    /// The true reason, for logs and metrics and never for the caller; `None` where checking failed by no fault of its own.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// The status code: 401, 403 or 400; 503 or 500 where the token could not be checked.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self.kind {
            Kind::TokenMissing | Kind::InvalidToken => 401,
            Kind::InvalidRequest => 400,
            Kind::InsufficientScope(_) => 403,
            Kind::Failed(FaultKind::Unavailable) => 503,
            Kind::Failed(FaultKind::Internal) => 500,
        }
    }

    /// The answer: status, `WWW-Authenticate` (RFC 6750 §3) and a body that says the same to people. Where no token came there
    /// is nothing but the scheme (§3.1), and where the metadata of the resource is published also where (RFC 9728 §5.1).
    #[must_use]
    pub fn into_response(self) -> Response {
        let status = self.status();
        let (error, description) = match &self.kind {
            Kind::TokenMissing => return self.challenged(Response::new(status, Vec::new()), Vec::new()),
            Kind::InvalidRequest => {
                ("invalid_request", "The request is malformed or sends more than one token.")
            }
            Kind::InvalidToken => ("invalid_token", "The access token is not valid here."),
            Kind::InsufficientScope(_) => ("insufficient_scope", "The access token lacks a scope."),
            Kind::Failed(kind) => return Refusal::from(*kind).into_response(),
        };
        let body = format!("{{\"error\":\"{error}\",\"error_description\":\"{description}\"}}");
        let mut parameters = vec![("error", error.to_owned()), ("error_description", description.to_owned())];
        if let Kind::InsufficientScope(needed) = &self.kind {
            parameters.push(("scope", needed.as_str().to_owned()));
        }
        let response = Response::new(status, body.into_bytes()).header("content-type", "application/json");
        self.challenged(response, parameters)
    }

    /// What anybody may read.
    const fn description(&self) -> &'static str {
        match self.kind {
            Kind::TokenMissing => "An access token is needed.",
            Kind::InvalidRequest => "The request is malformed or sends more than one token.",
            Kind::InvalidToken => "The access token is not valid here.",
            Kind::InsufficientScope(_) => "The access token lacks a scope.",
            Kind::Failed(_) => "The access token could not be checked.",
        }
    }

    fn challenged(self, response: Response, mut parameters: Vec<(&str, String)>) -> Response {
        parameters.extend(self.metadata.map(|url| ("resource_metadata", url.as_ref().to_owned())));
        let parameters: Vec<_> =
            parameters.into_iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let challenge = format!("Bearer {}", parameters.join(", "));
        response
            .header("www-authenticate", challenge.trim_end().to_owned())
            .header("cache-control", "no-store")
    }
}

impl From<Inactive> for Refused {
    fn from(inactive: Inactive) -> Self {
        match inactive {
            Inactive::Because(reason) => Self::invalid_token(reason),
            Inactive::Failed(fault) => Self::failed(fault.kind),
        }
    }
}

/// What the answer says too: the reason does not get out by way of an error's text.
impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.description())
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(refused: Refused) -> (u16, String, String) {
        let response = refused.into_response();
        let header = response
            .headers()
            .find(|(name, _)| *name == "www-authenticate")
            .map(|(_, value)| value.to_owned());
        let body = String::from_utf8(response.body().to_vec()).expect("text");
        (response.status(), header.unwrap_or_default(), body)
    }

    #[test]
    fn rfc6750_s3_1_nothing_but_the_scheme_where_no_token_came() {
        assert_eq!(challenge(Refused::token_missing()), (401, "Bearer".to_owned(), String::new()));
    }

    #[test]
    fn rfc6750_s3_1_each_error_has_its_status() {
        let (status, header, body) = challenge(Refused::invalid_token(Reason::TokenRevoked));
        assert_eq!(status, 401);
        assert!(header.starts_with("Bearer error=\"invalid_token\", error_description=\""), "{header}");
        assert!(body.starts_with("{\"error\":\"invalid_token\""), "{body}");
        assert!(
            !format!("{header}{body}{}", Refused::invalid_token(Reason::TokenRevoked)).contains("revoked")
        );
        assert_eq!(challenge(Refused::invalid_request(Reason::AuthorizationRepeated)).0, 400);
        let (status, header, _) = challenge(Refused::insufficient_scope(Scope::parse("a b").expect("scope")));
        assert_eq!(status, 403);
        assert!(header.ends_with("scope=\"a b\""), "{header}");
    }

    #[test]
    fn rfc9728_s5_1_the_challenge_names_the_metadata() {
        let url: Arc<str> = "https://api.example/.well-known/oauth-protected-resource".into();
        let (_, header, _) = challenge(Refused::token_missing().with_metadata(Some(Arc::clone(&url))));
        assert_eq!(header, format!("Bearer resource_metadata=\"{url}\""));
        let (_, header, _) = challenge(Refused::invalid_token(Reason::JwtExpired).with_metadata(Some(url)));
        assert!(header.contains(", resource_metadata=\"https://api.example/"), "{header}");
    }

    #[test]
    fn s5_an_outage_is_503_and_no_challenge() {
        let (status, header, _) = challenge(Refused::failed(FaultKind::Unavailable));
        assert_eq!((status, header.as_str()), (503, ""));
    }
}
