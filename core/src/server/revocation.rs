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
        let held = self.keys_held(now);
        let form = read_form(request, &self.limits, &self.issuer)?;
        let authentication = self.client_authentication(now);
        let authenticated = authentication.authenticate(request, &form, trail).await?;
        let text = read_token(&form)?;
        let keys = self.keys_at_hand(held, now).await?;
        let token = match self.token_register(&keys, now).issued(text).await {
            Ok(token) => Some(token),
            // RFC 7009 §2.2: what is no token, or no longer one, is not there to be revoked, and that is what was wanted.
            Err(Inactive::Because(_)) => None,
            Err(Inactive::Failed(fault)) => return Err(fault.into()),
        };
        if token.as_ref().is_some_and(|token| token.client_id() != authenticated.client.id()) {
            return reject(ErrorCode::UnauthorizedClient, Reason::TokenNotForCaller);
        }
        let _claimed = authentication.claim(&authenticated, &*self.stores.tokens, request).await?;
        if let Some(token) = token {
            self.stores.tokens.revoke(&token.0.id, token.until()).await?;
            self.report(&Event::TokenRevoked(TokenRevoked::new(trail, token.jti(), token.expires_at())));
        }
        Ok(revoked())
    }
}
