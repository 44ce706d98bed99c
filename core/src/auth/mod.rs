//! Client authentication (RFC 6749 §2.3): one file for each kind of proof.
//!
//! Everything that fails here is one answer, `invalid_client`, byte for byte; the true reason goes to events.
//! The work follows from the presented bytes alone (T41).

mod presented;
mod secret;

pub(crate) use presented::Presented;
pub(crate) use secret::ImportedSecrets;

use std::sync::Arc;

use crate::claim::Proof;
use crate::error::{ErrorCode, Reason, Refusal, Rejection, Step, reject};
use crate::event::{Event, EventSink, RequestTrail};
use crate::form::Form;
use crate::host_keys::HostKeys;
use crate::http::Request;
use crate::rate_limit::{Admission, Attempt, RateLimiter};
use crate::store::{Client, ClientStore};
use crate::types::Timestamp;

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
    pub(crate) limiter: Option<&'a dyn RateLimiter>,
    pub(crate) events: &'a dyn EventSink,
    pub(crate) now: Timestamp,
}

impl ClientAuthentication<'_> {
    /// Who sends this request (RFC 6749 §2.3, §3.2.1).
    pub(crate) async fn authenticate(
        &self,
        request: &Request,
        form: &Form<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Authenticated> {
        let presented = Presented::read(request, form)?;
        trail.client_id = Some(presented.client_id.clone());
        trail.method = Some(presented.method);
        let attempt = Attempt::new(Some(&presented.client_id), request.peer().map(|peer| peer.ip()));
        self.admit(&attempt).await?;
        let outcome = self.verify(&presented, trail).await;
        if let Err(Refusal::Rejected(_)) = outcome {
            self.penalise(&attempt).await;
        }
        outcome
    }

    async fn verify(&self, presented: &Presented, trail: &mut RequestTrail) -> Step<Authenticated> {
        let check = self.check_secret(presented).await?;
        let client = match check.outcome {
            Ok(client) => client,
            Err(reason) => return reject(ErrorCode::InvalidClient, reason),
        };
        trail.credential = check.credential;
        if client.auth_method().as_str() != presented.method {
            return reject(ErrorCode::InvalidClient, Reason::MethodNotRegistered);
        }
        if !client.is_enabled() {
            return reject(ErrorCode::InvalidClient, Reason::ClientDisabled);
        }
        Ok(Authenticated { client, proofs: Vec::new() })
    }

    /// Asked before any hashing. A limiter that is away admits: it must not be a way to shut everybody out.
    async fn admit(&self, attempt: &Attempt<'_>) -> Step<()> {
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

    async fn penalise(&self, attempt: &Attempt<'_>) {
        if let Some(limiter) = self.limiter
            && let Err(error) = limiter.penalise(attempt).await
        {
            self.events.record(&Event::RateLimiterFailed(&error));
        }
    }
}
