//! Registration (RFC 7591) and its management (RFC 7592): what is switched on, what a client may say, what it is answered.

mod information;
mod metadata;
mod said;
mod statement;

pub(crate) use information::{ShownSecret, client_information};
pub(crate) use metadata::{ClientMetadata, Openness};
pub(crate) use said::Said;
pub(crate) use statement::verify_statement;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

use crate::bearer::is_b64token;
use crate::config::ConfigError;
use crate::grant::Grant;
use crate::resource::declared::Resources;
use crate::store::{AuthMethod, GrantType, IssuerKeys};
use crate::stores::Stores;
use crate::types::{InvalidValue, IssuerName, Scope};

/// What registration is open to. Given to [`Builder::registration`](crate::Builder::registration); without it there is none.
///
/// Nobody registers without an initial access token (RFC 7591 §1.2): the one given here, or one of the stores
/// ([`Stores::with_initial_access`](crate::Stores::with_initial_access)), which has its own number of uses, end, scope and methods. To let anybody register,
/// publish one with a number of uses.
#[derive(Clone)]
#[must_use = "a registration is given to `Builder::registration`"]
pub struct Registration {
    token: Option<InitialToken>,
    scope: Option<Vec<String>>,
    auth_methods: BTreeSet<AuthMethod>,
    grant_types: BTreeSet<GrantType>,
    software_issuers: Vec<SoftwareIssuer>,
    secret_lifetime: Option<Duration>,
    unused_for: Option<Duration>,
}

/// The digest of the initial access token of the configuration.
#[derive(Clone, Copy)]
struct InitialToken {
    digest: [u8; 32],
    /// Whether it is long enough, and can stand in an `Authorization` header (RFC 6750 §2.1).
    is_strong: bool,
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
            grant_types: BTreeSet::from([GrantType::CLIENT_CREDENTIALS]),
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

    /// The grants that a client may register: by default `client_credentials` alone. With
    /// [`GrantType::JWT_BEARER`] whoever registers may also bring the assertions of every trusted issuer whose record names no clients
    /// ([`TrustedIssuerBuilder::clients`](crate::store::TrustedIssuerBuilder::clients)).
    pub fn grant_types(mut self, grants: impl IntoIterator<Item = GrantType>) -> Self {
        self.grant_types = grants.into_iter().collect();
        self
    }

    /// Trusts the software statements of this issuer (RFC 7591 §2.3): what one says wins over what the client says. Those of
    /// others are refused. Name an issuer, or keys, for statements and nothing else: a JWT that it makes for another purpose could pass
    /// for one. One that is about a subject (`sub`) or for a login (`nonce`) is refused.
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
    /// 30 days by default. What an operator has changed stays, and so does what `serves` or introspects.
    ///
    /// The first use is written into the record, so every server of this issuer needs its
    /// [`Stores::with_registry`](crate::Stores::with_registry), whether or not clients register there: the backends' stores have it.
    pub fn unused_for(mut self, span: impl Into<Option<Duration>>) -> Self {
        self.unused_for = span.into();
        self
    }
}

impl InitialToken {
    fn new(token: &str) -> Self {
        Self { digest: sha256(token.as_bytes()), is_strong: token.len() >= 32 && is_b64token(token) }
    }
}

/// What registration goes by, checked.
pub(crate) struct RegistrationRules {
    token: Option<[u8; 32]>,
    pub(crate) open: Openness,
    pub(crate) software_issuers: Vec<SoftwareIssuer>,
    pub(crate) secret_lifetime: Option<Duration>,
    pub(crate) unused_for: Option<Duration>,
}

