//! A sink that keeps what it was told.

use std::error::Error;
use std::sync::{Arc, Mutex};

use grantor::event::{ChangedBy, ClientChange, ErrorCode, Event, EventSink, FaultKind, Reason};

#[derive(Clone, Debug, Default)]
pub struct Events(Arc<Mutex<Vec<Seen>>>);

/// One event: what it is, and all of its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub kind: Kind,
    pub client_id: Option<String>,
    pub credential: Option<String>,
    /// The error and its sources, for events that carry one.
    pub source: String,
    /// `{event:?}`.
    pub debug: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Issued,
    Rejected(ErrorCode, Reason),
    Failed(FaultKind),
    /// Why the caller was told that a token is not active, if it was.
    Introspected(Option<Reason>),
    Revoked,
    /// Why there was nothing.
    NothingToRevoke(Reason),
    RateLimiterFailed,
    KeyCreated,
    KeyScheduled,
    /// Why.
    KeyRetired(String),
    KeyRemoved,
    KeyResealed,
    CredentialUsed,
    CredentialExpiring,
    MaintenanceFailed,
    /// A client changed: what became of it, and on whose word.
    Changed(&'static str, &'static str),
    /// A compatibility switch, by its name.
    Compatibility(String),
    /// The `jwks_uri` that could not be fetched.
    KeySetFetchFailed(String),
    /// The claim that differed, and what it said.
    WorkloadMismatch(String, Option<String>),
    Other,
}

impl Events {
    pub fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    #[track_caller]
    pub fn last(&self) -> Seen {
        self.all().pop().expect("an event")
    }

    /// The private reason of the last event, which must be a rejection.
    #[track_caller]
    pub fn reason(&self) -> Reason {
        let last = self.last();
        let Kind::Rejected(_, reason) = last.kind else { panic!("{:?} is no rejection", last.kind) };
        reason
    }

    /// The credential by which the last token was issued.
    #[track_caller]
    pub fn credential(&self) -> String {
        let last = self.last();
        assert_eq!(last.kind, Kind::Issued);
        last.credential.expect("a credential")
    }

    pub fn count(&self, kind: &Kind) -> usize {
        self.all().iter().filter(|seen| seen.kind == *kind).count()
    }
}

impl EventSink for Events {
    fn record(&self, event: &Event<'_>) {
        let mut seen = Seen {
            kind: Kind::Other,
            client_id: None,
            credential: None,
            source: String::new(),
            debug: format!("{event:?}{event:#?}"),
        };
        let trail = match event {
            Event::TokenIssued(issued) => {
                seen.kind = Kind::Issued;
                Some(issued.trail)
            }
            Event::RequestRejected(rejected) => {
                seen.kind = Kind::Rejected(rejected.code, rejected.reason);
                Some(rejected.trail)
            }
            Event::TokenIntrospected(introspected) => {
                seen.kind = Kind::Introspected(introspected.inactive);
                Some(introspected.trail)
            }
            Event::TokenRevoked(revoked) => {
                seen.kind = revoked.nothing.map_or(Kind::Revoked, Kind::NothingToRevoke);
                Some(revoked.trail)
            }
            Event::RequestFailed(failed) => {
                seen.kind = Kind::Failed(failed.kind);
                seen.source = chain(failed.source);
                Some(failed.trail)
            }
            Event::RateLimiterFailed(error) => {
                seen.kind = Kind::RateLimiterFailed;
                seen.source = chain(*error);
                None
            }
            Event::MaintenanceFailed(error) => {
                seen.kind = Kind::MaintenanceFailed;
                seen.source = chain(*error);
                None
            }
            Event::SigningKeyCreated { .. } => {
                seen.kind = Kind::KeyCreated;
                None
            }
            Event::SigningKeyScheduled { .. } => {
                seen.kind = Kind::KeyScheduled;
                None
            }
            Event::SigningKeyRetired { because, .. } => {
                seen.kind = Kind::KeyRetired((*because).to_owned());
                None
            }
            Event::SigningKeyRemoved { .. } => {
                seen.kind = Kind::KeyRemoved;
                None
            }
            Event::SigningKeyResealed { .. } => {
                seen.kind = Kind::KeyResealed;
                None
            }
            Event::CredentialUsed { client_id, credential } => {
                seen.kind = Kind::CredentialUsed;
                seen.client_id = Some(client_id.to_string());
                seen.credential = Some(credential.to_string());
                None
            }
            Event::CredentialExpiring { client_id, credential, .. } => {
                seen.kind = Kind::CredentialExpiring;
                seen.client_id = Some(client_id.to_string());
                seen.credential = Some(credential.to_string());
                None
            }
            Event::ClientChanged(changed) => {
                seen.kind = Kind::Changed(became(&changed.change), on_word_of(&changed.by));
                seen.client_id = Some(changed.client_id.to_string());
                if let ChangedBy::Registration { initial_access: Some(id) } = changed.by {
                    seen.credential = Some(id.to_string());
                }
                None
            }
            Event::CompatibilityUsed { client_id, switch } => {
                seen.kind = Kind::Compatibility(switch.as_str().to_owned());
                seen.client_id = client_id.map(ToString::to_string);
                None
            }
            Event::WorkloadMismatch(mismatch) => {
                let said = mismatch.said.map(str::to_owned);
                seen.kind = Kind::WorkloadMismatch(mismatch.claim.to_owned(), said);
                seen.client_id = Some(mismatch.client_id.to_string());
                seen.credential = Some(mismatch.credential.to_string());
                None
            }
            Event::KeySetFetchFailed { client_id, source, error } => {
                seen.kind = Kind::KeySetFetchFailed(source.to_string());
                seen.client_id = client_id.map(ToString::to_string);
                seen.source = chain(*error);
                None
            }
            _ => None,
        };
        if let Some(trail) = trail {
            seen.client_id = trail.client_id.as_ref().map(ToString::to_string);
            seen.credential = trail.credential.as_ref().map(ToString::to_string);
        }
        self.0.lock().unwrap().push(seen);
    }
}

fn became(change: &ClientChange<'_>) -> &'static str {
    match change {
        ClientChange::Created => "created",
        ClientChange::Updated => "updated",
        ClientChange::SecretRotated { .. } => "secret rotated",
        ClientChange::RegistrationTokenRotated => "registration token rotated",
        ClientChange::TokensRevoked => "tokens revoked",
        ClientChange::Disabled => "disabled",
        ClientChange::Enabled => "enabled",
        ClientChange::Deleted => "deleted",
        _ => "other",
    }
}

fn on_word_of(by: &ChangedBy<'_>) -> &'static str {
    match by {
        ChangedBy::Host => "host",
        ChangedBy::Registration { .. } => "registration",
        ChangedBy::Client => "client",
        ChangedBy::Maintenance => "maintenance",
        _ => "other",
    }
}

/// An error and everything behind it.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}
