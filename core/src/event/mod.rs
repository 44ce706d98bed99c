//! What happened, for the operator: stable, named, without a secret in it.

mod trace;

use std::error::Error;
use std::fmt;
use std::fmt::Debug;

pub use crate::error::{ErrorCode, FaultKind, Reason};
use crate::fetch::{FetchError, KeySource};
use crate::store::CompatibilitySwitch;
use crate::types::{
    ClientId, CredentialId, HostKeyId, InitialAccessId, IssuerName, Jti, KeyId, ResourceUri, Scope, Timestamp,
};
pub(crate) use trace::report;

/// Receives events, for audit trails and metrics. The same go to `tracing`.
///
/// Called on the path of requests: it must not block and must not panic. Put them into a channel.
pub trait EventSink: Debug + Send + Sync + 'static {
    /// Something happened.
    fn record(&self, event: &Event<'_>);
}

impl<T: EventSink + ?Sized> EventSink for std::sync::Arc<T> {
    fn record(&self, event: &Event<'_>) {
        T::record(self, event);
    }
}

/// Nobody is told but `tracing`.
#[derive(Debug)]
pub(crate) struct NoSink;

impl EventSink for NoSink {
    fn record(&self, _event: &Event<'_>) {}
}

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A token was issued.
    TokenIssued(TokenIssued<'a>),
    /// A token was introspected.
    TokenIntrospected(TokenIntrospected<'a>),
    /// A token was revoked and the store has kept that, or there was nothing to revoke.
    TokenRevoked(TokenRevoked<'a>),
    /// A request was refused by its own fault.
    RequestRejected(RequestRejected<'a>),
    /// A request failed by ours.
    RequestFailed(RequestFailed<'a>),
    /// The rate limiter could not be asked or told; the attempt went on.
    RateLimiterFailed(&'a (dyn Error + 'static)),
    /// A signing key was made and stored.
    SigningKeyCreated {
        /// Its `kid`.
        kid: &'a KeyId,
        /// Its `alg`.
        alg: &'a str,
    },
    /// It was written from when on a signing key signs.
    SigningKeyScheduled {
        /// Its `kid`.
        kid: &'a KeyId,
        /// When it begins.
        signs_from: Timestamp,
    },
    /// The trust in a signing key was ended before its time, here or by another process: it is published no more and its
    /// tokens are not active.
    SigningKeyRetired {
        /// Its `kid`.
        kid: &'a KeyId,
        /// Why, in the operator's words.
        because: &'a str,
    },
    /// A signing key was forgotten: no token of it lives.
    SigningKeyRemoved {
        /// Its `kid`.
        kid: &'a KeyId,
    },
    /// A signing key was sealed anew, under the newest host key.
    SigningKeyResealed {
        /// Its `kid`.
        kid: &'a KeyId,
        /// The host key that it needs from now on.
        host_key: &'a HostKeyId,
    },
    /// A client was registered, changed or deleted, and the store has kept that.
    ClientChanged(ClientChanged<'a>),
    /// A client has proved itself with this credential, for the first time in this process for an hour.
    CredentialUsed {
        /// The client.
        client_id: &'a ClientId,
        /// The credential.
        credential: &'a CredentialId,
    },
    /// A client still uses a credential that ends within two weeks. Said at most once an hour.
    CredentialExpiring {
        /// The client.
        client_id: &'a ClientId,
        /// The credential.
        credential: &'a CredentialId,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A compatibility switch was needed: without it this client's request would have been refused, or a document would
    /// not have said what was read.
    CompatibilityUsed {
        /// The client; `None` where nobody said who reads (`openid_discovery`).
        client_id: Option<&'a ClientId>,
        /// The switch.
        switch: &'a CompatibilitySwitch,
    },
    /// The keys of a client or of another issuer could not be fetched, so that the request was refused as one with a wrong
    /// signature is (T63).
    KeySetFetchFailed {
        /// The client, if the request names one. **Claimed**: whoever sent the request has proved nothing.
        client_id: Option<&'a ClientId>,
        /// Where they are.
        source: &'a KeySource,
        /// What failed.
        error: &'a FetchError,
    },
    /// A workload's token was not that of any workload of the client.
    WorkloadMismatch(WorkloadMismatch<'a>),
    /// Work behind the requests failed: keeping up the signing keys, telling which credentials were used, or pruning. The old state stays in use.
    MaintenanceFailed(&'a (dyn Error + 'static)),
}

/// What one request has been about, as far as it got. `client_id` is **claimed** until the request has succeeded.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RequestTrail {
    /// The endpoint: `token`, `introspection`, `revocation`, `jwks`, `metadata` and so on.
    pub endpoint: &'static str,
    /// Who the request claims to come from.
    pub client_id: Option<ClientId>,
    /// The grant, once it was recognised.
    pub grant: Option<&'static str>,
    /// The authentication method that was presented.
    pub method: Option<&'static str>,
    /// The credential that matched.
    pub credential: Option<CredentialId>,
    /// Who vouches for the subject, where the grant is an assertion of a trusted issuer. **Claimed** as well.
    pub issuer: Option<IssuerName>,
}

/// See [`Event::ClientChanged`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ClientChanged<'a> {
    /// The client.
    pub client_id: &'a ClientId,
    /// What became of it.
    pub change: ClientChange<'a>,
    /// On whose word.
    pub by: ChangedBy<'a>,
}

/// What became of a client.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ClientChange<'a> {
    /// It was registered.
    Created,
    /// Its record was changed.
    Updated,
    /// It got another secret.
    SecretRotated {
        /// The new one.
        credential: &'a CredentialId,
        /// When its older secrets end, if they have not before.
        others_until: Timestamp,
    },
    /// It got another registration access token, and the older one is dead.
    RegistrationTokenRotated,
    /// All tokens that it had are ended. It may get new ones.
    TokensRevoked,
    /// It gets no tokens, and those that it had are ended.
    Disabled,
    /// It may get tokens again.
    Enabled,
    /// It is gone, with all that it had.
    Deleted,
}

/// On whose word a client changed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ChangedBy<'a> {
    /// The host: an administrator's command, or code by [`Clients`](crate::Clients).
    Host,
    /// Whoever had an initial access token (RFC 7591).
    Registration {
        /// Which; `None` for the one of the configuration.
        initial_access: Option<&'a InitialAccessId>,
    },
    /// The client itself, by its registration access token (RFC 7592).
    Client,
    /// Maintenance: it was never used.
    Maintenance,
}

/// See [`Event::WorkloadMismatch`]. The client learns `invalid_client`.
#[derive(Debug)]
#[non_exhaustive]
pub struct WorkloadMismatch<'a> {
    /// The client. **Claimed**: whoever sent the request may be anybody's workload.
    pub client_id: &'a ClientId,
    /// The credential that comes nearest: of those whose issuer signed the token the one of which most claims fit.
    pub credential: &'a CredentialId,
    /// The first claim that differs: `iss`, `sub`, `aud` or the name of a further one.
    pub claim: &'a str,
    /// What the token says there, as its issuer signed it; `None` where it says nothing, and for `iss`, which nobody has
    /// signed. At most 256 characters of any text: escape it.
    pub said: Option<&'a str>,
}

/// See [`Event::TokenIssued`].
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenIssued<'a> {
    /// What the request was about.
    pub trail: &'a RequestTrail,
    /// `sub`.
    pub subject: &'a str,
    /// `aud`.
    pub audience: &'a ResourceUri,
    /// The granted scope.
    pub scope: &'a Scope,
    /// `jti`: names the token without being it.
    pub jti: &'a Jti,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// See [`Event::TokenIntrospected`].
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenIntrospected<'a> {
    /// What the request was about: who asked.
    pub trail: &'a RequestTrail,
    /// Why the caller was told that the token is not active; `None` where it was told all about it.
    pub inactive: Option<Reason>,
    /// To whom the token was issued, where the caller was told.
    pub owner: Option<&'a ClientId>,
    /// Names the token without being it, where the caller was told.
    pub jti: Option<&'a Jti>,
}

