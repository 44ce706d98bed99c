//! From core's response to actix-web's.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpResponse, HttpResponseBuilder};

/// The answer to a request of which `unread` is what nobody has read.
pub(crate) fn answer(response: grantor::http::Response, unread: Payload) -> HttpResponse {
    head(&response).body(Answer { body: Bytes::from(response.into_body().into_owned()), _unread: unread })
}

/// Status and headers of an answer.
pub(crate) fn head(response: &grantor::http::Response) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    for (name, value) in response.headers() {
        // actix-web writes this one by itself, and none of a response's.
        if name == "connection" && value == "close" {
            answer.force_close();
        } else {
            answer.append_header((name, value));
        }
    }
    answer
}

/// A body that is sent at once, and keeps the request's until then.
///
/// Where a chunked request's body is dropped before, actix-web reads on and throws away for as long as somebody sends:
/// without end (T93). Now it closes.
struct Answer {
    body: Bytes,
    _unread: Payload,
}

impl MessageBody for Answer {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
