//! Events as lines of `tracing`.

use tracing::{Span, field};

use super::{
    Chain, ChangedBy, ClientChange, ClientChanged, ErrorCode, Event, EventSink, FaultKind, Reason,
    RequestTrail, WorkloadMismatch,
};
use crate::types::{InitialAccessId, Timestamp};

/// To `tracing` first, then to the host.
pub(crate) fn report(host: &dyn EventSink, event: &Event<'_>) {
    trace(event);
    host.record(event);
}

fn trace(event: &Event<'_>) {
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
            // A constant, as the answer has it.
            let rule = if let ErrorCode::InvalidClientMetadata(rule) = rejected.code {
                Some(field::display(rule))
            } else {
                None
            };
            tracing::info!(
                endpoint = rejected.trail.endpoint,
                error = rejected.code.as_str(),
                reason = rejected.reason.as_str(),
                rule,
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
        Event::ClientChanged(ClientChanged { client_id, change, by }) => {
            let (what, credential, others_until) = match change {
                ClientChange::Created => ("created", None, None),
                ClientChange::Updated => ("updated", None, None),
                ClientChange::SecretRotated { credential, others_until } => {
                    ("secret rotated", Some(field::display(credential)), Some(field::display(others_until)))
                }
                ClientChange::RegistrationTokenRotated => ("registration token rotated", None, None),
                ClientChange::TokensRevoked => ("tokens revoked", None, None),
                ClientChange::Disabled => ("disabled", None, None),
                ClientChange::Enabled => ("enabled", None, None),
                ClientChange::Deleted => ("deleted", None, None),
            };
            let (by, initial_access) = match by {
                ChangedBy::Host => ("host", None),
                ChangedBy::Registration { initial_access } => ("registration", *initial_access),
                ChangedBy::Client => ("client", None),
                ChangedBy::Maintenance => ("maintenance", None),
            };
            let initial_access = initial_access.map(InitialAccessId::as_str);
            tracing::info!(%client_id, by, initial_access, credential, others_until, "client {what}");
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
