//! A refusal as an answer of actix-web's.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::answer::{answer, head};

/// Why a request is refused: what the extractors fail with. In a handler that returns it `?` takes what
/// [`require`](grantor::resource::AccessToken::require) and [`claims`](grantor::resource::AccessToken::claims) say.
#[derive(Clone, Debug)]
pub struct Refused(pub grantor::resource::Refused);

impl Refused {
    /// The answer to a request of which `unread` is what nobody has read.
    pub(super) fn answer(self, unread: actix_web::web::Payload) -> HttpResponse {
        answer(self.0.into_response(), unread)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let response = self.0.clone().into_response();
        head(&response).body(response.into_body().into_owned())
    }
}

impl From<grantor::resource::Refused> for Refused {
    fn from(refused: grantor::resource::Refused) -> Self {
        Self(refused)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

/// The application has no verifier where a handler takes a token. Nobody but its developers learns which data it lacks.
#[derive(Debug)]
pub(super) struct NoVerifier;

impl ResponseError for NoVerifier {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError().finish()
    }
}

impl fmt::Display for NoVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handler takes an access token and there is no verifier: add `.app_data(web::Data::new(verifier))`")
    }
}
