//! Checked tokens as arguments of handlers.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use grantor::resource::{AccessTokenVerifier, RequiredScope};
use serde::de::DeserializeOwned;

use super::Refused;
use super::refused::NoVerifier;

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// The access token of a request, checked by the [`AccessTokenVerifier`] in the application's data. Without one there every
/// request is answered 500, and the log says what to add.
///
/// Never take it as `Option<AccessToken>`: actix-web makes `None` of a bad token too. [`OptionalAccessToken`] is for routes
/// that are served without a token.
///
/// actix-web runs the extractors of one handler side by side, and what one of them refuses leaves the body unread. So put a
/// [`RequireToken`](crate::RequireToken) before routes that take a body, and before handlers with several of these extractors:
/// then the token comes first, is checked once for the request, and a body is closed and not read on. A checked token is left
/// in the request's extensions, for middleware of the application's own.
///
/// ```
/// use actix_web::web::{Data, ServiceConfig, get};
/// use grantor::resource::AccessTokenVerifier;
/// use grantor_actix::{AccessToken, Refused};
///
/// async fn invoices(AccessToken(token): AccessToken) -> Result<String, Refused> {
///     token.require("invoices:read")?;
///     Ok(format!("invoices of {}", token.client_id()))
/// }
///
/// fn app(verifier: AccessTokenVerifier) -> impl FnOnce(&mut ServiceConfig) {
///     |app| {
///         app.app_data(Data::new(verifier)).route("/invoices", get().to(invoices));
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken(pub grantor::resource::AccessToken);

impl AccessToken {
    /// The token of a request: the one that this verifier has checked before, or checked now.
    pub(super) async fn of(verifier: &AccessTokenVerifier, request: &HttpRequest) -> Result<Self, Refused> {
        if let Some(known) = Self::known(verifier, request) {
            return Ok(known);
        }
        let token = verifier.authorize(authorization(request.headers())).await?;
        Ok(Self(token).left_in(request))
    }

    async fn of_some(verifier: &AccessTokenVerifier, request: &HttpRequest) -> Result<Option<Self>, Refused> {
        if let Some(known) = Self::known(verifier, request) {
            return Ok(Some(known));
        }
        let token = verifier.authorize_optional(authorization(request.headers())).await?;
        Ok(token.map(|token| Self(token).left_in(request)))
    }

    /// What another verifier has checked says nothing here: it was for another resource.
    fn known(verifier: &AccessTokenVerifier, request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().filter(|known| verifier.has_checked(&known.0)).cloned()
    }

    fn left_in(self, request: &HttpRequest) -> Self {
        request.extensions_mut().insert(self.clone());
        self
    }
}

fn authorization(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).map(HeaderValue::as_bytes)
}

fn verifier(request: &HttpRequest) -> Result<Data<AccessTokenVerifier>, Error> {
    request.app_data::<Data<AccessTokenVerifier>>().cloned().ok_or_else(|| {
        tracing::error!(route = request.match_pattern(), "{NoVerifier}");
        NoVerifier.into()
    })
}

impl FromRequest for AccessToken {
    type Error = Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self::of(&*verifier(&request)?, &request).await?) })
    }
}

/// The access token of a request, `None` where none came. A bad one is still refused.
#[derive(Clone, Debug)]
pub struct OptionalAccessToken(pub Option<grantor::resource::AccessToken>);

impl FromRequest for OptionalAccessToken {
    type Error = Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let token = AccessToken::of_some(&*verifier(&request)?, &request).await?;
            Ok(Self(token.map(|AccessToken(token)| token)))
        })
    }
}

/// A checked token that has the scope of `R`. A scope that is none does not build.
///
/// ```
/// use grantor::resource::RequiredScope;
/// use grantor_actix::Scoped;
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
/// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(invoices));
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

impl<R: RequiredScope> FromRequest for Scoped<R> {
    type Error = Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let AccessToken(token) = AccessToken::of(&*verifier(&request)?, &request).await?;
            token.require_scope::<R>().map_err(Refused)?;
            Ok(Self { token, scope: PhantomData })
        })
    }
}

/// The claims of the checked token, in a struct of the application's own. A token without them is refused.
///
/// ```
/// use grantor_actix::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct Tenant {
///     tenant: String,
/// }
///
/// async fn tenant(Claims(Tenant { tenant }): Claims<Tenant>) -> String {
///     tenant
/// }
/// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(tenant));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Claims<C>(pub C);

impl<C: DeserializeOwned + 'static> FromRequest for Claims<C> {
    type Error = Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let AccessToken(token) = AccessToken::of(&*verifier(&request)?, &request).await?;
            Ok(Self(token.claims().map_err(Refused)?))
        })
    }
}
