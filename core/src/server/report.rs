//! What happened goes to `tracing` and to the host's sink: one span for each request, and never a secret.

use tracing::{Span, field};

use super::Inner;
use crate::error::{FaultKind, Reason, Refusal, Step};
use crate::event::{Chain, Event, EventSink, RequestFailed, RequestRejected, RequestTrail, WorkloadMismatch};
use crate::http::Response;
use crate::types::Timestamp;

impl RequestTrail {
    pub(super) fn at(endpoint: &'static str) -> Self {
        Self { endpoint, ..Self::default() }
    }
}

/// The span of one request. Its fields are filled as far as the request got.
pub(super) fn span(trail: &RequestTrail) -> Span {
    tracing::info_span!(
        "grantor.request",
        endpoint = trail.endpoint,
        client_id = field::Empty,
        grant = field::Empty,
        method = field::Empty,
        credential = field::Empty,
        issuer = field::Empty,
        outcome = field::Empty,
        reason = field::Empty,
    )
}

impl Inner {
    /// An endpoint without a wait: one span, the outcome, the answer.
    pub(super) fn answer(
        &self,
        endpoint: &'static str,
        outcome: impl FnOnce() -> Step<Response>,
    ) -> Response {
        let trail = RequestTrail::at(endpoint);
        span(&trail).in_scope(|| self.conclude(&trail, outcome()))
    }

    /// Turns the outcome of a request into its answer, and says what happened.
    pub(super) fn conclude(&self, trail: &RequestTrail, outcome: Step<Response>) -> Response {
        match outcome {
            Ok(response) => response,
            Err(refusal) => {
                self.report_refusal(trail, &refusal);
                refusal.into_response()
            }
        }
    }

    fn report_refusal(&self, trail: &RequestTrail, refusal: &Refusal) {
        match refusal {
            Refusal::Rejected(rejection) => self.report(&Event::RequestRejected(RequestRejected {
                trail,
                code: rejection.code,
                reason: rejection.reason,
            })),
            Refusal::Failed(fault) => self.report(&Event::RequestFailed(RequestFailed {
                trail,
                kind: fault.kind,
                source: fault.source.as_ref(),
            })),
        }
    }

    /// To `tracing` first, then to the host.
    pub(crate) fn report(&self, event: &Event<'_>) {
        trace(event);
        self.events.record(event);
    }
}

/// For the steps of a request, so that `tracing` hears from them what the host does.
impl EventSink for Inner {
    fn record(&self, event: &Event<'_>) {
        self.report(event);
    }
}

pub(super) fn trace(event: &Event<'_>) {
    match event {
        Event::TokenIssued(issued) => {
            record(issued.trail, "issued");
            tracing::info!(
                sub = issued.subject,
                aud = %issued.audience,
                scope = %issued.scope,
                jti = %issued.jti,
                exp = issued.expires_at.as_unix(),
                "token issued"
            );
        }
        Event::TokenIntrospected(introspected) => {
            record(introspected.trail, if introspected.inactive.is_none() { "active" } else { "inactive" });
            if let Some(reason) = introspected.inactive {
                Span::current().record("reason", reason.as_str());
            }
            tracing::info!(
                owner = introspected.owner.map(field::display),
                jti = introspected.jti.map(field::display),
                reason = introspected.inactive.map(Reason::as_str),
                "token introspected"
            );
        }
        Event::TokenRevoked(revoked) => {
            record(revoked.trail, if revoked.nothing.is_none() { "revoked" } else { "nothing_to_revoke" });
            if let Some(reason) = revoked.nothing {
                Span::current().record("reason", reason.as_str());
            }
            tracing::info!(
                jti = revoked.jti.map(field::display),
                exp = revoked.expires_at.map(Timestamp::as_unix),
                reason = revoked.nothing.map(Reason::as_str),
                "revocation"
            );
        }
        Event::RequestRejected(rejected) => {
            record(rejected.trail, rejected.code.as_str());
            Span::current().record("reason", rejected.reason.as_str());
            tracing::info!(
                endpoint = rejected.trail.endpoint,
                error = rejected.code.as_str(),
                reason = rejected.reason.as_str(),
                "request refused"
            );
        }
        Event::RequestFailed(failed) => {
            let outcome = match failed.kind {
                FaultKind::Unavailable => "unavailable",
                FaultKind::Internal => "server_error",
            };
            record(failed.trail, outcome);
            tracing::error!(
                endpoint = failed.trail.endpoint,
                outcome,
                source = %Chain(failed.source),
                "request failed"
            );
        }
        Event::RateLimiterFailed(error) => {
            tracing::error!(source = %Chain(*error), "the rate limiter failed");
        }
        Event::MaintenanceFailed(error) => tracing::error!(source = %Chain(*error), "maintenance failed"),
        Event::CompatibilityUsed { client_id, switch } => {
            let client_id = client_id.map(field::display);
            tracing::warn!(client_id, switch = switch.as_str(), "compatibility switch used");
        }
        Event::KeySetFetchFailed { client_id, source, error } => {
            let (client_id, keys) = (client_id.map(field::display), field::display(source));
            tracing::warn!(client_id, keys, source = %Chain(*error), "the keys of another party could not be fetched");
        }
        Event::WorkloadMismatch(mismatch) => {
            let WorkloadMismatch { client_id, credential, claim, said } = mismatch;
            // Escaped: it may be any text (T96).
            let said = said.map(|said| format!("{said:?}"));
            tracing::warn!(%client_id, %credential, claim = ?claim, said, "a workload's token does not fit");
        }
        Event::SigningKeyCreated { kid, alg } => tracing::info!(%kid, alg, "signing key created"),
        Event::SigningKeyScheduled { kid, signs_from } => {
            tracing::info!(%kid, %signs_from, "signing key scheduled");
        }
        Event::SigningKeyRetired { kid, because } => tracing::warn!(%kid, because, "signing key retired"),
        Event::SigningKeyRemoved { kid } => tracing::info!(%kid, "signing key removed"),
        Event::SigningKeyResealed { kid, host_key } => {
            tracing::info!(%kid, %host_key, "signing key sealed anew");
        }
        Event::CredentialUsed { client_id, credential } => {
            tracing::debug!(%client_id, %credential, "credential used");
        }
        Event::CredentialExpiring { client_id, credential, expires_at } => {
            tracing::warn!(%client_id, %credential, %expires_at, "a credential that is in use ends soon");
        }
    }
}

/// Fills the fields of the current span. A client id is VSCHAR, so it begins no new line in a log (T96).
fn record(trail: &RequestTrail, outcome: &'static str) {
    let span = Span::current();
    if let Some(id) = &trail.client_id {
        span.record("client_id", id.as_str());
    }
    if let Some(grant) = trail.grant {
        span.record("grant", grant);
    }
    if let Some(method) = trail.method {
        span.record("method", method);
    }
    if let Some(credential) = &trail.credential {
        span.record("credential", credential.as_str());
    }
    if let Some(issuer) = &trail.issuer {
        span.record("issuer", issuer.as_str());
    }
    span.record("outcome", outcome);
}