/// See [`Event::TokenRevoked`].
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenRevoked<'a> {
    /// What the request was about.
    pub trail: &'a RequestTrail,
    /// Why there was nothing to revoke, which the client is not told; `None` where the token was revoked.
    pub nothing: Option<Reason>,
    /// Names the token without being it.
    pub jti: Option<&'a Jti>,
    /// When it would have ended by itself.
    pub expires_at: Option<Timestamp>,
}

/// See [`Event::RequestRejected`].
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestRejected<'a> {
    /// What the request was about.
    pub trail: &'a RequestTrail,
    /// What the client was told.
    pub code: ErrorCode,
    /// What it was not told.
    pub reason: Reason,
}

/// See [`Event::RequestFailed`].
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestFailed<'a> {
    /// What the request was about.
    pub trail: &'a RequestTrail,
    /// How it was answered.
    pub kind: FaultKind,
    /// What failed.
    pub source: &'a (dyn Error + 'static),
}

impl<'a> TokenIssued<'a> {
    pub(crate) const fn new(
        trail: &'a RequestTrail,
        subject: &'a str,
        (audience, scope): (&'a ResourceUri, &'a Scope),
        jti: &'a Jti,
        expires_at: Timestamp,
    ) -> Self {
        Self { trail, subject, audience, scope, jti, expires_at }
    }
}

impl<'a> WorkloadMismatch<'a> {
    pub(crate) const fn new(
        client_id: &'a ClientId,
        credential: &'a CredentialId,
        claim: &'a str,
        said: Option<&'a str>,
    ) -> Self {
        Self { client_id, credential, claim, said }
    }
}

impl<'a> TokenIntrospected<'a> {
    pub(crate) const fn new(
        trail: &'a RequestTrail,
        inactive: Option<Reason>,
        (owner, jti): (Option<&'a ClientId>, Option<&'a Jti>),
    ) -> Self {
        Self { trail, inactive, owner, jti }
    }
}

impl<'a> TokenRevoked<'a> {
    pub(crate) const fn new(trail: &'a RequestTrail, jti: Option<&'a Jti>, expires_at: Timestamp) -> Self {
        Self { trail, nothing: None, jti, expires_at: Some(expires_at) }
    }

    pub(crate) const fn nothing(trail: &'a RequestTrail, reason: Reason) -> Self {
        Self { trail, nothing: Some(reason), jti: None, expires_at: None }
    }
}

/// An error and everything behind it, for the operator.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let cause = error.to_string();
            // Some say what their source says.
            if !text.ends_with(&cause) {
                text = format!("{text}: {cause}");
            }
            source = error.source();
        }
        f.write_str(&text)
    }
}
