//! Client authentication (RFC 6749 §2.3): one file for each kind of proof.
//!
//! Everything that fails here is one answer, `invalid_client`, byte for byte; the true reason goes to events.
//! The work for a secret follows from the presented bytes alone (T41). Client ids are no secret, so for signatures it need
//! not: how long a refusal takes tells about the keys of a client at most.

mod assertion;
mod presented;
mod secret;
mod workload;

use presented::{Presented, invalid_client};
pub(crate) use secret::{ImportedSecrets, pepper_missing};

use std::sync::Arc;

use crate::assertion::{AssertionRules, PublishedKeys};
use crate::claim::{Claimed, Proof, claim};
use crate::compatibility::Compatibility;
use crate::error::{ErrorCode, Reason, Refusal, Rejection, Step};
use crate::event::{Event, EventSink, RequestTrail};
use crate::form::Form;
use crate::host_keys::HostKeys;
use crate::http::Request;
use crate::rate_limit::{Admission, Attempt, RateLimiter};
use crate::store::{Client, ClientStore, CompatibilitySwitch, TokenStore};
use crate::types::{ClientId, PresentedSecret};

/// A client that has proved itself, as it was read for this request.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) client: Arc<Client>,
    /// What has to be spent before anything is issued. Empty for a secret.
    pub(crate) proofs: Vec<Proof>,
}

/// What authenticating takes.
pub(crate) struct ClientAuthentication<'a> {
    pub(crate) clients: &'a dyn ClientStore,
    pub(crate) host_keys: &'a HostKeys,
    pub(crate) imported: Option<&'a ImportedSecrets>,
    pub(crate) published: PublishedKeys<'a>,
    pub(crate) limiter: Option<&'a dyn RateLimiter>,
    pub(crate) events: &'a dyn EventSink,
    pub(crate) compatibility: &'a Compatibility,
    pub(crate) rules: AssertionRules<'a>,
}

impl ClientAuthentication<'_> {
    /// Who sends this request (RFC 6749 §2.3, §3.2.1).
    pub(crate) async fn authenticate(
        &self,
        request: &Request,
        form: &Form<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Authenticated> {
        let authenticated = self.authenticate_if_tried(request, form, trail).await?;
        Ok(authenticated.ok_or(invalid_client(Reason::CredentialsMissing))?)
    }

    /// Who sends this request, where it tries to say so.
    pub(crate) async fn authenticate_if_tried(
        &self,
        request: &Request,
        form: &Form<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Option<Authenticated>> {
        let Some(presented) = Presented::read(request, form)? else { return Ok(None) };
        // Id and secret swapped is a common mistake, and the secret would stand in the log.
        trail.client_id =
            Some(presented.client_id().clone()).filter(|id| !PresentedSecret::is_recognised(id.as_str()));
        trail.method = Some(presented.method());
        let attempt = attempt(Some(presented.client_id()), request);
        self.admit(&attempt).await?;
        let outcome = match &presented {
            Presented::Secret(credentials) => self.check_secret(credentials, trail).await,
            Presented::Assertion(workload) if workload.is_of_workload => {
                self.check_workload(workload, trail).await
            }
            Presented::Assertion(assertion) => self.check_assertion(assertion, trail).await,
        };
        self.counted(&attempt, outcome).await.map(Some)
    }

    /// Spends the proofs of a request of `client`. A replay counts as a failed attempt of `claimed_by`, who the request said
    /// that it comes from.
    pub(crate) async fn claim(
        &self,
        (client, proofs): (&Client, &[Proof]),
        tokens: &dyn TokenStore,
        (request, claimed_by): (&Request, Option<&ClientId>),
    ) -> Step<Claimed> {
        let reused = || self.compatibility_used(client, &CompatibilitySwitch::ASSERTION_REUSE);
        let outcome = claim(tokens, proofs, reused).await;
        self.counted(&attempt(claimed_by, request), outcome).await
    }

    /// A refusal counts against the attempts that follow; a fault of ours does not, and neither do keys that cannot be had.
    pub(crate) async fn counted<T>(&self, attempt: &Attempt<'_>, outcome: Step<T>) -> Step<T> {
        if let (Err(Refusal::Rejected(rejection)), Some(limiter)) = (&outcome, self.limiter)
            && is_an_attempt(rejection.reason)
            && let Err(error) = limiter.penalise(attempt).await
        {
            self.events.record(&Event::RateLimiterFailed(&error));
        }
        outcome
    }

    /// Its registered method and no other (T49), and only while it is enabled.
    pub(crate) fn usable(&self, client: &Client, method: &str) -> Step<()> {
        if client.auth_method().as_str() != method {
            return Err(invalid_client(Reason::MethodNotRegistered).into());
        }
        if !client.is_enabled() {
            return Err(invalid_client(Reason::ClientDisabled).into());
        }
        Ok(())
    }

    /// A switch was needed: the operator learns for whom.
    pub(crate) fn compatibility_used(&self, client: &Client, switch: &CompatibilitySwitch) {
        self.events.record(&Event::CompatibilityUsed { client_id: Some(client.id()), switch });
    }

    /// Asked before any hashing. A limiter that is away admits: it must not be a way to shut everybody out.
    pub(crate) async fn admit(&self, attempt: &Attempt<'_>) -> Step<()> {
        let Some(limiter) = self.limiter else { return Ok(()) };
        match limiter.admit(attempt).await {
            Ok(Admission::Admitted) => Ok(()),
            Ok(Admission::Limited(wait)) => {
                Err(Rejection::new(ErrorCode::TooManyRequests(wait), Reason::RateLimited).into())
            }
            Err(error) => {
                self.events.record(&Event::RateLimiterFailed(&error));
                Ok(())
            }
        }
    }
}

/// Whether a refusal may have been a guess. Keys that cannot be had are none, and neither is no token at all.
const fn is_an_attempt(reason: Reason) -> bool {
    !matches!(reason, Reason::KeySetsOff | Reason::KeySetUnavailable | Reason::TokenMissing)
}

pub(crate) fn attempt<'a>(client_id: Option<&'a ClientId>, request: &Request) -> Attempt<'a> {
    Attempt::new(client_id, request.peer().map(|peer| peer.ip()))
}
