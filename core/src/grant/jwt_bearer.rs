//! JWTs as authorization grants (RFC 7521 §4.1, RFC 7523 §2.1, §3 and §3.1): of trusted issuers, and of registered clients that
//! are their own issuers.
//!
//! Whoever authenticates beside the grant is checked first. A token for a grant without client authentication is issued to a
//! client all the same, so that it ends with it. No refresh token is issued.

use std::sync::Arc;

use super::Approved;
use crate::assertion::{
    AssertionRules, Life, MAX_AHEAD, ReceivedAssertion, Use, is_grant_type, sole_audience,
};
use crate::auth::{Authenticated, ClientAuthentication, attempt};
use crate::claim::Proof;
use crate::error::{ErrorCode, Reason, Refusal, Rejection, Step, reject};
use crate::event::RequestTrail;
use crate::form::Form;
use crate::http::Request;
use crate::jose::FurtherClaims;
use crate::policy::GrantAssertion;
use crate::store::{
    Client, CompatibilitySwitch, GrantType, TrustStore, TrustedIssuer, find_client, find_issuer,
};
use crate::types::{ClientId, IssuerName, PresentedSecret, Scope, Timestamp};

/// What approving takes.
pub(crate) struct JwtBearer<'a> {
    pub(crate) authentication: &'a ClientAuthentication<'a>,
    pub(crate) trust: Option<&'a dyn TrustStore>,
}

