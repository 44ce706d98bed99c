//! Tokens of this server that come back: whether they are ours, and whether they still live.

use std::sync::Arc;
use std::time::Duration;

use super::access_token::{AccessToken, Claims, Contents};
use super::both::both;
use crate::error::{Fault, Reason, Refusal};
use crate::jose::{AccessTokenClaims, CompactJws};
use crate::keys::Snapshot;
use crate::store::{self, Client, ClientStore, StoreError, TokenRecord, TokenState, TokenStore};
use crate::types::{Issuer, OpaqueToken, ResourceUri, Scope, Timestamp, TokenId};

/// What reading takes.
pub(crate) struct TokenRegister<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) keys: &'a Snapshot,
    pub(crate) clients: &'a dyn ClientStore,
    pub(crate) tokens: &'a dyn TokenStore,
    pub(crate) now: Timestamp,
    pub(crate) skew: Duration,
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
    /// The token, if it is ours and lives: signature or record, issuer, times, then revocation and its client (RFC 7662
    /// §4, T74). What has another spelling than ours never gets to a store.
    pub(crate) async fn active(&self, text: &str) -> Result<AccessToken, Inactive> {
        let token = self.issued(text).await?;
        self.check_lives(&token).await?;
        Ok(token)
    }

    /// The token, if it is ours and has not ended by itself: what can be revoked (RFC 7009 §2.1).
    pub(crate) async fn issued(&self, text: &str) -> Result<AccessToken, Inactive> {
        match OpaqueToken::id(text) {
            Some(id) => self.stored(id).await,
            None => Ok(self.signed(text)?),
        }
    }

    /// A JWT whose signature is that of one of our keys. Its header is compared with the one that this server writes for
    /// that key, byte for byte: no other kind of JWT, algorithm or extension can pass for one (T12 to T17, T22, T29).
    fn signed(&self, text: &str) -> Result<AccessToken, Reason> {
        let jws = CompactJws::split(text)?;
        let key = self.keys.verifying(jws.header, self.now).ok_or(Reason::TokenUnknown)?;
        if !key.verifies(jws.signing_input, &jws.signature()?) {
            return Err(Reason::JwtSignature);
        }
        let payload = jws.payload()?;
        let claims = AccessTokenClaims::parse(&payload)?;
        // T67: a key is bound to its issuer, and so is what it signed.
        if claims.iss.as_deref() != Some(self.issuer.as_str()) {
            return Err(Reason::JwtIssuer);
        }
        let jti = claims.jti.ok_or(Reason::JwtJti)?;
        let contents = Contents {
            id: TokenId::of_jwt(self.issuer.as_str(), &jti),
            issuer: self.issuer.as_str().to_owned(),
            client_id: claims.client_id.ok_or(Reason::JwtSubject)?,
            subject: claims.sub.ok_or(Reason::JwtSubject)?,
            audience: claims.aud,
            scope: claims.scope.unwrap_or_else(Scope::empty),
            issued_at: claims.iat,
            expires_at: claims.exp.ok_or(Reason::JwtExpiryMissing)?,
            jti: Some(jti),
            epoch: claims.epoch,
            is_bound: claims.is_bound,
            claims: Claims::Payload(payload),
            checked_for: None,
        };
        self.unexpired(contents)
    }

    async fn stored(&self, id: TokenId) -> Result<AccessToken, Inactive> {
        match self.tokens.find(&id).await? {
            TokenState::Live(record) => Ok(self.recorded(id, record)?),
            TokenState::Absent => Err(Reason::TokenUnknown.into()),
            TokenState::Revoked => Err(Reason::TokenRevoked.into()),
        }
    }

    fn recorded(&self, id: TokenId, record: Arc<TokenRecord>) -> Result<AccessToken, Reason> {
        self.unexpired(Contents {
            id,
            issuer: self.issuer.as_str().to_owned(),
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
        })
    }

    fn unexpired(&self, contents: Contents) -> Result<AccessToken, Reason> {
        if self.now < contents.expires_at { Ok(AccessToken(contents)) } else { Err(Reason::JwtExpired) }
    }

    /// Whether it was revoked or ended with its client. For a signed token both stores are asked at the same time; of a stored
    /// one it is known that it was not revoked.
    pub(crate) async fn check_lives(&self, token: &AccessToken) -> Result<(), Inactive> {
        let client = store::find_client(self.clients, token.client_id());
        let client = match &token.0.claims {
            Claims::Record(_) => client.await?,
            Claims::Payload(_) | Claims::Members(_) => {
                let (state, client) = both(self.tokens.find(&token.0.id), client).await;
                if matches!(state?, TokenState::Revoked) {
                    return Err(Reason::TokenRevoked.into());
                }
                client?
            }
        };
        Ok(self.check_client(token, client.as_deref())?)
    }

    /// A token lives no longer than its client, and ends when the operator disables that or ends all that it holds.
    fn check_client(&self, token: &AccessToken, client: Option<&Client>) -> Result<(), Reason> {
        let client = client.ok_or(Reason::ClientUnknown)?;
        if !client.is_enabled() {
            return Err(Reason::ClientDisabled);
        }
        // A client that was deleted and registered anew has nothing of the old one.
        let is_older = |created| token.0.issued_at.is_none_or(|issued| issued.plus(self.skew) < created);
        if token.0.epoch != client.token_epoch() || client.created_at().is_some_and(is_older) {
            return Err(Reason::TokensEnded);
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
