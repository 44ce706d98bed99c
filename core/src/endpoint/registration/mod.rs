//! Registration (RFC 7591) and its management (RFC 7592): what is switched on, what a client may say, what it is answered.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use ring::digest::{SHA256, digest};

use crate::store::{AuthMethod, IssuerKeys};
use crate::types::IssuerName;

/// What registration is open to. Given to [`Builder::registration`](crate::Builder::registration); without it there is none.
///
/// Nobody registers without an initial access token (RFC 7591 §1.2): the one given here, or one of the stores
/// ([`Stores::with_initial_access`](crate::Stores::with_initial_access)), which has its own number of uses, end, scope and methods. To let anybody register,
/// publish one with a number of uses.
#[derive(Clone)]
#[must_use = "a registration is given to `Builder::registration`"]
pub struct Registration {
    pub(crate) token: Option<InitialToken>,
    pub(crate) scope: Option<Vec<String>>,
    pub(crate) auth_methods: BTreeSet<AuthMethod>,
    pub(crate) software_issuers: Vec<SoftwareIssuer>,
    pub(crate) secret_lifetime: Option<Duration>,
    pub(crate) unused_for: Option<Duration>,
}

/// The digest of the initial access token of the configuration, and how long it was.
#[derive(Clone, Copy)]
pub(crate) struct InitialToken {
    pub(crate) digest: [u8; 32],
    pub(crate) length: usize,
    /// Whether all of it can stand in an `Authorization` header (RFC 6750 §2.1).
    pub(crate) is_sendable: bool,
}

/// An issuer of software statements.
#[derive(Clone, Debug)]
pub(crate) struct SoftwareIssuer {
    pub(crate) issuer: IssuerName,
    pub(crate) keys: IssuerKeys,
}

/// The methods that registration is open to by default.
const AUTH_METHODS: [AuthMethod; 4] = [
    AuthMethod::CLIENT_SECRET_BASIC,
    AuthMethod::CLIENT_SECRET_POST,
    AuthMethod::CLIENT_SECRET_JWT,
    AuthMethod::PRIVATE_KEY_JWT,
];

/// How long a client that is never used stays by default.
const UNUSED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

impl Default for Registration {
    fn default() -> Self {
        Self::new()
    }
}

impl Registration {
    /// For all scopes that the resources declare and all methods, with secrets that do not end. What is never used for 30 days
    /// is removed.
    pub fn new() -> Self {
        Self {
            token: None,
            scope: None,
            auth_methods: BTreeSet::from(AUTH_METHODS),
            software_issuers: Vec::new(),
            secret_lifetime: None,
            unused_for: Some(UNUSED_FOR),
        }
    }

    /// One initial access token for any number of clients, of at least 32 characters that an `Authorization` header can carry:
    /// for example from `openssl rand -hex 32`.
    pub fn initial_access_token(mut self, token: &str) -> Self {
        self.token = Some(InitialToken::new(token));
        self
    }

    /// The widest scope that a client may register, whatever its initial access token says, and what it gets where it names
    /// none. By default all that the resources declare.
    pub fn scope(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scope = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// The methods by which a client may authenticate: by default all that take a secret, and `private_key_jwt`.
    pub fn auth_methods(mut self, methods: impl IntoIterator<Item = AuthMethod>) -> Self {
        self.auth_methods = methods.into_iter().collect();
        self
    }

    /// Trusts the software statements of this issuer (RFC 7591 §2.3): what one says wins over what the client says. Those of
    /// others are refused.
    pub fn software_issuer(mut self, issuer: IssuerName, keys: IssuerKeys) -> Self {
        self.software_issuers.push(SoftwareIssuer { issuer, keys });
        self
    }

    /// How long a secret lives that registration gives out; an update by the client (RFC 7592 §2.2) gets another one once half of
    /// that has passed. At least an hour. By default secrets do not end.
    pub const fn secret_lifetime(mut self, life: Duration) -> Self {
        self.secret_lifetime = Some(life);
        self
    }

    /// How long a client that registered itself stays without ever getting a token, a day at least; `None` to keep it.
    /// 30 days by default. Needs a store that remembers uses ([`Stores::with_usage`](crate::Stores::with_usage)); without one all stay.
    pub fn unused_for(mut self, span: impl Into<Option<Duration>>) -> Self {
        self.unused_for = span.into();
        self
    }
}

impl InitialToken {
    fn new(token: &str) -> Self {
        let is_sendable =
            token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
        Self { digest: sha256(token.as_bytes()), length: token.len(), is_sendable }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut value = [0; 32];
    value.copy_from_slice(digest(&SHA256, bytes).as_ref());
    value
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("scope", &self.scope)
            .field("auth_methods", &self.auth_methods)
            .finish_non_exhaustive()
    }
}
