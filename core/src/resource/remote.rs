//! Tokens of an issuer elsewhere, by the keys that it publishes (RFC 9068 §4) or by asking it (RFC 7662).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::remembered::Remembered;
use super::verifier::{TokenSource, is_meant_for};
use crate::clock::Clock;
use crate::config::ConfigError;
use crate::error::{Fault, Reason};
use crate::fetch::{FetchError, KeySetFetcher, KeySource, TokenIntrospector};
use crate::jose::{AccessTokenClaims, AssertionAlgorithm, PublicKeySet, ReceivedJws};
use crate::token::{AccessToken, Claims, Contents, Inactive};
use crate::types::{Issuer, KeySetUrl, ResourceUri, Scope, Timestamp, TokenId};

/// What was said of an issuer. Nothing of it is checked.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(super) issuer: String,
    pub(super) key_sets: Arc<dyn KeySetFetcher>,
    pub(super) jwks_uri: Option<String>,
    pub(super) introspector: Option<Arc<dyn TokenIntrospector>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) skew: Duration,
    pub(super) http_on_loopback: bool,
}

/// An issuer elsewhere.
#[derive(Debug)]
pub(super) struct RemoteIssuer {
    issuer: Issuer,
    keys: KeySource,
    key_sets: Arc<dyn KeySetFetcher>,
    introspector: Option<Arc<dyn TokenIntrospector>>,
    clock: Arc<dyn Clock>,
    skew: Duration,
}

impl Remote {
    pub(super) fn check(self) -> Result<RemoteIssuer, ConfigError> {
        let invalid = |source| ConfigError::Issuer { issuer: self.issuer.clone(), source };
        let issuer = Issuer::new(self.issuer.as_str()).map_err(invalid)?;
        if issuer.is_plain_http() && !self.http_on_loopback {
            return Err(ConfigError::PlainHttp { issuer: self.issuer });
        }
        if self.skew > Duration::from_secs(60) || self.skew.subsec_nanos() != 0 {
            return Err(ConfigError::Limits { rule: "clock skew: whole seconds, at most 60" });
        }
        let keys = match &self.jwks_uri {
            Some(url) => KeySource::Url(KeySetUrl::new(url.as_str()).map_err(invalid)?),
            None => KeySource::Issuer(issuer.clone()),
        };
        let Self { key_sets, introspector, clock, skew, .. } = self;
        Ok(RemoteIssuer { issuer, keys, key_sets, introspector, clock, skew })
    }
}

#[async_trait]
impl TokenSource for RemoteIssuer {
    async fn judge(
        &self,
        token: &str,
        resource: &ResourceUri,
        remembered: &Remembered,
    ) -> Result<AccessToken, Inactive> {
        let now = self.clock.now();
        // A compact JWS has two dots. An opaque token could have them too, and then is no JWS.
        let jws = ReceivedJws::parse(token);
        match (jws, &self.introspector) {
            (Ok(jws), _) => self.signed(&jws, resource, now).await,
            (Err(reason), None) => Err(reason.into()),
            (Err(_), Some(introspector)) => {
                let id = TokenId::of_opaque(token.as_bytes());
                if let Some(known) = remembered.get(&id, now) {
                    return Ok(known);
                }
                let answer = introspector.introspect(token).await.map_err(away)?;
                let token = self.introspected(id, answer.ok_or(Reason::TokenUnknown)?, now)?;
                is_meant_for(&token, resource)?;
                remembered.keep(&token, now);
                Ok(token)
            }
        }
    }
}

