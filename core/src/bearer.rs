//! Bearer tokens (RFC 6750 §2.1).

use crate::error::Reason;

/// The one bearer token of a request, if one came. Other credentials are none here: as if nothing had come.
pub(crate) fn bearer<'a>(
    authorization: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Option<&'a str>, Reason> {
    let mut values = authorization.into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Reason::AuthorizationRepeated);
    }
    let mut parts = value.splitn(2, |byte| *byte == b' ');
    if !parts.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer")) {
        return Ok(None);
    }
    let token = parts.next().unwrap_or_default().trim_ascii();
    match std::str::from_utf8(token) {
        Ok(text) if is_b64token(text) => Ok(Some(text)),
        Ok(_) | Err(_) => Err(Reason::AuthorizationMalformed),
    }
}

/// Whether a text can be sent as a bearer token.
pub(crate) fn is_b64token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}
