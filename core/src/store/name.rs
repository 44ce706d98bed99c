//! Names out of registries that grow: a record may carry one that this release does not know, and keeps it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The one method by which a client authenticates (RFC 7591 §2, `token_endpoint_auth_method`).
///
/// There is no `none`: a public client cannot use the client credentials grant (RFC 6749 §4.4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthMethod(Cow<'static, str>);

impl AuthMethod {
    /// The secret in the `Authorization` header (RFC 6749 §2.3.1).
    pub const CLIENT_SECRET_BASIC: Self = Self(Cow::Borrowed("client_secret_basic"));
    /// The secret in the body (RFC 6749 §2.3.1).
    pub const CLIENT_SECRET_POST: Self = Self(Cow::Borrowed("client_secret_post"));
    /// A JWT made with the secret (OpenID Connect Core §9, RFC 7523 §2.2).
    pub const CLIENT_SECRET_JWT: Self = Self(Cow::Borrowed("client_secret_jwt"));
    /// A JWT signed with a private key (OpenID Connect Core §9, RFC 7523 §2.2).
    pub const PRIVATE_KEY_JWT: Self = Self(Cow::Borrowed("private_key_jwt"));
    /// A JWT that the platform of a workload made about it, sent as `client_assertion` with a `client_id` beside it. A name of
    /// ours: there is no registered one.
    pub const WORKLOAD_JWT: Self = Self(Cow::Borrowed("workload_jwt"));
}

/// The name of a grant (RFC 6749 §4, `grant_type`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantType(Cow<'static, str>);

impl GrantType {
    /// RFC 6749 §4.4.
    pub const CLIENT_CREDENTIALS: Self = Self(Cow::Borrowed("client_credentials"));
    /// RFC 7523 §2.1.
    pub const JWT_BEARER: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:grant-type:jwt-bearer"));
}

/// A named weakening for one client, for software that cannot be changed. Honoured only where the builder
/// permits that switch too, and never set by registration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CompatibilitySwitch(Cow<'static, str>);

macro_rules! name {
    ($type:ident) => {
        impl $type {
            /// By its registered name, compared in exact case.
            #[must_use]
            pub fn new(name: impl Into<String>) -> Self {
                Self(Cow::Owned(name.into()))
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({:?})"), self.as_str())
            }
        }
    };
}

impl CompatibilitySwitch {
    /// Takes the URL of the token endpoint as audience of a client assertion, beside the issuer. Whoever runs
    /// another server that the client trusts can then replay its assertions here (CVE-2025-27370).
    pub const TOKEN_ENDPOINT_AUDIENCE: Self = Self(Cow::Borrowed("token_endpoint_audience"));
    /// Takes an assertion again until its `exp`, if that is at most ten minutes after its `iat`; one without `iat` is
    /// never taken again. Whoever sees one can use it that long.
    pub const ASSERTION_REUSE: Self = Self(Cow::Borrowed("assertion_reuse"));
    /// Takes the grant assertions that Google's libraries make for a service account, of a client that is its own issuer: without
    /// `sub`, with `scope` as a claim, without `jti`, and with the URL of the token endpoint as audience. One without `jti` is taken again until its `exp`: whoever sees it can use it
    /// that long, an hour at most.
    pub const GOOGLE_SERVICE_ACCOUNT: Self = Self(Cow::Borrowed("google_service_account"));
    /// Takes Basic credentials that were not form-encoded (RFC 6749 §2.3.1).
    pub const RAW_BASIC: Self = Self(Cow::Borrowed("raw_basic"));
    /// Adds to the OpenID document what clients that know only OpenID Connect insist on. Server-wide only.
    pub const OPENID_DISCOVERY: Self = Self(Cow::Borrowed("openid_discovery"));
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::TOKEN_ENDPOINT_AUDIENCE,
        Self::ASSERTION_REUSE,
        Self::GOOGLE_SERVICE_ACCOUNT,
        Self::RAW_BASIC,
        Self::OPENID_DISCOVERY,
    ];
}

name!(AuthMethod);
name!(GrantType);
name!(CompatibilitySwitch);
