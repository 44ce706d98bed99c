//! Checked tokens as arguments of handlers.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use grantor::resource::{AccessTokenVerifier, RequiredScope};
use serde::de::DeserializeOwned;

use super::Refused;

/// The access token of a request, checked by the [`AccessTokenVerifier`] in the router's state. Without one there the
/// router does not compile.
///
/// As `Option<AccessToken>` it is `None` where no token came. A bad one is still refused.
///
/// A token is checked once for a request, by whichever asks first: layer or extractor. It is left in the request's
/// extensions, for layers of the application's own.
///
/// ```
/// use axum::{Router, routing::get};
/// use grantor::resource::AccessTokenVerifier;
/// use grantor_axum::{AccessToken, Refused};
///
/// async fn invoices(AccessToken(token): AccessToken) -> Result<String, Refused> {
///     token.require("invoices:read")?;
///     Ok(format!("invoices of {}", token.client_id()))
/// }
///
/// fn app(verifier: AccessTokenVerifier) -> Router {
///     Router::new().route("/invoices", get(invoices)).with_state(verifier)
/// }
/// ```
///
/// An application with a state of its own says where the verifier is by axum's [`FromRef`]. What has none does not compile:
///
/// ```compile_fail,E0277
/// # use axum::{Router, routing::get};
/// # use grantor_axum::AccessToken;
/// #[derive(Clone)]
/// struct NoVerifier;
///
/// let app: Router = Router::new().route("/", get(async |_: AccessToken| "")).with_state(NoVerifier);
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken(pub grantor::resource::AccessToken);

impl AccessToken {
    /// The token of a request: the one that this verifier has checked before, or checked now.
    pub(super) async fn of(verifier: &AccessTokenVerifier, parts: &mut Parts) -> Result<Self, Refused> {
        if let Some(known) = Self::known(verifier, parts) {
            return Ok(known);
        }
        let token = verifier.authorize(authorization(&parts.headers)).await?;
        Ok(Self(token).left_in(parts))
    }

    async fn of_some(verifier: &AccessTokenVerifier, parts: &mut Parts) -> Result<Option<Self>, Refused> {
        if let Some(known) = Self::known(verifier, parts) {
            return Ok(Some(known));
        }
        let token = verifier.authorize_optional(authorization(&parts.headers)).await?;
        Ok(token.map(|token| Self(token).left_in(parts)))
    }

    /// What another verifier has checked says nothing here: it was for another resource.
    fn known(verifier: &AccessTokenVerifier, parts: &Parts) -> Option<Self> {
        parts.extensions.get::<Self>().filter(|known| verifier.has_checked(&known.0)).cloned()
    }

    fn left_in(self, parts: &mut Parts) -> Self {
        parts.extensions.insert(self.clone());
        self
    }
}

fn authorization(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes)
}

impl<S> FromRequestParts<S> for AccessToken
where
    AccessTokenVerifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        Self::of(&AccessTokenVerifier::from_ref(state), parts).await
    }
}

impl<S> OptionalFromRequestParts<S> for AccessToken
where
    AccessTokenVerifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refused> {
        Self::of_some(&AccessTokenVerifier::from_ref(state), parts).await
    }
}

/// A checked token that has the scope of `R`. A scope that is none does not build.
///
/// ```
/// use grantor::resource::RequiredScope;
/// use grantor_axum::Scoped;
///
/// struct ReadInvoices;
///
/// impl RequiredScope for ReadInvoices {
///     const SCOPE: &'static str = "invoices:read";
/// }
///
/// async fn invoices(Scoped { token, .. }: Scoped<ReadInvoices>) -> String {
///     format!("invoices of {}", token.client_id())
/// }
/// # let _: axum::Router<grantor::resource::AccessTokenVerifier> = axum::Router::new().route("/", axum::routing::get(invoices));
/// ```
pub struct Scoped<R: RequiredScope> {
    /// The token.
    pub token: grantor::resource::AccessToken,
    scope: PhantomData<R>,
}

impl<R: RequiredScope> fmt::Debug for Scoped<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").field("token", &self.token).field("scope", &R::SCOPE).finish()
    }
}

impl<S, R> FromRequestParts<S> for Scoped<R>
where
    AccessTokenVerifier: FromRef<S>,
    S: Send + Sync,
    R: RequiredScope,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let AccessToken(token) = AccessToken::of(&AccessTokenVerifier::from_ref(state), parts).await?;
        token.require_scope::<R>()?;
        Ok(Self { token, scope: PhantomData })
    }
}

/// The claims of the checked token, in a struct of the application's own. A token without them is refused.
///
/// ```
/// use grantor_axum::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct Tenant {
///     tenant: String,
/// }
///
/// async fn tenant(Claims(Tenant { tenant }): Claims<Tenant>) -> String {
///     tenant
/// }
/// # let _: axum::Router<grantor::resource::AccessTokenVerifier> = axum::Router::new().route("/", axum::routing::get(tenant));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Claims<C>(pub C);

impl<S, C> FromRequestParts<S> for Claims<C>
where
    AccessTokenVerifier: FromRef<S>,
    S: Send + Sync,
    C: DeserializeOwned,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let AccessToken(token) = AccessToken::of(&AccessTokenVerifier::from_ref(state), parts).await?;
        Ok(Self(token.claims()?))
    }
}
