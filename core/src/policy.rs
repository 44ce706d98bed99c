//! What a token says: scope, audience, lifetime and claims, as one decision.

mod asked;
mod grant_assertion;
mod standard;
mod terms;

pub(crate) use asked::read as read_asked;
pub use asked::{Asked, AskedScope};
pub use grant_assertion::GrantAssertion;
pub use standard::StandardPolicy;
pub use terms::Terms;
pub(crate) use terms::check as check_terms;

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::{ErrorCode, Fault, Reason, Refusal, Rejection};
use crate::resource::declared::Resources;
use crate::store::Client;
use crate::types::{ResourceUri, Scope, Timestamp};

/// Decides what a token says. [`StandardPolicy`] is the built-in one; a policy of one's own usually asks it first
/// and then narrows what it gave.
///
/// ```
/// use grantor::async_trait;
/// use grantor::policy::{Issuance, IssuancePolicy, PolicyRefusal, StandardPolicy, Terms};
///
/// #[derive(Debug)]
/// struct WithTenant;
///
/// #[async_trait]
/// impl IssuancePolicy for WithTenant {
///     async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal> {
///         let terms = StandardPolicy.decide(issuance).await?;
///         Ok(terms.claim("tenant", issuance.client.id().as_str().split('-').next().unwrap_or_default()))
///     }
/// }
/// ```
#[async_trait]
pub trait IssuancePolicy: Debug + Send + Sync + 'static {
    /// The terms of a token for an authenticated client whose grant was approved.
    ///
    /// Core holds every policy to the rules: the audience is a declared resource that the client may access, the
    /// scope is within what was asked, what the client holds, what the resource knows and what the grant's assertion is good for,
    /// the lifetime within 24 hours, and no claim takes a registered name. Terms outside of that are answered 500 and nothing is issued.
    ///
    /// # Errors
    ///
    /// [`PolicyRefusal`] to refuse the request, or because what the policy asks is away.
    async fn decide(&self, issuance: &Issuance<'_>) -> Result<Terms, PolicyRefusal>;
}

/// What a policy decides on. All of it has been checked for form; `client` is authenticated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Issuance<'a> {
    /// The client, as it was read for this request.
    pub client: &'a Client,
    /// What it asks for.
    pub asked: &'a Asked,
    /// What there is to ask for.
    pub resources: &'a Resources,
    /// The assertion that is the grant (RFC 7523 §2.1), verified; `None` for a client that acts for itself.
    pub assertion: Option<&'a GrantAssertion>,
    /// The time of the request.
    pub now: Timestamp,
}

impl<'a> Issuance<'a> {
    pub(crate) const fn new(
        client: &'a Client,
        (asked, resources): (&'a Asked, &'a Resources),
        assertion: Option<&'a GrantAssertion>,
        now: Timestamp,
    ) -> Self {
        Self { client, asked, resources, assertion, now }
    }

    /// Whether this resource is for the client, and for the assertion if there is one.
    #[must_use]
    pub fn may_access(&self, resource: &ResourceUri) -> bool {
        self.client.may_access(resource)
            && self.assertion.is_none_or(|assertion| {
                self.resources.find(resource).is_some_and(|resource| assertion.may_access(resource))
            })
    }

    /// As much of `scope` as the assertion is good for, if there is one. What the client holds is another bound.
    #[must_use]
    pub fn narrow(&self, scope: Scope) -> Scope {
        match self.assertion {
            Some(assertion) => assertion.narrow(scope),
            None => scope,
        }
    }

    /// Why the client cannot have this scope, if so.
    fn forbids(&self, scope: &Scope) -> Option<Reason> {
        if !scope.is_within(self.client.scope()) {
            return Some(Reason::ScopeNotRegistered);
        }
        self.assertion.and_then(|assertion| assertion.forbids(scope))
    }
}

/// Why a policy gives no terms.
#[derive(Debug)]
pub struct PolicyRefusal(Refusal);

impl PolicyRefusal {
    /// `invalid_scope`: the scope is not for this client.
    #[must_use]
    pub const fn invalid_scope() -> Self {
        Self::rejected(ErrorCode::InvalidScope, Reason::PolicyRefused)
    }

    /// `invalid_target`: the resource is not for this client.
    #[must_use]
    pub const fn invalid_target() -> Self {
        Self::rejected(ErrorCode::InvalidTarget, Reason::PolicyRefused)
    }

    /// `unauthorized_client`: no token for this client at all.
    #[must_use]
    pub const fn unauthorized_client() -> Self {
        Self::rejected(ErrorCode::UnauthorizedClient, Reason::PolicyRefused)
    }

    /// What the policy has to ask is away: 503. The source goes to the operator alone.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Refusal::Failed(Fault::unavailable(source)))
    }

    const fn rejected(code: ErrorCode, reason: Reason) -> Self {
        Self(Refusal::Rejected(Rejection::new(code, reason)))
    }
}

impl From<PolicyRefusal> for Refusal {
    fn from(refusal: PolicyRefusal) -> Self {
        refusal.0
    }
}