impl RegistrationRules {
    /// Everything that can be wrong with it.
    pub(crate) fn check(
        registration: Registration,
        stores: &Stores,
        resources: &Resources,
        fetches: bool,
    ) -> Result<Self, ConfigError> {
        let Registration {
            token,
            scope,
            auth_methods,
            grant_types,
            software_issuers,
            secret_lifetime,
            unused_for,
        } = registration;
        if stores.registry.is_none() {
            return Err(ConfigError::NoRegistry);
        }
        let wrong = |rule: String| ConfigError::Registration { rule };
        let from_value = |rule: InvalidValue| wrong(rule.to_string());
        let declared = Scope::from_tokens(resources.all_scopes()).map_err(from_value)?;
        let scope = match scope {
            Some(scope) => Scope::from_tokens(scope.iter().map(String::as_str)).map_err(from_value)?,
            None => declared.clone(),
        };
        if let Some(undeclared) = scope.tokens().find(|token| !declared.contains(token)) {
            return Err(wrong(format!("no resource declares the scope `{undeclared}`")));
        }
        if let Some(method) = auth_methods.iter().find(|method| !AUTH_METHODS.contains(method)) {
            return Err(wrong(format!("a client cannot register the method `{}`", method.as_str())));
        }
        let days = |count: u64| Duration::from_secs(count * 24 * 3600);
        let mut names: Vec<_> = software_issuers.iter().map(|trusted| trusted.issuer.as_str()).collect();
        names.sort_unstable();
        let rules = [
            (
                token.is_some() || stores.initial_access.is_some(),
                "nobody could register: give an initial access token, or stores that keep some",
            ),
            (
                token.as_ref().is_none_or(|token| token.is_strong),
                "the initial access token must be 32 characters or more of `A-Z a-z 0-9 - . _ ~ + / =`, for example from `openssl rand -hex 32`",
            ),
            (
                !grant_types.is_empty()
                    && grant_types
                        .iter()
                        .all(|grant| Grant::ALL.map(Grant::as_str).contains(&grant.as_str())),
                "at least one grant, and none that this server does not have",
            ),
            (!auth_methods.is_empty(), "at least one method by which a client may authenticate"),
            (
                secret_lifetime
                    .is_none_or(|life| life >= Duration::from_secs(3600) && life.subsec_nanos() == 0),
                "secrets live for whole seconds, an hour at least",
            ),
            (
                unused_for.is_none_or(|span| (days(1)..=days(365)).contains(&span)),
                "clients that are never used stay for a day at least and a year at most",
            ),
            (
                names.windows(2).all(|pair| pair.first() != pair.last()),
                "an issuer of software statements is named twice",
            ),
            (
                software_issuers.iter().all(|trusted| trusted.keys.fit(Some(&trusted.issuer))),
                "the keys of an issuer of software statements have to be given, unless it is an https URL that publishes metadata",
            ),
            (
                fetches || software_issuers.iter().all(|trusted| trusted.keys.held().is_some()),
                "the keys of an issuer of software statements have to be fetched, and nothing fetches them: give the builder `key_sets`",
            ),
        ];
        if let Some((_, rule)) = rules.into_iter().find(|(holds, _)| !holds) {
            return Err(wrong(rule.to_owned()));
        }
        let token = token.map(|token| token.digest);
        Ok(Self {
            token,
            open: Openness { scope, auth_methods, grant_types, fetches },
            software_issuers,
            secret_lifetime,
            unused_for,
        })
    }

    /// What it is open to, in a line.
    pub(crate) fn summary(&self) -> String {
        let methods: Vec<_> = self.open.auth_methods.iter().map(AuthMethod::as_str).collect();
        let unused =
            self.unused_for.map(|span| format!("; goes after {} days unused", span.as_secs() / (24 * 3600)));
        format!(
            "scope [{}] by {}{}",
            self.open.scope.as_str(),
            methods.join(", "),
            unused.unwrap_or_default()
        )
    }

    /// Whether this is the initial access token of the configuration.
    pub(crate) fn is_opened_by(&self, presented: &str) -> bool {
        let digest = sha256(presented.as_bytes());
        self.token.is_some_and(|own| bool::from(own.ct_eq(&digest)))
    }
}

/// Without the digest of the token.
impl fmt::Debug for RegistrationRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationRules").field("open", &self.open).finish_non_exhaustive()
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
