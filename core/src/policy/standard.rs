//! The built-in policy: RFC 6749 §3.3, RFC 8707 §2 and RFC 9068 §3.

use async_trait::async_trait;

use super::{AskedScope, Issuance, IssuancePolicy, PolicyRefusal, Terms};
use crate::error::{ErrorCode, Reason};
use crate::resource::declared::DeclaredResource;
use crate::types::Scope;

/// Grants what was asked, if the client holds all of it at one resource; else refuses.
///
/// - The resource is the one asked for; else the one that the scopes imply; else the declared default; else the
///   only one; else `invalid_target`.
/// - Scopes that span resources, or of which one is unknown or not the client's, are `invalid_scope`.
/// - No scope asked for: the client's default scope, as far as the resource knows it. `invalid_scope` where that
///   is empty and the resource has scopes.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardPolicy;

#[async_trait]
impl IssuancePolicy for StandardPolicy {
    async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal> {
        let resource = resource(issuance)?;
        let scope = scope(issuance, resource)?;
        Ok(Terms::new(resource.uri().clone(), scope, resource.lifetime()))
    }
}

/// The one resource that the token is for.
fn resource<'a>(issuance: &Issuance<'a>) -> Result<&'a DeclaredResource, PolicyRefusal> {
    if let Some(uri) = &issuance.asked.resource {
        let Some(resource) = issuance.resources.find(uri) else { return target(Reason::ResourceUnknown) };
        if !issuance.may_access(uri) {
            return target(Reason::ResourceNotAllowed);
        }
        return Ok(resource);
    }
    let own = || issuance.resources.iter().filter(|resource| issuance.may_access(resource.uri()));
    let default = issuance.resources.default_resource().filter(|r| issuance.may_access(r.uri()));
    let implied_by = |scope: &Scope| -> Vec<_> { own().filter(|r| scope.is_within(r.scope())).collect() };
    let among = |candidates: Vec<&'a DeclaredResource>| match candidates.as_slice() {
        [only] => Some(*only),
        several => default.filter(|default| several.iter().any(|r| r.uri() == default.uri())),
    };
    let found = match &issuance.asked.scope {
        AskedScope::Tokens(asked) => {
            let candidates = implied_by(asked);
            if candidates.is_empty() {
                return scope_of_no_resource(issuance, asked);
            }
            among(candidates)
        }
        AskedScope::Default | AskedScope::All => {
            let scope = issuance.narrow(issuance.client.default_scope().clone());
            let implied = if scope.is_empty() { None } else { among(implied_by(&scope)) };
            implied.or(default).or_else(|| among(own().collect()))
        }
    };
    found.map_or_else(|| target(Reason::ResourceUndecided), Ok)
}

/// None of the client's resources knows all of the scopes: because one is unknown, because they span several, or
/// because the resource that does is not the client's.
fn scope_of_no_resource<T>(issuance: &Issuance<'_>, asked: &Scope) -> Result<T, PolicyRefusal> {
    let known = |token: &str| issuance.resources.iter().any(|resource| resource.scope().contains(token));
    let belong_together = issuance.resources.iter().any(|resource| asked.is_within(resource.scope()));
    scope_error(match (asked.tokens().all(known), belong_together) {
        (false, _) => Reason::ScopeUnknown,
        (true, false) => Reason::ScopeSpansResources,
        (true, true) => Reason::ResourceNotAllowed,
    })
}

/// Scope granted ⊆ requested ⊆ registered, and nothing that the resource does not know.
fn scope(issuance: &Issuance<'_>, resource: &DeclaredResource) -> Result<Scope, PolicyRefusal> {
    let client = issuance.client;
    let scope = match &issuance.asked.scope {
        AskedScope::Tokens(asked) => {
            if !asked.is_within(resource.scope()) {
                return scope_error(Reason::ScopeNotOfResource);
            }
            if let Some(reason) = issuance.forbids(asked) {
                return scope_error(reason);
            }
            asked.clone()
        }
        AskedScope::Default => issuance.narrow(client.default_scope().intersect(resource.scope())),
        AskedScope::All => issuance.narrow(client.scope().intersect(resource.scope())),
    };
    if scope.is_empty() && !resource.scope().is_empty() {
        return scope_error(Reason::ScopeEmpty);
    }
    Ok(scope)
}

fn target<T>(reason: Reason) -> Result<T, PolicyRefusal> {
    Err(PolicyRefusal::rejected(ErrorCode::InvalidTarget, reason))
}

fn scope_error<T>(reason: Reason) -> Result<T, PolicyRefusal> {
    Err(PolicyRefusal::rejected(ErrorCode::InvalidScope, reason))
}
