//! Middleware before a scope, a resource or a whole application.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::web::Payload;
use grantor::resource::AccessTokenVerifier;

use super::{AccessToken, Refused};

/// Middleware that refuses, before the handler, every request without a good token, and without the scope if one is asked
/// for.
///
/// It stands before every method, HEAD and OPTIONS included: a CORS middleware goes outside of it, since the preflight of a
/// browser brings no token. What [`protected_resource`](crate::protected_resource) serves is public and stays outside too.
///
/// ```
/// use actix_web::web::{ServiceConfig, get, scope};
/// use grantor::resource::AccessTokenVerifier;
/// use grantor_actix::{RequireToken, protected_resource};
///
/// fn app(verifier: AccessTokenVerifier) -> impl FnOnce(&mut ServiceConfig) {
///     move |app| {
///         let invoices = scope("/invoices")
///             .wrap(RequireToken::new(verifier.clone()).scope("invoices:read"))
///             .route("", get().to(async || "invoices"));
///         app.configure(protected_resource(&verifier)).service(invoices);
///     }
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

    async fn check(&self, request: &ServiceRequest) -> Result<(), Refused> {
        let AccessToken(token) = AccessToken::of(&self.verifier, request.request()).await?;
        match &self.scope {
            Some(scope) => Ok(token.require(scope)?),
            None => Ok(()),
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for RequireToken
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = Guarded<S>;
    type InitError = ();
    type Future = Ready<Result<Guarded<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(Guarded { inner: Rc::new(inner), guard: self.clone() }))
    }
}

/// A service behind [`RequireToken`].
#[derive(Debug)]
pub struct Guarded<S> {
    inner: Rc<S>,
    guard: RequireToken,
}

impl<S, B> Service<ServiceRequest> for Guarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (inner, guard) = (Rc::clone(&self.inner), self.guard.clone());
        Box::pin(async move {
            match guard.check(&request).await {
                Ok(()) => Ok(inner.call(request).await?.map_into_left_body()),
                Err(refused) => {
                    let unread = request.extract::<Payload>().await?;
                    Ok(request.into_response(refused.answer(unread)).map_into_right_body())
                }
            }
        })
    }
}
