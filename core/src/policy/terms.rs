//! The terms of a token, and the rules that no policy can bend.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Asked, AskedScope, Issuance};
use crate::error::{Fault, Step};
use crate::resource::declared::{DeclaredResource, MAX_LIFETIME};
use crate::types::{ResourceUri, Scope};

/// What a token will say.
#[derive(Clone, Debug)]
pub struct Terms {
    audience: ResourceUri,
    scope: Scope,
    lifetime: Duration,
    claims: Map<String, Value>,
}

impl Terms {
    /// Terms for one audience.
    #[must_use]
    pub fn new(audience: ResourceUri, scope: Scope, lifetime: Duration) -> Self {
        Self { audience, scope, lifetime, claims: Map::new() }
    }

    /// A narrower scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Another lifetime, in whole seconds.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// A further claim. Everybody who sees the token can read it.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// `aud`.
    #[must_use]
    pub const fn audience(&self) -> &ResourceUri {
        &self.audience
    }

    /// The granted scope.
    #[must_use]
    pub const fn granted_scope(&self) -> &Scope {
        &self.scope
    }

    /// How long the token lives.
    #[must_use]
    pub const fn granted_lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(crate) const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// Claims that a policy cannot set: those of RFC 9068 §2.2, RFC 7519 §4.1, RFC 7800, RFC 9493 and our own, and what introspection
/// says of a token beside them (RFC 7662 §2.2).
const RESERVED: [&str; 15] = [
    "iss",
    "sub",
    "sub_id",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "scope",
    "cnf",
    "act",
    "grantor_epoch",
    "active",
    "token_type",
];

/// What this server reads back of its own tokens, with room to spare.
const MAX_CLAIMS: usize = 64;
const MAX_DEPTH: usize = 8;

fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(values) => levels == 0 || values.iter().any(|value| is_deeper(value, levels - 1)),
        Value::Object(members) => {
            levels == 0
                || members.len() > MAX_CLAIMS
                || members.values().any(|value| is_deeper(value, levels - 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Holds the terms of any policy to the rules, and gives the resource that they name. Breaking them is a mistake
/// of the host, so it is a fault and nobody is told which.
pub(crate) fn check<'a>(terms: &Terms, issuance: &Issuance<'a>) -> Step<&'a DeclaredResource> {
    let broken = |rule: &str| Err(Fault::internal(format!("the issuance policy gave terms {rule}")).into());
    let Some(resource) = issuance.resources.find(&terms.audience) else {
        return broken("for a resource that is not declared");
    };
    if issuance.asked.resource.as_ref().is_some_and(|asked| *asked != terms.audience) {
        return broken("for another resource than the one asked for");
    }
    if !issuance.may_access(&terms.audience) {
        return broken("for a resource that the client may not access, or its assertion is not good for");
    }
    if issuance.forbids(&terms.scope).is_some() || !terms.scope.is_within(resource.scope()) {
        return broken("with a scope that client and resource do not share");
    }
    if let Asked { scope: AskedScope::Tokens(asked), .. } = issuance.asked
        && !terms.scope.is_within(asked)
    {
        return broken("with a scope that was not asked for");
    }
    if issuance.asked.scope == AskedScope::Default && !terms.scope.is_within(issuance.client.default_scope())
    {
        return broken("with a scope beyond the client's default, where none was asked for");
    }
    if terms.lifetime < Duration::from_secs(1) || terms.lifetime > MAX_LIFETIME {
        return broken("with a lifetime outside 1 second to 24 hours");
    }
    if terms.claims.len() > MAX_CLAIMS || terms.claims.values().any(|value| is_deeper(value, MAX_DEPTH)) {
        return broken("with more claims, or deeper ones, than a token takes");
    }
    if !terms.claims.is_empty() && RESERVED.iter().any(|name| terms.claims.contains_key(*name)) {
        return broken("with a claim of a registered name");
    }
    Ok(resource)
}
