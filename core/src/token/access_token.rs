//! An access token that has been checked: what it says.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::jwt::EPOCH;
use crate::resource::ProtectedResource;
use crate::store::TokenRecord;
use crate::types::{ClientId, Issuer, Jti, Scope, Timestamp, TokenId};

/// Claims that have a method of their own here, or mean nothing to an API.
const KNOWN: [&str; 12] =
    ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "nbf", "jti", "active", "token_type", EPOCH];

/// An access token that has been checked: signature or record, issuer, times, and whatever else its reader asked for
/// (RFC 9068 §4).
///
/// It holds what the token says and not the token itself, so that it cannot be passed on by mistake.
#[derive(Clone)]
pub struct AccessToken(pub(crate) Contents);

/// What a token says.
#[derive(Clone)]
pub(crate) struct Contents {
    pub(crate) id: TokenId,
    pub(crate) issuer: Issuer,
    pub(crate) client_id: ClientId,
    pub(crate) subject: String,
    pub(crate) audience: Vec<String>,
    pub(crate) scope: Scope,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    pub(crate) jti: Option<Jti>,
    /// The client's token epoch when it was issued. Only of this server's own tokens.
    pub(crate) epoch: u64,
    pub(crate) is_bound: bool,
    pub(crate) claims: Claims,
    /// The resource of the verifier that has checked it.
    pub(crate) checked_for: Option<Arc<ProtectedResource>>,
}

/// All claims, as they came.
#[derive(Clone)]
pub(crate) enum Claims {
    /// The payload of a JWT, and whether it holds any that have no method.
    Payload { json: Vec<u8>, has_further: bool },
    /// What is stored of an opaque token: its further claims alone.
    Record(Arc<TokenRecord>),
    /// The members of an introspection answer.
    Members(Map<String, Value>),
}

impl Claims {
    /// Whether the token itself says them.
    pub(crate) const fn are_signed(&self) -> bool {
        matches!(self, Self::Payload { .. })
    }
}

impl AccessToken {
    /// `iss`: who issued it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.issuer.as_str()
    }

    /// `client_id`: to whom it was issued (RFC 8693 §4.3).
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// `sub`: for whom it acts. For a client that acts for itself its own id.
    ///
    /// Where a trusted issuer vouched for the subject the claim `sub_id` says which (RFC 9493): two issuers may give one name to
    /// different subjects, so go by that before you give rights to a name.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// `aud`: the resources that it is for.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.0.audience.iter().map(String::as_str)
    }

    /// What it allows.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// `iat`, which every token of Grantor has.
    #[must_use]
    pub const fn issued_at(&self) -> Option<Timestamp> {
        self.0.issued_at
    }

    /// `exp`: from when on it is not honoured.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// `jti`: names the token without being it, for logs. Every token of Grantor has one.
    #[must_use]
    pub const fn jti(&self) -> Option<&Jti> {
        self.0.jti.as_ref()
    }

    /// All claims, as `C` names them. The error may hold values of them.
    pub(crate) fn deserialize<C: DeserializeOwned>(&self) -> serde_json::Result<C> {
        match &self.0.claims {
            Claims::Payload { json, .. } => serde_json::from_slice(json),
            Claims::Record(_) | Claims::Members(_) => serde_json::from_value(Value::Object(self.members())),
        }
    }

    /// The claims that have no method here: those of the issuance policy, and the key that the token is bound to.
    pub(crate) fn further(&self) -> Map<String, Value> {
        let mut claims = match &self.0.claims {
            Claims::Payload { has_further: false, .. } => Map::new(),
            Claims::Payload { json, .. } => serde_json::from_slice(json).unwrap_or_default(),
            Claims::Record(record) => {
                let mut claims = record.claims().clone();
                claims.extend(record.confirmation().map(|key| ("cnf".to_owned(), key.clone().into())));
                claims
            }
            Claims::Members(members) => members.clone(),
        };
        claims.retain(|name, _| !KNOWN.contains(&name.as_str()));
        claims
    }

    /// All claims of a token that is no JWT, as those of a JWT are.
    fn members(&self) -> Map<String, Value> {
        let mut members = self.further();
        let own = &self.0;
        let aud = match own.audience.as_slice() {
            [one] => Value::from(one.as_str()),
            several => Value::from(several),
        };
        let text =
            [("iss", own.issuer.as_str()), ("sub", &own.subject), ("client_id", own.client_id.as_str())];
        members.extend(text.map(|(name, value)| (name.to_owned(), value.into())));
        members.insert("aud".to_owned(), aud);
        members.insert("exp".to_owned(), own.expires_at.as_unix().into());
        if !own.scope.is_empty() {
            members.insert("scope".to_owned(), own.scope.as_str().into());
        }
        members.extend(own.issued_at.map(|moment| ("iat".to_owned(), moment.as_unix().into())));
        members.extend(own.jti.as_ref().map(|jti| ("jti".to_owned(), jti.as_str().into())));
        members
    }
}

impl fmt::Debug for AccessToken {
    /// Without the policy's claims, which may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("issuer", &self.0.issuer)
            .field("client_id", &self.0.client_id)
            .field("subject", &self.0.subject)
            .field("audience", &self.0.audience)
            .field("scope", &self.0.scope)
            .field("expires_at", &self.0.expires_at)
            .field("jti", &self.0.jti)
            .finish_non_exhaustive()
    }
}
