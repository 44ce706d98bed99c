//! What the revocation endpoint says (RFC 7009 §2.2).

use crate::error::unkept;
use crate::http::Response;

/// The token is revoked, or there was nothing to revoke: the same to the client (§2.2).
pub(crate) fn revoked() -> Response {
    unkept(Response::new(200, Vec::new()))
}
