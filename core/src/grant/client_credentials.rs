//! The client credentials grant (RFC 6749 §4.4).

use crate::error::{ErrorCode, Reason, Step, reject};
use crate::store::{Client, GrantType};

/// Whether this client may use the grant. There is nothing else to approve: the client acts for itself.
pub(crate) fn approve(client: &Client) -> Step<()> {
    if client.may_use(&GrantType::CLIENT_CREDENTIALS) {
        Ok(())
    } else {
        reject(ErrorCode::UnauthorizedClient, Reason::GrantNotRegistered)
    }
}
