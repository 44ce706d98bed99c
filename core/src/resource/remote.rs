//! Tokens of an issuer elsewhere, by the keys that it publishes (RFC 9068 §4) or by asking it (RFC 7662).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::remembered::Remembered;
use super::verifier::{TokenSource, is_meant_for};
use crate::clock::{Clock, SystemClock};
use crate::config::{ConfigError, check_clock_skew};
use crate::error::{Fault, Reason};
use crate::fetch::{FetchError, KeySetFetcher, KeySource, TokenIntrospector};
use crate::jose::{AccessTokenClaims, AssertionAlgorithm, PublicKeySet, ReceivedJws, Thumbprints};
use crate::token::{AccessToken, Claims, Contents, Inactive};
use crate::types::{InvalidValue, Issuer, KeySetUrl, ResourceUri, Scope, Timestamp, TokenId};

/// An issuer whose tokens are checked somewhere else than in its own process. Nothing of it is checked before
/// [`AccessTokenVerifierBuilder::build`](super::AccessTokenVerifierBuilder::build).
#[derive(Debug)]
#[must_use = "hand it to `AccessTokenVerifier::of_issuer`"]
pub struct RemoteIssuer {
    issuer: String,
    key_sets: Arc<dyn KeySetFetcher>,
    jwks_uri: Option<String>,
    introspector: Option<Arc<dyn TokenIntrospector>>,
    clock: Arc<dyn Clock>,
    skew: Duration,
    http_on_loopback: bool,
}

/// A checked one.
#[derive(Debug)]
pub(super) struct Elsewhere {
    issuer: Issuer,
    keys: KeySource,
    key_sets: Arc<dyn KeySetFetcher>,
    introspector: Option<Arc<dyn TokenIntrospector>>,
    clock: Arc<dyn Clock>,
    skew: Duration,
}

impl RemoteIssuer {
    /// The issuer of this identifier, whose keys are found by its metadata (RFC 8414) and fetched by `key_sets`, for example
    /// that of `grantor-fetch`.
    pub fn new(issuer: impl Into<String>, key_sets: impl KeySetFetcher) -> Self {
        Self {
            issuer: issuer.into(),
            key_sets: Arc::new(key_sets),
            jwks_uri: None,
            introspector: None,
            clock: Arc::new(SystemClock::new()),
            skew: Duration::from_secs(10),
            http_on_loopback: false,
        }
    }

    /// Where its key set is, for an issuer without metadata.
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.jwks_uri = Some(url.into());
        self
    }

    /// Asks it about tokens that are no JWTs (RFC 7662). Without, they are refused.
    pub fn introspection(mut self, introspector: impl TokenIntrospector) -> Self {
        self.introspector = Some(Arc::new(introspector));
        self
    }

    /// How far its clock may be off, in whole seconds: 10 by default, 60 at most.
    pub const fn clock_skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The choice that weakens a rule: takes an issuer of plain http on a loopback address, for development.
    pub const fn dangerous_allow_http_on_loopback(mut self) -> Self {
        self.http_on_loopback = true;
        self
    }

    fn checked_url(&self, url: &str) -> Result<KeySetUrl, InvalidValue> {
        let rule = "https, as that of the issuer";
        let is_https = url.starts_with("https://") || self.http_on_loopback;
        if is_https { KeySetUrl::new(url) } else { Err(InvalidValue::new("jwks_uri", rule)) }
    }

    pub(super) fn check(self) -> Result<Elsewhere, ConfigError> {
        let invalid = |source| ConfigError::Issuer { issuer: self.issuer.clone(), source };
        let issuer = Issuer::new(self.issuer.as_str()).map_err(invalid)?;
        if issuer.is_plain_http() && !self.http_on_loopback {
            return Err(ConfigError::PlainHttp { issuer: self.issuer });
        }
        check_clock_skew(self.skew)?;
        let keys = match &self.jwks_uri {
            Some(url) => KeySource::Url(self.checked_url(url).map_err(invalid)?),
            None => KeySource::Issuer(issuer.clone()),
        };
        let Self { key_sets, introspector, clock, skew, .. } = self;
        Ok(Elsewhere { issuer, keys, key_sets, introspector, clock, skew })
    }
}

