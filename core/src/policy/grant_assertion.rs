//! The assertion that is the grant, as far as it bears on what a token says (RFC 7521 §4.1).

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Asked, AskedScope};
use crate::error::Reason;
use crate::resource::declared::DeclaredResource;
use crate::store::TrustedIssuer;
use crate::types::Scope;

/// A verified assertion that is the grant (RFC 7523 §2.1): of a trusted issuer, or of the client itself.
pub struct GrantAssertion {
    pub(crate) trusted: Option<Arc<TrustedIssuer>>,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// Its own `scope`, where that is heeded.
    pub(crate) scope: Option<Scope>,
    pub(crate) payload: Vec<u8>,
}

impl GrantAssertion {
    /// `iss`: who vouches for the subject.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: who the token is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The record of the issuer; `None` for a client that is its own.
    #[must_use]
    pub fn trusted(&self) -> Option<&TrustedIssuer> {
        self.trusted.as_deref()
    }

    /// All claims, as they came.
    #[must_use]
    pub fn claims(&self) -> Map<String, Value> {
        serde_json::from_slice(&self.payload).unwrap_or_default()
    }

    /// Whose `sub` it is, for a token: two issuers may give one name to different subjects (RFC 9493 §3.2.4, RFC 9700 §4.15).
    /// `None` for a client that is its own issuer: this server knows it by that name.
    pub(crate) fn subject_id(&self) -> Option<Value> {
        self.trusted.as_ref()?;
        Some(json!({ "format": "iss_sub", "iss": self.issuer, "sub": self.subject }))
    }

    /// Its own `scope` stands for that of a request without one.
    pub(crate) fn complete(&self, asked: Asked) -> Asked {
        match (&self.scope, &asked.scope) {
            (Some(own), AskedScope::Default) => Asked { scope: AskedScope::Tokens(own.clone()), ..asked },
            _ => asked,
        }
    }

    /// Why this scope is not to be had with it, if so.
    pub(crate) fn forbids(&self, scope: &Scope) -> Option<Reason> {
        if self.scope.as_ref().is_some_and(|own| !scope.is_within(own)) {
            return Some(Reason::ScopeNotOfAssertion);
        }
        let beyond = self.trusted.as_ref().is_some_and(|trusted| !scope.is_within(trusted.scope()));
        beyond.then_some(Reason::ScopeNotOfIssuer)
    }

    /// As much of `scope` as is to be had with it.
    pub(crate) fn narrow(&self, scope: Scope) -> Scope {
        let scope = match &self.scope {
            Some(own) => scope.intersect(own),
            None => scope,
        };
        match &self.trusted {
            Some(trusted) => scope.intersect(trusted.scope()),
            None => scope,
        }
    }

    /// Whether it is good for this resource. One without scopes, where every token may do everything, has to be listed: nothing else
    /// bounds what the issuer can get there.
    pub(crate) fn may_access(&self, resource: &DeclaredResource) -> bool {
        let Some(trusted) = &self.trusted else { return true };
        let is_bounded = trusted.resources().is_some() || !resource.scope().is_empty();
        is_bounded && trusted.may_access(resource.uri())
    }
}

impl fmt::Debug for GrantAssertion {
    /// Without the claims, which may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantAssertion")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
