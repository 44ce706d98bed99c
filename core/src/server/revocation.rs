//! The revocation endpoint (RFC 7009).

use std::sync::Arc;

use super::Inner;
use crate::endpoint::{read_form, read_token, revoked};
use crate::error::{ErrorCode, Reason, Step, reject};
use crate::event::{Event, RequestTrail, TokenRevoked};
use crate::http::{Request, Response};
use crate::token::Inactive;

impl Inner {
    pub(super) async fn revoke(
        self: &Arc<Self>,
        request: &Request,
        trail: &mut RequestTrail,
    ) -> Step<Response> {
        let now = self.clock.now();
        let form = read_form(request, &self.limits, &self.issuer)?;
        let authentication = self.client_authentication(now);
        let authenticated = authentication.authenticate(request, &form, trail).await?;
        let judged = self.issued_token(read_token(&form)?, now).await;
        // Before anything is said of the token, the refusal included: an assertion that was spent asks nothing (T04).
        let to_spend = (&*authenticated.client, &*authenticated.proofs);
        let sender = (request, trail.client_id.as_ref());
        let _claimed = authentication.claim(to_spend, &*self.stores.tokens, sender).await?;
        self.note_use(&authenticated.client, trail, now);
        let token = match judged {
            Ok(token) => token,
            // RFC 7009 §2.2: what is no token of ours, or was revoked, needs no revocation, and that is what was wanted.
            Err(Inactive::Because(reason)) => {
                self.report(&Event::TokenRevoked(TokenRevoked::nothing(trail, reason)));
                return Ok(revoked());
            }
            Err(Inactive::Failed(fault)) => return Err(fault.into()),
        };
        if token.client_id() != authenticated.client.id() {
            return reject(ErrorCode::UnauthorizedClient, Reason::TokenNotForCaller);
        }
        self.stores.tokens.revoke(&token.0.id, token.until()).await?;
        self.report(&Event::TokenRevoked(TokenRevoked::new(trail, token.jti(), token.expires_at())));
        Ok(revoked())
    }
}
