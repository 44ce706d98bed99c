//! The introspection endpoint (RFC 7662, RFC 9701).

use std::sync::Arc;

use super::Inner;
use crate::endpoint::{Introspection, read_form, read_token, wants_jwt};
use crate::error::{Fault, Reason, Step};
use crate::event::{Event, RequestTrail, TokenIntrospected};
use crate::http::{Request, Response};
use crate::jose::SigningAlgorithm;
use crate::keys::Snapshot;
use crate::store::Client;
use crate::token::{AccessToken, Inactive};
use crate::types::Timestamp;

impl Inner {
    pub(super) async fn introspect(
        self: &Arc<Self>,
        request: &Request,
        trail: &mut RequestTrail,
    ) -> Step<Response> {
        let now = self.clock.now();
        let form = read_form(request, &self.limits, &self.issuer)?;
        let authentication = self.client_authentication(now);
        let authenticated = authentication.authenticate(request, &form, trail).await?;
        let caller = &*authenticated.client;
        let text = read_token(&form)?;
        let known = known_to(caller, self.active_token(text, now).await)?;
        let keys = match wants_jwt(request) {
            true => Some(self.keys_at_hand(self.keys_held(now), now).await?),
            false => None,
        };
        let answer = known.as_ref().map_or(Introspection::INACTIVE, Introspection::active);
        let (to_spend, sender) = ((caller, &*authenticated.proofs), (request, trail.client_id.as_ref()));
        let claimed = authentication.claim(to_spend, &*self.stores.tokens, sender).await?;
        self.note_use(caller, trail, now);
        let response = match keys {
            Some(keys) => {
                let to = (&self.issuer, caller.id(), now);
                answer
                    .to_jwt(claimed, to, async |typ, payload| {
                        self.sign_for(caller, &keys, now, (typ, payload)).await
                    })
                    .await?
            }
            None => answer.to_json(claimed)?,
        };
        let token = known.as_ref().ok();
        let told = (token.map(AccessToken::client_id), token.and_then(AccessToken::jti));
        self.report(&Event::TokenIntrospected(TokenIntrospected::new(
            trail,
            known.as_ref().err().copied(),
            told,
        )));
        Ok(response)
    }

    /// With the algorithm that the caller registered, else RS256 where there is one, else our own (RFC 9701 §6).
    async fn sign_for(
        &self,
        caller: &Client,
        keys: &Snapshot,
        now: Timestamp,
        (typ, payload): (&str, &[u8]),
    ) -> Step<String> {
        let registered = caller.introspection_signed_response_alg();
        let algorithm = registered.map_or(Some(self.introspection_algorithm), SigningAlgorithm::from_name);
        let key = algorithm.and_then(|algorithm| keys.signing(algorithm, now));
        let wanted = registered.unwrap_or(self.introspection_algorithm.as_str());
        let missing =
            || format!("there is no key for the introspection answers of `{}`: {wanted}", caller.id());
        key.ok_or_else(|| Fault::internal(missing()))?.key.sign(typ, payload).await
    }
}

/// What the caller may know: a token that is not for it is as one that is not active (§2.2).
fn known_to(caller: &Client, judged: Result<AccessToken, Inactive>) -> Step<Result<AccessToken, Reason>> {
    match judged {
        Ok(token) if token.is_for(caller) => Ok(Ok(token)),
        Ok(_) => Ok(Err(Reason::TokenNotForCaller)),
        Err(Inactive::Because(reason)) => Ok(Err(reason)),
        Err(Inactive::Failed(fault)) => Err(fault.into()),
    }
}
