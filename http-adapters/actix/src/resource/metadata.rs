//! Where the metadata of a resource is served.

use actix_web::HttpRequest;
use actix_web::web::{Payload, ServiceConfig, resource};
use grantor::resource::AccessTokenVerifier;

use crate::answer::answer;

/// The metadata of the verifier's resource (RFC 9728), at the path that its challenges name. Give it to
/// [`App::configure`](actix_web::App::configure), outside of what asks for a token. Without
/// [`publish_metadata`](grantor::resource::AccessTokenVerifierBuilder::publish_metadata) it adds no route.
pub fn protected_resource(verifier: &AccessTokenVerifier) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let verifier = verifier.clone();
    move |app| {
        let Some(path) = verifier.metadata_path().map(str::to_owned) else { return };
        // Any method: core answers the wrong ones.
        app.service(resource(path).to(move |request: HttpRequest, body: Payload| {
            let asked = grantor::http::Request::builder(request.method().as_str(), request.path()).build();
            let response = verifier.metadata(&asked);
            async move { answer(response, body) }
        }));
    }
}
