//! A refusal as an answer of axum's.

use std::fmt;

use axum::response::{IntoResponse, Response};

use crate::endpoint::answer;

/// Why a request is refused: the rejection of the extractors. In a handler that returns it `?` takes what
/// [`require`](grantor::resource::AccessToken::require) and [`claims`](grantor::resource::AccessToken::claims) say.
#[derive(Clone, Debug)]
pub struct Refused(pub grantor::resource::Refused);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        answer(self.0.into_response())
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
