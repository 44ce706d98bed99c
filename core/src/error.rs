//! Three kinds of wrong that never mix: the client's fault, ours, and (in the builder) the embedder's.
//!
//! There is no conversion from a store's error to a [`Rejection`], so an outage can never become
//! `invalid_client`, and no text of a request reaches an answer: every body here is a constant.

use std::error::Error;
use std::time::Duration;

use crate::http::Response;
use crate::types::InvalidValue;

mod reason;

pub use reason::Reason;

/// What a step of a request gives.
pub(crate) type Step<T> = Result<T, Refusal>;

/// Why a request does not get what it asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    Rejected(Rejection),
    Failed(Fault),
}

/// The client's fault (RFC 6749 §5.2): a code for the wire, and a reason that only the operator sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) code: ErrorCode,
    pub(crate) reason: Reason,
}

/// The closed list of what a client can be told (RFC 6749 §5.2, RFC 8707 §2, RFC 9110 §15.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// 400 `invalid_request`.
    InvalidRequest,
    /// 405 `invalid_request`, with the methods to use.
    MethodNotAllowed(&'static str),
    /// 404 `invalid_request`: the endpoint is switched off.
    NotFound,
    /// 413 `invalid_request`.
    ContentTooLarge,
    /// 429 `temporarily_unavailable`, with the time to wait.
    TooManyRequests(Duration),
    /// 401 `invalid_client`.
    InvalidClient,
    /// 400 `invalid_grant`.
    InvalidGrant,
    /// 400 `unauthorized_client`.
    UnauthorizedClient,
    /// 400 `unsupported_grant_type`.
    UnsupportedGrantType,
    /// 400 `invalid_scope`.
    InvalidScope,
    /// 400 `invalid_target`.
    InvalidTarget,
    /// 400 `unsupported_response_type`.
    UnsupportedResponseType,
    /// 401 and nothing but the scheme: no bearer token came (RFC 6750 §3.1).
    TokenMissing,
    /// 401 `invalid_token` (RFC 6750 §3.1).
    InvalidToken,
    /// 403 `access_denied` (RFC 7592 §2).
    AccessDenied,
    /// 400 `invalid_client_metadata` (RFC 7591 §3.2.2), with the rule that is broken.
    InvalidClientMetadata(InvalidValue),
    /// 400 `invalid_software_statement` (RFC 7591 §3.2.2).
    InvalidSoftwareStatement,
    /// 400 `unapproved_software_statement` (RFC 7591 §3.2.2).
    UnapprovedSoftwareStatement,
}

/// Our own fault. The client learns that, and nothing more.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) source: Box<dyn Error + Send + Sync>,
}

/// How a fault is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// 503 with Retry-After: a store is away, or there is too much to do.
    Unavailable,
    /// 500: trying again will not help.
    Internal,
}

impl Fault {
    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: FaultKind::Unavailable, source: source.into() }
    }

    pub(crate) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: FaultKind::Internal, source: source.into() }
    }
}

impl Rejection {
    pub(crate) const fn new(code: ErrorCode, reason: Reason) -> Self {
        Self { code, reason }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// For an answer to a fault whose source has been told already.
impl From<FaultKind> for Refusal {
    fn from(kind: FaultKind) -> Self {
        Self::Failed(Fault { kind, source: "told before".into() })
    }
}

/// A step's `Err` for a client's mistake.
pub(crate) fn reject<T>(code: ErrorCode, reason: Reason) -> Step<T> {
    Err(Rejection::new(code, reason).into())
}

impl ErrorCode {
    /// The registered `error` value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::MethodNotAllowed(_) | Self::NotFound | Self::ContentTooLarge => {
                "invalid_request"
            }
            Self::TooManyRequests(_) => "temporarily_unavailable",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::TokenMissing | Self::InvalidToken => "invalid_token",
            Self::AccessDenied => "access_denied",
            Self::InvalidClientMetadata(_) => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
        }
    }
}

/// A constant JSON body of RFC 6749 §5.2.
macro_rules! body {
    ($error:literal, $description:literal) => {
        concat!("{\"error\":\"", $error, "\",\"error_description\":\"", $description, "\"}").as_bytes()
    };
}

/// How long a client should wait when a store is away. Short, since it usually is for seconds.
const RETRY_AFTER_SECONDS: &str = "2";