impl JwtBearer<'_> {
    /// Whether the `assertion` of a request is a grant, and for which client.
    pub(crate) async fn approve(
        &self,
        request: &Request,
        form: &Form<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Approved> {
        let Some(text) = form.get("assertion") else {
            return reject(ErrorCode::InvalidRequest, Reason::GrantAssertionMissing);
        };
        // Two credentials are two, also where neither is spent. A signature can be spelled anew, what it is over cannot.
        if form.get("client_assertion").is_some_and(|other| signing_input(other) == signing_input(text)) {
            return reject(ErrorCode::InvalidRequest, Reason::ProofsEqual);
        }
        let authentication = self.authentication;
        let authenticated = authentication.authenticate_if_tried(request, form, trail).await?;
        let assertion = ReceivedAssertion::parse(text, is_grant_type).map_err(invalid_grant)?;
        let is_alone = authenticated.is_none();
        if is_alone {
            trail.client_id =
                self_named(&assertion).filter(|id| !PresentedSecret::is_recognised(id.as_str()));
        }
        let claimed = trail.client_id.clone();
        let attempt = attempt(claimed.as_ref(), request);
        // The only credential of a request is braked as one.
        if is_alone {
            authentication.admit(&attempt).await?;
        }
        let outcome = self.judge(&assertion, authenticated, trail).await;
        let approved = authentication.counted(&attempt, outcome).await?;
        // Who only says its name gets what is for it, and nothing else (RFC 7523 §3.1, "identification").
        if form.get("client_id").is_some_and(|said| said != approved.client.id().as_str()) {
            return Err(invalid_grant(Reason::ClientIdMismatch).into());
        }
        if !approved.client.may_use(&GrantType::JWT_BEARER) {
            return reject(ErrorCode::UnauthorizedClient, Reason::GrantNotRegistered);
        }
        Ok(approved)
    }

    async fn judge(
        &self,
        assertion: &ReceivedAssertion<'_>,
        authenticated: Option<Authenticated>,
        trail: &mut RequestTrail,
    ) -> Step<Approved> {
        // A trusted issuer of the same name is not asked: a client is whoever signs as it is registered to.
        if let Some(id) = self_named(assertion)
            && let Some(client) = find_client(self.authentication.clients, &id).await?
        {
            return self.self_issued(client, assertion, authenticated, trail).await;
        }
        let iss = assertion.claims.iss.as_deref().ok_or(invalid_grant(Reason::JwtIssuer))?;
        let name = IssuerName::new(iss).map_err(|_| invalid_grant(Reason::JwtIssuer))?;
        let found = match self.trust {
            Some(trust) => find_issuer(trust, &name).await?,
            None => None,
        };
        trail.issuer = Some(name).filter(|name| !PresentedSecret::is_recognised(name.as_str()));
        let trusted = found.ok_or(invalid_grant(Reason::IssuerNotTrusted))?;
        self.vouched_for(trusted, assertion, authenticated).await
    }

    /// A service account: a client is its own issuer, and signs as it is registered to. What it signs could authenticate it as
    /// well, and is held to the audience of that (T01).
    async fn self_issued(
        &self,
        client: Arc<Client>,
        assertion: &ReceivedAssertion<'_>,
        authenticated: Option<Authenticated>,
        trail: &mut RequestTrail,
    ) -> Step<Approved> {
        let authentication = self.authentication;
        authentication.usable(&client, assertion.method()).map_err(as_grant)?;
        let google = CompatibilitySwitch::GOOGLE_SERVICE_ACCOUNT;
        let is_google = authentication.compatibility.is_on(&google, &client);
        let claims = &assertion.claims;
        if claims.sub.is_none() && !is_google {
            return Err(invalid_grant(Reason::JwtSubject).into());
        }
        let audience = sole_audience(claims).map_err(invalid_grant)?;
        let by_switch = match authentication.check_audience(&client, audience) {
            Ok(switch) => switch,
            Err(_) if is_google && audience == authentication.rules.token_endpoint => Some(google.clone()),
            Err(refusal) => return Err(as_grant(refusal)),
        };
        let taken = if is_google && claims.jti.is_none() { Use::UntilExpiry } else { Use::Once };
        let life = authentication.rules.life(claims, MAX_AHEAD, taken).map_err(invalid_grant)?;
        let scope = if is_google { scope_of(assertion)? } else { None };
        let credential = authentication.signed_by(&client, assertion).await.map_err(as_grant)?;
        // What one client says is no grant for another.
        if authenticated.as_ref().is_some_and(|other| other.client.id() != client.id()) {
            return Err(invalid_grant(Reason::ClientIdMismatch).into());
        }
        let is_needed = scope.is_some() || claims.sub.is_none() || claims.jti.is_none();
        if let Some(switch) = by_switch.or(is_needed.then_some(google)) {
            authentication.compatibility_used(&client, &switch);
        }
        trail.credential = Some(credential.id().clone());
        let spent = life.jti.map(|jti| (jti, life.expires_at, ErrorCode::InvalidGrant));
        let proof = spent.map(|spent| authentication.rules.clients_proof(client.id(), spent));
        let subject = client.id().as_str().to_owned();
        let not_after = Some(self.end_of(life));
        let assertion = granted(assertion, None, subject, scope);
        Ok(Approved {
            proofs: spent_first(authenticated, proof),
            client,
            assertion: Some(assertion),
            not_after,
        })
    }

    /// An assertion of a trusted issuer about somebody.
    async fn vouched_for(
        &self,
        trusted: Arc<TrustedIssuer>,
        assertion: &ReceivedAssertion<'_>,
        authenticated: Option<Authenticated>,
    ) -> Step<Approved> {
        let rules: &AssertionRules<'_> = &self.authentication.rules;
        let subject = check_subject(&trusted, assertion).map_err(invalid_grant)?.to_owned();
        rules.check_grant_audience(&assertion.claims, trusted.audience()).map_err(invalid_grant)?;
        let taken = if trusted.is_reusable() { Use::UntilExpiry } else { Use::Once };
        let life = rules.life(&assertion.claims, trusted.longest_life(), taken).map_err(invalid_grant)?;
        let keys = (trusted.keys(), Some(trusted.issuer()));
        let key = self.authentication.published.check_issuer(keys, None, assertion, invalid_grant).await?;
        let scope = if trusted.heeds_scope_claim() { scope_of(assertion)? } else { None };
        let client = self.client_of(&trusted, authenticated.as_ref()).await?;
        self.check_is_no_client(&subject, &client).await?;
        let spent = life.jti.filter(|_| taken == Use::Once);
        let spent = spent.map(|jti| (jti, life.expires_at, ErrorCode::InvalidGrant));
        let proof = spent.map(|spent| rules.issuers_proof(assertion.claims.iss.as_deref(), &key, spent));
        let not_after = match trusted.token_lifetime() {
            Some(lifetime) => rules.now.plus(lifetime),
            None => self.end_of(life),
        };
        let assertion = granted(assertion, Some(trusted), subject, scope);
        let proofs = spent_first(authenticated, proof);
        Ok(Approved { client, proofs, assertion: Some(assertion), not_after: Some(not_after) })
    }

    /// The client that the token is for: who authenticates, or where that is not demanded who is named.
    async fn client_of(
        &self,
        trusted: &TrustedIssuer,
        authenticated: Option<&Authenticated>,
    ) -> Step<Arc<Client>> {
        match (authenticated, trusted.client()) {
            (Some(authenticated), _) if trusted.may_be_brought_by(authenticated.client.id()) => {
                Ok(Arc::clone(&authenticated.client))
            }
            (Some(_), _) => Err(invalid_grant(Reason::ClientIdMismatch).into()),
            (None, None) => reject(ErrorCode::InvalidClient, Reason::CredentialsMissing),
            (None, Some(id)) => {
                let client = find_client(self.authentication.clients, id).await?;
                let client = client.ok_or(invalid_grant(Reason::ClientUnknown))?;
                match client.is_enabled() {
                    true => Ok(client),
                    false => Err(invalid_grant(Reason::ClientDisabled).into()),
                }
            }
        }
    }

    /// T70: nobody speaks about a client but itself. An API that goes by `sub` could take the one for the other (RFC 9700 §4.15).
    async fn check_is_no_client(&self, subject: &str, own: &Client) -> Step<()> {
        let Ok(id) = ClientId::new(subject) else { return Ok(()) };
        if id != *own.id() && find_client(self.authentication.clients, &id).await?.is_none() {
            return Ok(());
        }
        Err(invalid_grant(Reason::SubjectIsClient).into())
    }

    /// A token lives no longer than the assertion that it was issued for is taken (RFC 7521 §4.1).
    fn end_of(&self, life: Life<'_>) -> Timestamp {
        life.expires_at.plus(self.authentication.rules.skew)
    }
}

