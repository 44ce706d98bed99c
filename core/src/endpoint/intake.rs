//! How a request comes in: everything that is wrong with it before it is understood.

use crate::config::Limits;
use crate::error::{ErrorCode, Reason, Rejection, Step, reject};
use crate::form::Form;
use crate::http::{Request, Transport};
use crate::jose::Members;
use crate::types::{InvalidValue, Issuer};

/// The parameters of a POST of `application/x-www-form-urlencoded` (RFC 6749 §3.2, appendix B).
pub(crate) fn read_form<'a>(request: &'a Request, limits: &Limits, issuer: &Issuer) -> Step<Form<'a>> {
    if request.method() != "POST" {
        return reject(ErrorCode::MethodNotAllowed("POST"), Reason::MethodNotAllowed);
    }
    check_bounds(request, limits, issuer)?;
    content_type_is(request, b"application/x-www-form-urlencoded", Reason::ContentTypeNotForm)?;
    let form = Form::parse(request.body(), limits.parameters());
    form.map_err(|reason| Rejection::new(ErrorCode::InvalidRequest, reason).into())
}

/// What holds for every request with something in it.
pub(crate) fn check_bounds(request: &Request, limits: &Limits, issuer: &Issuer) -> Step<()> {
    if request.transport() == Transport::Plain && !issuer.is_plain_http() {
        return reject(ErrorCode::InvalidRequest, Reason::PlainHttp);
    }
    if request.body().len() > limits.body() {
        return reject(ErrorCode::ContentTooLarge, Reason::BodyTooLarge);
    }
    if request.header_bytes() > limits.headers() {
        return reject(ErrorCode::InvalidRequest, Reason::HeadersTooLarge);
    }
    if request.is_body_incomplete() {
        return reject(ErrorCode::InvalidRequest, Reason::BodyIncomplete);
    }
    if request.header("content-encoding").any(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
        return reject(ErrorCode::InvalidRequest, Reason::ContentEncoded);
    }
    Ok(())
}

/// The members of a body of `application/json` (RFC 7591 §3.1): one object, no member twice, not deep.
pub(crate) fn read_json(request: &Request) -> Step<Members<'_>> {
    content_type_is(request, b"application/json", Reason::ContentTypeNotJson)?;
    let rule = InvalidValue::new("the body", "one JSON object of at most 100 members, none of them twice");
    let malformed = Rejection::new(ErrorCode::InvalidClientMetadata(rule), Reason::ClientMetadata);
    Members::parse(request.body()).ok_or_else(|| malformed.into())
}

/// The token that a request is about (RFC 7662 §2.1, RFC 7009 §2.1). A `token_type_hint` is not needed to find one, so that
/// none can hide it.
pub(crate) fn read_token<'a>(form: &'a Form<'_>) -> Step<&'a str> {
    form.get("token").ok_or_else(|| Rejection::new(ErrorCode::InvalidRequest, Reason::TokenMissing).into())
}

/// A charset or another parameter is fine; the body is read as UTF-8 whatever it says.
fn content_type_is(request: &Request, wanted: &[u8], reason: Reason) -> Step<()> {
    let mut types = request.header("content-type");
    let Some(content_type) = types.next() else {
        return reject(ErrorCode::InvalidRequest, Reason::ContentTypeMissing);
    };
    if types.next().is_some() {
        return reject(ErrorCode::InvalidRequest, Reason::ContentTypeRepeated);
    }
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(wanted) { Ok(()) } else { reject(ErrorCode::InvalidRequest, reason) }
}

/// A GET (or HEAD) of a public document.
pub(crate) fn read_document_request(request: &Request) -> Step<()> {
    match request.method() {
        "GET" | "HEAD" => Ok(()),
        _ => reject(ErrorCode::MethodNotAllowed("GET, HEAD"), Reason::MethodNotAllowed),
    }
}
