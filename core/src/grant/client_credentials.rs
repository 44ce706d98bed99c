//! The client credentials grant (RFC 6749 §4.4).

use super::Approved;
use crate::auth::Authenticated;
use crate::error::{ErrorCode, Reason, Step, reject};
use crate::store::GrantType;

/// Whether this client may use the grant. There is nothing else to approve: the client acts for itself.
pub(crate) fn approve(authenticated: Authenticated) -> Step<Approved> {
    if authenticated.client.may_use(&GrantType::CLIENT_CREDENTIALS) {
        Ok(Approved::of_client(authenticated))
    } else {
        reject(ErrorCode::UnauthorizedClient, Reason::GrantNotRegistered)
    }
}