/// The client that an assertion is of if it is self-issued: issuer and subject are its `client_id` (RFC 7521 §5.2), or there is
/// no subject.
fn self_named(assertion: &ReceivedAssertion<'_>) -> Option<ClientId> {
    let (iss, sub) = (assertion.claims.iss.as_deref()?, assertion.claims.sub.as_deref());
    if sub.is_none_or(|sub| sub == iss) { ClientId::new(iss).ok() } else { None }
}

/// About whom an issuer that is trusted now speaks, if it may.
fn check_subject<'a>(
    trusted: &'a TrustedIssuer,
    assertion: &'a ReceivedAssertion<'_>,
) -> Result<&'a str, Reason> {
    if !trusted.is_enabled() {
        return Err(Reason::IssuerDisabled);
    }
    if assertion.algorithm.is_symmetric() {
        return Err(Reason::JwtAlgorithm);
    }
    let subject = match assertion.subject()? {
        Some(subject) => subject,
        None if trusted.may_omit_subject() => trusted.issuer().as_str(),
        None => return Err(Reason::JwtSubject),
    };
    if trusted.subject().fits(subject) { Ok(subject) } else { Err(Reason::SubjectNotTrusted) }
}

fn granted(
    assertion: &ReceivedAssertion<'_>,
    trusted: Option<Arc<TrustedIssuer>>,
    subject: String,
    scope: Option<Scope>,
) -> GrantAssertion {
    let issuer = assertion.claims.iss.clone().unwrap_or_default();
    GrantAssertion { trusted, issuer, subject, scope, payload: assertion.jws.payload().to_vec() }
}

/// The assertion's own `scope`, for who heeds it.
fn scope_of(assertion: &ReceivedAssertion<'_>) -> Step<Option<Scope>> {
    let claims = FurtherClaims::parse(assertion.jws.payload());
    Ok(claims.and_then(|claims| claims.scope()).map_err(invalid_grant)?)
}

/// The client's proof is spent before the grant's.
fn spent_first(authenticated: Option<Authenticated>, proof: Option<Proof>) -> Vec<Proof> {
    let mut proofs = authenticated.map_or_else(Vec::new, |authenticated| authenticated.proofs);
    proofs.extend(proof);
    proofs
}

/// What a signature is over.
fn signing_input(jws: &str) -> &str {
    jws.rsplit_once('.').map_or(jws, |(input, _)| input)
}

const fn invalid_grant(reason: Reason) -> Rejection {
    Rejection::new(ErrorCode::InvalidGrant, reason)
}

/// What is wrong with a client's own assertion, where that is the grant (RFC 7523 §3.1).
fn as_grant(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Rejected(rejection) => invalid_grant(rejection.reason).into(),
        Refusal::Failed(fault) => Refusal::Failed(fault),
    }
}
