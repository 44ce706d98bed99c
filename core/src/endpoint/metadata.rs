//! Authorization server metadata (RFC 8414 §2): what is switched on, and nothing else.

use serde::Serialize;

use super::Endpoints;
use crate::grant::Grant;
use crate::jose::AssertionAlgorithm;
use crate::resource::declared::Resources;
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
    grant_types_supported: [&'a str; 2],
    token_endpoint_auth_methods_supported: [&'a str; 4],
    token_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'a str; 4],
    introspection_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    /// RFC 9701 §7.
    introspection_signing_alg_values_supported: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'a str; 4],
    revocation_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    openid: Option<OpenIdMembers<'a>>,
}

/// Every endpoint that authenticates clients takes all of them.
const AUTH_METHODS: [&str; 4] =
    ["private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post"];

/// What clients that know only OpenID Connect discovery insist on (`openid_discovery`). The authorization endpoint is
/// there to answer with an error.
#[derive(Serialize)]
struct OpenIdMembers<'a> {
    authorization_endpoint: String,
    response_types_supported: [&'a str; 1],
    subject_types_supported: [&'a str; 1],
    id_token_signing_alg_values_supported: Vec<&'a str>,
}

/// The document. Every URL in it comes from the issuer, never from the request (T64).
pub(crate) fn metadata(
    issuer: &Issuer,
    endpoints: &Endpoints,
    resources: &Resources,
    registration: bool,
    openid_discovery: bool,
) -> Result<Vec<u8>, serde_json::Error> {
    let algorithms: Vec<_> = AssertionAlgorithm::all().map(AssertionAlgorithm::as_str).collect();
    serde_json::to_vec(&Metadata {
        issuer: issuer.as_str(),
        token_endpoint: endpoints.token_url(issuer),
        jwks_uri: endpoints.jwks_url(issuer),
        scopes_supported: resources.all_scopes(),
        grant_types_supported: Grant::ALL.map(Grant::as_str),
        token_endpoint_auth_methods_supported: AUTH_METHODS,
        token_endpoint_auth_signing_alg_values_supported: &algorithms,
        introspection_endpoint: endpoints.introspection_url(issuer),
        introspection_endpoint_auth_methods_supported: AUTH_METHODS,
        introspection_endpoint_auth_signing_alg_values_supported: &algorithms,
        introspection_signing_alg_values_supported: resources.all_algorithms(),
        registration_endpoint: registration.then(|| endpoints.registration_url(issuer)),
        revocation_endpoint: endpoints.revocation_url(issuer),
        revocation_endpoint_auth_methods_supported: AUTH_METHODS,
        revocation_endpoint_auth_signing_alg_values_supported: &algorithms,
        openid: openid_discovery.then(|| OpenIdMembers {
            authorization_endpoint: endpoints.authorization_url(issuer),
            response_types_supported: ["none"],
            subject_types_supported: ["public"],
            // Some verifiers take this list for access tokens too, so it says what they are signed with.
            id_token_signing_alg_values_supported: resources.all_algorithms(),
        }),
    })
}
