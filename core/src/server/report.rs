//! What happened goes to `tracing` and to the host's sink: one span for each request, and never a secret.

use tracing::{Span, field};

use super::Inner;
use crate::error::{Refusal, Step};
use crate::event::{Event, EventSink, RequestFailed, RequestRejected, RequestTrail, report};
use crate::http::Response;

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

    /// To `tracing` and to the host.
    pub(crate) fn report(&self, event: &Event<'_>) {
        report(&*self.events, event);
    }
}

/// For the steps of a request, so that `tracing` hears from them what the host does.
impl EventSink for Inner {
    fn record(&self, event: &Event<'_>) {
        self.report(event);
    }
}
