//! Authorization server metadata (RFC 8414 §2): what is switched on, and nothing else.

use serde::Serialize;

use super::Endpoints;
use crate::resource::Resources;
use crate::types::Issuer;

/// `response_types_supported` is REQUIRED by §2 where there is an authorization endpoint to speak of; there is
/// none, and §3.2 forbids an empty list, so it is left out.
#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    grant_types_supported: [&'a str; 1],
    token_endpoint_auth_methods_supported: [&'a str; 2],
}

/// The document. Every URL in it comes from the issuer, never from the request (T64).
pub(crate) fn metadata(
    issuer: &Issuer,
    endpoints: &Endpoints,
    resources: &Resources,
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Metadata {
        issuer: issuer.as_str(),
        token_endpoint: endpoints.token_url(issuer),
        jwks_uri: endpoints.jwks_url(issuer),
        scopes_supported: resources.all_scopes(),
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    })
}
