//! Registration and its management.

use super::Inner;
use crate::error::{Fault, Step};
use crate::event::RequestTrail;
use crate::http::{Request, Response};

impl Inner {
    /// RFC 7591 §3.
    pub(super) async fn register(&self, _request: &Request, _trail: &mut RequestTrail) -> Step<Response> {
        Err(Fault::internal("registration is not answered yet").into())
    }

    /// RFC 7592 §2.
    pub(super) async fn client_configuration(
        &self,
        _request: &Request,
        _trail: &mut RequestTrail,
    ) -> Step<Response> {
        Err(Fault::internal("registration is not answered yet").into())
    }
}