impl Refusal {
    /// The one place where a refusal becomes an answer.
    pub(crate) fn into_response(self) -> Response {
        match self {
            Self::Rejected(rejection) => match rejection.code {
                ErrorCode::InvalidRequest => answer(
                    400,
                    body!("invalid_request", "The request is malformed, repeats a parameter or lacks one."),
                ),
                ErrorCode::MethodNotAllowed(allow) => {
                    answer(405, body!("invalid_request", "This method is not allowed here."))
                        .header("allow", allow)
                }
                ErrorCode::NotFound => answer(404, body!("invalid_request", "There is nothing here.")),
                ErrorCode::ContentTooLarge => {
                    answer(413, body!("invalid_request", "The request is larger than this server takes."))
                        .header("connection", "close")
                }
                ErrorCode::TooManyRequests(wait) => {
                    // Rounded up: who comes back when it says must not be too early.
                    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
                    answer(429, body!("temporarily_unavailable", "Too many attempts. Try again later."))
                        .header("retry-after", seconds.to_string())
                }
                ErrorCode::InvalidClient => {
                    answer(401, body!("invalid_client", "Client authentication failed."))
                        .header("www-authenticate", "Basic realm=\"oauth2\", charset=\"UTF-8\"")
                }
                ErrorCode::InvalidGrant => answer(400, body!("invalid_grant", "The grant is not valid.")),
                ErrorCode::UnauthorizedClient => {
                    answer(400, body!("unauthorized_client", "The client is not authorized for this."))
                }
                ErrorCode::UnsupportedGrantType => answer(
                    400,
                    body!("unsupported_grant_type", "This server does not support the grant_type."),
                ),
                ErrorCode::InvalidScope => answer(
                    400,
                    body!(
                        "invalid_scope",
                        "The scope is malformed, unknown, or more than the client may have."
                    ),
                ),
                ErrorCode::InvalidTarget => answer(
                    400,
                    body!(
                        "invalid_target",
                        "The resource is malformed, unknown, missing or not for this client."
                    ),
                ),
                ErrorCode::UnsupportedResponseType => answer(
                    400,
                    body!(
                        "unsupported_response_type",
                        "This server is for machines: there is nothing to authorize here."
                    ),
                ),
                ErrorCode::TokenMissing => {
                    unkept(Response::new(401, Vec::new())).header("www-authenticate", "Bearer")
                }
                ErrorCode::InvalidToken => {
                    answer(401, body!("invalid_token", "The access token is not valid here."))
                        .header("www-authenticate", "Bearer error=\"invalid_token\"")
                }
                ErrorCode::AccessDenied => {
                    answer(403, body!("access_denied", "The client may not do this to its registration."))
                }
                ErrorCode::InvalidClientMetadata(rule) => invalid_client_metadata(rule),
                ErrorCode::InvalidSoftwareStatement => {
                    answer(400, body!("invalid_software_statement", "The software_statement is not valid."))
                }
                ErrorCode::UnapprovedSoftwareStatement => answer(
                    400,
                    body!(
                        "unapproved_software_statement",
                        "The software_statement is not of an issuer that this server trusts."
                    ),
                ),
            },
            Self::Failed(fault) => match fault.kind {
                FaultKind::Unavailable => answer(
                    503,
                    body!("temporarily_unavailable", "The server cannot answer now. Try again later."),
                )
                .header("retry-after", RETRY_AFTER_SECONDS),
                FaultKind::Internal => answer(500, body!("server_error", "The server failed.")),
            },
        }
    }
}

/// A constant for each rule, which names a member and never its value (RFC 7591 §3.2.2).
fn invalid_client_metadata(rule: InvalidValue) -> Response {
    // RFC 6749 §5.2 has neither of these in a description.
    let description = rule.to_string().replace(['"', '\\'], "'");
    let body = format!("{{\"error\":\"invalid_client_metadata\",\"error_description\":\"{description}.\"}}");
    uncached(Response::new(400, body.into_bytes()))
}

fn answer(status: u16, body: &'static [u8]) -> Response {
    uncached(Response::new(status, body))
}

/// The headers of everything that carries or refuses a token (RFC 6749 §5.1, §5.2).
pub(crate) fn uncached(response: Response) -> Response {
    unkept(response.header("content-type", "application/json"))
}

/// The same for an answer that is no JSON.
pub(crate) fn unkept(response: Response) -> Response {
    response.header("cache-control", "no-store").header("pragma", "no-cache")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<(ErrorCode, u16)> {
        vec![
            (ErrorCode::InvalidRequest, 400),
            (ErrorCode::MethodNotAllowed("POST"), 405),
            (ErrorCode::ContentTooLarge, 413),
            (ErrorCode::TooManyRequests(Duration::ZERO), 429),
            (ErrorCode::InvalidClient, 401),
            (ErrorCode::InvalidGrant, 400),
            (ErrorCode::UnauthorizedClient, 400),
            (ErrorCode::UnsupportedGrantType, 400),
            (ErrorCode::InvalidScope, 400),
            (ErrorCode::InvalidTarget, 400),
            (ErrorCode::UnsupportedResponseType, 400),
            (ErrorCode::NotFound, 404),
            (ErrorCode::InvalidToken, 401),
            (ErrorCode::AccessDenied, 403),
            (ErrorCode::InvalidClientMetadata(InvalidValue::new("a \"b\\", "a rule")), 400),
            (ErrorCode::InvalidSoftwareStatement, 400),
            (ErrorCode::UnapprovedSoftwareStatement, 400),
        ]
    }

    #[test]
    fn rfc6749_s5_2_status_and_code_pairs() {
        for (code, status) in all() {
            let response = Refusal::from(Rejection::new(code, Reason::FormBadEscape)).into_response();
            assert_eq!(response.status(), status);
            let body: serde_json::Value = serde_json::from_slice(response.body()).expect("json");
            assert_eq!(body["error"], code.as_str());
            assert!(response.headers().any(|header| header == ("cache-control", "no-store")));
            assert!(response.headers().any(|header| header == ("pragma", "no-cache")));
        }
    }

    #[test]
    fn rfc6749_s5_2_texts_stay_inside_their_characters() {
        for (code, _) in all() {
            let response = Refusal::from(Rejection::new(code, Reason::FormBadEscape)).into_response();
            let body: serde_json::Value = serde_json::from_slice(response.body()).expect("json");
            let text = body["error_description"].as_str().expect("text");
            assert!(text.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{text}");
        }
    }

    #[test]
    fn s5_an_outage_is_503_with_retry_after_and_says_nothing() {
        let response = Refusal::from(Fault::unavailable("secret of the store")).into_response();
        assert_eq!(response.status(), 503);
        assert!(response.headers().any(|(name, _)| name == "retry-after"));
        assert!(!String::from_utf8_lossy(response.body()).contains("secret"));
        assert_eq!(Refusal::from(Fault::internal("x")).into_response().status(), 500);
    }
}
