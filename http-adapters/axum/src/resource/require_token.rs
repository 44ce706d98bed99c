//! A layer before a whole router.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use grantor::resource::AccessTokenVerifier;
use tower_layer::Layer;
use tower_service::Service;

use super::{AccessToken, Refused};

/// A layer that refuses, before the handler, every request without a good token, and without the scope if one is asked for.
///
/// It stands before every method, HEAD and OPTIONS included: a CORS layer goes outside of it, since the preflight of a
/// browser brings no token. It stands before those routes that the router had when it was added; what
/// [`protected_resource`](crate::protected_resource) serves is public and is merged after.
///
/// ```
/// use axum::{Router, routing::get};
/// use grantor::resource::AccessTokenVerifier;
/// use grantor_axum::{RequireToken, protected_resource};
///
/// fn app(verifier: AccessTokenVerifier) -> Router {
///     Router::new()
///         .route("/invoices", get(async || "invoices"))
///         .layer(RequireToken::new(verifier.clone()).scope("invoices:read"))
///         .merge(protected_resource(&verifier))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequireToken {
    verifier: AccessTokenVerifier,
    scope: Option<Arc<str>>,
}

impl RequireToken {
    /// Any good token will do.
    pub const fn new(verifier: AccessTokenVerifier) -> Self {
        Self { verifier, scope: None }
    }

    /// A good token with this scope, or with all of several with a space between.
    pub fn scope(mut self, scope: impl Into<Arc<str>>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The request with its checked token.
    async fn admit(&self, request: Request) -> Result<Request, Refused> {
        let (mut parts, body) = request.into_parts();
        let AccessToken(token) = AccessToken::of(&self.verifier, &mut parts).await?;
        if let Some(scope) = &self.scope {
            token.require(scope)?;
        }
        Ok(Request::from_parts(parts, body))
    }
}

impl<S> Layer<S> for RequireToken {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, guard: self.clone() }
    }
}

/// A service behind [`RequireToken`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    guard: RequireToken,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response: IntoResponse, Future: Send> + Clone + Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that was found ready goes, and a clone that is asked again stays.
        let waiting = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, waiting);
        let guard = self.guard.clone();
        Box::pin(async move {
            match guard.admit(request).await {
                Ok(request) => ready.call(request).await.map(IntoResponse::into_response),
                Err(refused) => Ok(refused.into_response()),
            }
        })
    }
}