impl RemoteIssuer {
    pub(super) const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// RFC 9068 §4: what can be refused without a key comes first, so that nonsense fetches nothing (T60).
    async fn signed(
        &self,
        jws: &ReceivedJws<'_>,
        resource: &ResourceUri,
        now: Timestamp,
    ) -> Result<AccessToken, Inactive> {
        if !is_access_token_type(jws.header.typ.as_deref()) {
            return Err(Reason::JwtType.into());
        }
        let algorithm =
            jws.header.alg.filter(|algorithm| !algorithm.is_symmetric()).ok_or(Reason::JwtAlgorithm)?;
        let claims = AccessTokenClaims::parse(&jws.payload)?;
        let id = TokenId::of_jwt(self.issuer.as_str(), claims.jti.as_ref().ok_or(Reason::JwtJti)?);
        claims.iat.ok_or(Reason::JwtClaimType)?;
        if claims.iss.as_deref() != Some(self.issuer.as_str()) {
            return Err(Reason::JwtIssuer.into());
        }
        let token = self.contents(id, claims, Claims::Payload(jws.payload.clone()), now)?;
        is_meant_for(&token, resource)?;
        self.check_signature(jws, algorithm).await?;
        Ok(token)
    }

    /// By a key that the issuer publishes for this algorithm. Where none fits, a newer set is asked for once.
    async fn check_signature(&self, jws: &ReceivedJws<'_>, alg: AssertionAlgorithm) -> Result<(), Inactive> {
        let kid = jws.header.kid.as_deref();
        let signed_by = |set: &PublicKeySet| {
            set.candidates(alg, kid, None).any(|key| key.verifies(jws.signing_input, &jws.signature))
        };
        let set = self.key_sets.key_set(&self.keys, None).await.map_err(away)?;
        if signed_by(&set) {
            return Ok(());
        }
        if set.candidates(alg, kid, None).next().is_some() {
            return Err(Reason::JwtSignature.into());
        }
        let newer = self.key_sets.key_set(&self.keys, Some(&set)).await.map_err(away)?;
        if signed_by(&newer) { Ok(()) } else { Err(Reason::JwtKeyUnknown.into()) }
    }

    /// What the issuer says of a token (RFC 7662 §2.2). `aud`, `client_id` and `exp` are optional there and needed here: without
    /// them nobody knows whether the token is for this resource, whose it is and until when it may be remembered.
    fn introspected(
        &self,
        id: TokenId,
        answer: Map<String, Value>,
        now: Timestamp,
    ) -> Result<AccessToken, Inactive> {
        let text = serde_json::to_vec(&answer).map_err(Fault::internal)?;
        let claims = AccessTokenClaims::parse(&text)?;
        if claims.iss.as_deref().is_some_and(|issuer| issuer != self.issuer.as_str()) {
            return Err(Reason::JwtIssuer.into());
        }
        Ok(self.contents(id, claims, Claims::Members(answer), now)?)
    }

    fn contents(
        &self,
        id: TokenId,
        said: AccessTokenClaims,
        claims: Claims,
        now: Timestamp,
    ) -> Result<AccessToken, Reason> {
        let expires_at = said.exp.ok_or(Reason::JwtExpiryMissing)?;
        if expires_at.plus(self.skew) <= now {
            return Err(Reason::JwtExpired);
        }
        if said.nbf.is_some_and(|moment| moment > now.plus(self.skew)) {
            return Err(Reason::JwtNotYetValid);
        }
        let client_id = said.client_id.ok_or(Reason::JwtSubject)?;
        Ok(AccessToken(Contents {
            id,
            issuer: self.issuer.as_str().to_owned(),
            subject: said.sub.unwrap_or_else(|| client_id.as_str().to_owned()),
            client_id,
            audience: said.aud,
            scope: said.scope.unwrap_or_else(Scope::empty),
            issued_at: said.iat,
            expires_at,
            jti: said.jti,
            epoch: said.epoch,
            is_bound: said.is_bound,
            claims,
            checked_for: None,
        }))
    }
}

/// RFC 9068 §4: `at+jwt`, with or without `application/`, and nothing else (T29, T69).
fn is_access_token_type(typ: Option<&str>) -> bool {
    typ.is_some_and(|typ| {
        typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
    })
}

/// An issuer that cannot be asked says nothing about the token.
fn away(error: FetchError) -> Fault {
    Fault::unavailable(error)
}
