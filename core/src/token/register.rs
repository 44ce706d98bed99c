//! Tokens of this server that come back: whether they are ours, and whether they still live.

use std::sync::Arc;

use super::access_token::{AccessToken, Claims, Contents};
use super::both::both;
use crate::error::{Fault, Reason, Refusal};
use crate::jose::{AccessTokenClaims, CompactJws};
use crate::keys::Snapshot;
use crate::store::{self, Client, ClientStore, StoreError, TokenRecord, TokenState, TokenStore};
use crate::types::{Issuer, ResourceUri, Scope, Timestamp, TokenId};

/// What reading takes.
pub(crate) struct TokenRegister<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) clients: &'a dyn ClientStore,
    pub(crate) tokens: &'a dyn TokenStore,
    pub(crate) now: Timestamp,
}

/// Why a token means nothing, or cannot be judged.
#[derive(Debug)]
pub(crate) enum Inactive {
    Because(Reason),
    Failed(Fault),
}

impl From<Reason> for Inactive {
    fn from(reason: Reason) -> Self {
        Self::Because(reason)
    }
}

impl From<Fault> for Inactive {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<Refusal> for Inactive {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => Self::Because(rejection.reason),
            Refusal::Failed(fault) => Self::Failed(fault),
        }
    }
}

impl From<StoreError> for Inactive {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl TokenRegister<'_> {
    /// A JWT whose signature is that of one of our keys. Its header is compared with the one that this server writes for
    /// that key, byte for byte: no other kind of JWT, algorithm or extension can pass for one (T12 to T17, T22, T29).
    ///
    /// [`Reason::TokenUnknown`] where none of `keys` writes such a header. What we have signed and cannot read is our fault:
    /// it must not pass for a token that is not there.
    pub(crate) fn signed(&self, text: &str, keys: &Snapshot) -> Result<AccessToken, Inactive> {
        let jws = CompactJws::split(text)?;
        let key = keys.verifying(jws.header, self.now)?;
        if !key.verifies(jws.signing_input, &jws.signature()?) {
            return Err(Reason::JwtSignature.into());
        }
        let unreadable =
            |reason: Reason| Fault::internal(format!("a token of ours cannot be read: {}", reason.as_str()));
        let payload = jws.payload()?;
        let claims = AccessTokenClaims::parse(&payload).map_err(unreadable)?;
        // T67: a key is bound to its issuer, and so is what it signed.
        if claims.iss.as_deref() != Some(self.issuer.as_str()) {
            return Err(Reason::JwtIssuer.into());
        }
        let missing = || unreadable(Reason::TokenIncomplete);
        let jti = claims.jti.ok_or_else(missing)?;
        Ok(AccessToken(Contents {
            id: TokenId::of_jwt(self.issuer.as_str(), &jti),
            issuer: self.issuer.clone(),
            client_id: claims.client_id.ok_or_else(missing)?,
            subject: claims.sub.ok_or_else(missing)?,
            audience: claims.aud,
            scope: claims.scope.unwrap_or_else(Scope::empty),
            issued_at: claims.iat,
            expires_at: claims.exp.ok_or_else(missing)?,
            jti: Some(jti),
            epoch: claims.epoch,
            is_bound: claims.is_bound,
            claims: Claims::Payload { has_further: claims.has_further, json: payload },
            checked_for: None,
        }))
    }

    /// An opaque token, out of its record.
    pub(crate) async fn stored(&self, id: TokenId) -> Result<AccessToken, Inactive> {
        match self.tokens.find(&id).await? {
            TokenState::Live(record) => Ok(self.recorded(id, record)?),
            TokenState::Absent => Err(Reason::TokenUnknown.into()),
            TokenState::Revoked => Err(Reason::TokenRevoked.into()),
        }
    }

    fn recorded(&self, id: TokenId, record: Arc<TokenRecord>) -> Result<AccessToken, Reason> {
        // T67, where two issuers were put on one store.
        if record.issuer().is_some_and(|issuer| issuer != self.issuer.as_str()) {
            return Err(Reason::JwtIssuer);
        }
        Ok(AccessToken(Contents {
            id,
            issuer: self.issuer.clone(),
            client_id: record.client_id().clone(),
            subject: record.subject().to_owned(),
            audience: vec![record.audience().as_str().to_owned()],
            scope: record.scope().clone(),
            issued_at: Some(record.issued_at()),
            expires_at: record.expires_at(),
            jti: Some(record.jti().clone()),
            epoch: record.epoch(),
            is_bound: record.confirmation().is_some(),
            claims: Claims::Record(record),
            checked_for: None,
        }))
    }

    /// Whether it has ended by itself.
    pub(crate) fn check_expiry(&self, token: &AccessToken) -> Result<(), Reason> {
        if self.now < token.expires_at() { Ok(()) } else { Err(Reason::JwtExpired) }
    }

    /// Whether it was revoked or ended with its client. For a signed token both stores are asked at the same time; of a stored
    /// one it is known that it was not revoked.
    pub(crate) async fn check_lives(&self, token: &AccessToken) -> Result<(), Inactive> {
        let client = store::find_client(self.clients, token.client_id());
        let client = match &token.0.claims {
            Claims::Record(_) => client.await?,
            Claims::Payload { .. } | Claims::Members(_) => {
                let (state, client) = both(self.tokens.find(&token.0.id), client).await;
                if matches!(state?, TokenState::Revoked) {
                    return Err(Reason::TokenRevoked.into());
                }
                client?
            }
        };
        // A token lives no longer than its client, and ends when the operator disables that or ends all that it holds.
        let client = client.ok_or(Reason::ClientUnknown)?;
        if !client.is_enabled() {
            return Err(Reason::ClientDisabled.into());
        }
        if token.0.epoch != client.token_epoch() {
            return Err(Reason::TokensEnded.into());
        }
        Ok(())
    }
}

impl AccessToken {
    /// Until when a revocation of it is remembered.
    pub(crate) fn until(&self) -> Timestamp {
        self.expires_at().plus(store::REMEMBERED_PAST_EXPIRY)
    }

    /// Whether `caller` may know about this token (RFC 7662 §4, T71): its owner, who serves its resource, or who was
    /// named an introspector.
    pub(crate) fn is_for(&self, caller: &Client) -> bool {
        let serves = |uri: &ResourceUri| self.0.audience.iter().any(|audience| audience == uri.as_str());
        caller.id() == self.client_id() || caller.is_introspector() || caller.serves().iter().any(serves)
    }
}
