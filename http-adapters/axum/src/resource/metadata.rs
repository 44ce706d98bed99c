//! Where the metadata of a resource is served.

use axum::Router;
use axum::extract::Request;
use axum::routing::on;
use grantor::resource::AccessTokenVerifier;

use crate::endpoint::{EVERY_METHOD, answer};

/// The metadata of the verifier's resource (RFC 9728), at the path that its challenges name. Merge it at the top level, outside
/// of what asks for a token. Without
/// [`publish_metadata`](grantor::resource::AccessTokenVerifierBuilder::publish_metadata) it is a router without a route.
pub fn protected_resource<S: Clone + Send + Sync + 'static>(verifier: &AccessTokenVerifier) -> Router<S> {
    let Some(path) = verifier.metadata_path() else { return Router::new() };
    let verifier = verifier.clone();
    let metadata = async move |request: Request| {
        let request =
            grantor::http::Request::builder(request.method().as_str(), request.uri().path()).build();
        answer(verifier.metadata(&request))
    };
    Router::new().route(path, on(EVERY_METHOD, metadata.clone()).fallback(metadata))
}