#[async_trait]
impl TokenSource for Elsewhere {
    async fn judge(
        &self,
        token: &str,
        resource: &ResourceUri,
        remembered: &Remembered,
    ) -> Result<AccessToken, Inactive> {
        let now = self.clock.now();
        match (ReceivedJws::parse(token), &self.introspector) {
            (Ok(jws), _) => self.signed(&jws, resource, now).await,
            // What begins as a JWT and is none is not worth a question.
            (Err(Reason::JwtMalformed), Some(introspector)) if !begins_as_jwt(token) => {
                let id = TokenId::of_opaque(token.as_bytes());
                if let Some(known) = remembered.token(&id, now) {
                    return Ok(known);
                }
                let answer = introspector.introspect(token).await.map_err(away)?;
                let token = self.introspected(id, answer, now)?;
                is_meant_for(&token, resource)?;
                remembered.keep(&token, now);
                Ok(token)
            }
            (Err(reason), _) => Err(reason.into()),
        }
    }
}

impl Elsewhere {
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
        let claims = AccessTokenClaims::parse(jws.payload())?;
        let id = TokenId::of_jwt(self.issuer.as_str(), claims.jti.as_ref().ok_or(Reason::TokenIncomplete)?);
        if claims.iat.is_none() || claims.sub.is_none() {
            return Err(Reason::TokenIncomplete.into());
        }
        if claims.iss.as_deref() != Some(self.issuer.as_str()) {
            return Err(Reason::JwtIssuer.into());
        }
        let payload = Claims::Payload { json: jws.payload().to_vec(), has_further: claims.has_further };
        let token = self.contents(id, claims, payload, now)?;
        is_meant_for(&token, resource)?;
        self.check_signature(jws, algorithm).await?;
        Ok(token)
    }

    /// By a key that the issuer publishes for this algorithm. Where none fits, a newer set is asked for once.
    async fn check_signature(&self, jws: &ReceivedJws<'_>, alg: AssertionAlgorithm) -> Result<(), Inactive> {
        let kid = jws.header.kid.as_deref();
        let signed_by = |set: &PublicKeySet| {
            set.candidates(alg, kid, &Thumbprints::default())
                .any(|key| key.verifies(jws.signing_input, jws.signature()))
        };
        let set = self.key_sets.key_set(&self.keys, None).await.map_err(away)?;
        if signed_by(&set) {
            return Ok(());
        }
        // The very key that the token names: a newer set would hold the same. Where keys have no name it may hold another.
        if kid.is_some() && set.candidates(alg, kid, &Thumbprints::default()).any(|key| key.kid() == kid) {
            return Err(Reason::JwtSignature.into());
        }
        let newer = self.key_sets.key_set(&self.keys, Some(&set)).await.map_err(away)?;
        if !Arc::ptr_eq(&set, &newer) && signed_by(&newer) {
            Ok(())
        } else {
            Err(Reason::JwtKeyUnknown.into())
        }
    }

    /// What the issuer says of a token (RFC 7662 §2.2). `aud`, `client_id` and `exp` are optional there and needed here: without
    /// them nobody knows whether the token is for this resource, whose it is and until when it may be remembered.
    fn introspected(
        &self,
        id: TokenId,
        answer: Map<String, Value>,
        now: Timestamp,
    ) -> Result<AccessToken, Inactive> {
        if answer.get("active") != Some(&Value::Bool(true)) {
            return Err(Reason::TokenUnknown.into());
        }
        // RFC 6749 §7.1: of another type it is worth nothing without what that type asks for.
        let is_bearer = |kind: &Value| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer"));
        if !answer.get("token_type").is_none_or(is_bearer) {
            return Err(Reason::TokenBound.into());
        }
        // RFC 9493: it is about somebody, and not about the client that a token without `sub` is for.
        if answer.contains_key("sub_id") && !answer.contains_key("sub") {
            return Err(Reason::TokenIncomplete.into());
        }
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
        said: AccessTokenClaims<'_>,
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
        let client_id = said.client_id.ok_or(Reason::TokenIncomplete)?;
        Ok(AccessToken(Contents {
            id,
            issuer: self.issuer.clone(),
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

/// Three parts, the first of which is an object in base64url.
fn begins_as_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// An issuer that cannot be asked says nothing about the token.
fn away(error: FetchError) -> Fault {
    Fault::unavailable(error)
}
